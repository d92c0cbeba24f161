//! Tables that were found in, the text of an SDL out, in Italian, as a person would begin it.

use std::fmt::Write as _;

use super::{Column, Found};

/// The file's text.
pub(super) fn print(tables: &[Found], file: &str, is_web: bool) -> String {
    let mut sdl = String::new();
    head(&mut sdl, tables, file, is_web);
    let target = |table: &Found, more: &str| {
        let mut parts = Vec::new();
        if !is_web {
            parts.push(format!("file: {}", quoted(file)));
        }
        parts.extend(table.sheet.as_ref().map(|sheet| format!("sheet: {}", quoted(sheet))));
        parts.extend((!more.is_empty()).then(|| more.to_owned()));
        if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
    };
    sdl.push_str("type Query {\n");
    for table in tables {
        let _ = match table.key {
            Some(_) => write!(
                sdl,
                "  {}(first: Int = 50, after: String): {}Connection!\n    @connect(sheet: {}, page: {{ first: \"first\", after: \"after\" }})\n",
                table.root,
                table.name,
                target(table, "")
            ),
            None => write!(
                sdl,
                "  {}(first: Int = 50): [{}!]!\n    @connect(sheet: {}, page: {{ first: \"first\" }})\n",
                table.root,
                table.name,
                target(table, "")
            ),
        };
    }
    sdl.push_str("}\n\n");
    for table in tables {
        object(&mut sdl, table, &target(table, ""));
    }
    if tables.iter().any(|table| table.key.is_some()) {
        sdl.push_str("type PageInfo @shareable {\n  hasNextPage: Boolean!\n  hasPreviousPage: Boolean!\n  startCursor: String\n  endCursor: String\n}\n");
    }
    sdl
}

fn head(sdl: &mut String, tables: &[Found], file: &str, is_web: bool) {
    let marked = tables
        .iter()
        .flat_map(|table| table.columns.iter().filter_map(|column| category(table, column)))
        .count();
    let url = if is_web { "l'indirizzo del file" } else { "la cartella del file: `file:cartella/`" };
    let _ = write!(
        sdl,
        "# Una prima bozza, ricavata dal foglio {}. Da leggere e decidere prima di pubblicarla.\n\
         # Nella configurazione: `kind: sheet`, e come `url` {url}.\n\
         #\n\
         # - Ogni `@personal` è una proposta, riconosciuta dall'intestazione o perché il foglio parla di persone: {marked} da confermare.\n\
         #   Chi decide sceglie PERSONAL (GDPR 6), SPECIAL (9) o JUDICIAL (10), o toglie il campo. Ciò che non è segnato è pubblico.\n\
         # - Si tolgano i campi che a nessuno servono: le colonne che non sono qui non vengono lette.\n\
         extend schema\n\
         \x20 @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@shareable\"])\n\
         \x20 @link(url: \"https://raccordo.example/connect/v0.1\", import: [\"@connect\", \"@from\", \"@personal\", \"@subject\"])\n\n",
        one_line(file)
    );
    for (leaf, about) in [
        ("CodiceFiscale", "Codice fiscale in forma canonica: sedici caratteri maiuscoli."),
        ("Date", "Data del calendario, AAAA-MM-GG."),
        ("DateTime", "Istante in UTC, RFC 3339."),
    ] {
        if tables.iter().any(|table| table.columns.iter().any(|column| column.leaf == leaf)) {
            let _ = write!(sdl, "\"{about}\"\nscalar {leaf}\n\n");
        }
    }
}

fn object(sdl: &mut String, table: &Found, target: &str) {
    let key = table.key.and_then(|at| table.columns.get(at));
    match key {
        None => sdl.push_str("# Nessuna chiave trovata: con `@key` e `@connect` le sue righe si trovano anche da altre fonti.\n"),
        Some(_) => sdl.push_str("# La chiave è la prima colonna in cui tutto è diverso: è davvero sua?\n"),
    }
    let _ = write!(sdl, "type {}", table.name);
    if let Some(key) = key {
        let subject = table.columns.iter().find(|column| column.leaf == "CodiceFiscale");
        let subject =
            subject.map(|column| format!(" @subject(key: \"{}\")", column.name)).unwrap_or_default();
        let _ = write!(sdl, " @key(fields: \"{}\"){subject}\n  @connect(sheet: {target})", key.name);
    }
    sdl.push_str(" {\n");
    for (at, column) in table.columns.iter().enumerate() {
        let is_key = table.key == Some(at);
        let leaf = if is_key && column.leaf != "CodiceFiscale" { "ID" } else { column.leaf };
        let bang = if is_key { "!" } else { "" };
        let marked = category(table, column).map(|category| format!(" @personal(category: {category})"));
        let _ = writeln!(
            sdl,
            "  {}: {leaf}{bang} @from(header: {}){}",
            column.name,
            quoted(&column.header),
            marked.unwrap_or_default()
        );
    }
    sdl.push_str("}\n\n");
    if key.is_some() {
        let name = &table.name;
        let _ = write!(
            sdl,
            "type {name}Connection {{\n  nodes: [{name}!]!\n  edges: [{name}Edge!]!\n  pageInfo: PageInfo!\n  totalCount: Int\n}}\n\ntype {name}Edge {{\n  node: {name}!\n  cursor: String!\n}}\n\n"
        );
    }
}

/// In a sheet about persons every column is about them.
fn category(table: &Found, column: &Column) -> Option<&'static str> {
    let is_personal = table
        .columns
        .iter()
        .any(|column| column.judgement.is_of_a_person() || column.leaf == "CodiceFiscale");
    column.judgement.category().or(is_personal.then_some("PERSONAL"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// GraphQL specification, "String Value": JSON's escapes are its own.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
