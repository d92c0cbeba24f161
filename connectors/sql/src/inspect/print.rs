//! Types in, the text of an SDL out, in Italian, as a person would begin it.

use std::fmt::Write as _;

use raccordo_connector_api::inspect::names::{self, Names};
use raccordo_connector_api::inspect::personal::Judgement;

use super::types::Leaf;
use super::{Field, Type};

/// The file's text.
pub(super) fn print(types: &[Type<'_>], origin: &str) -> String {
    let mut sdl = String::new();
    head(&mut sdl, types, origin);
    query(&mut sdl, types);
    for (at, of) in types.iter().enumerate().filter(|(_, of)| !of.fields.is_empty()) {
        object(&mut sdl, types, at, of);
    }
    if types.iter().any(is_paged) {
        sdl.push_str("type PageInfo @shareable {\n  hasNextPage: Boolean!\n  hasPreviousPage: Boolean!\n  startCursor: String\n  endCursor: String\n}\n");
    }
    sdl
}

fn is_paged(of: &Type<'_>) -> bool {
    !of.key.is_empty() && !of.fields.is_empty()
}

fn head(sdl: &mut String, types: &[Type<'_>], origin: &str) {
    let marked =
        types.iter().flat_map(|of| of.fields.iter().map(move |field| category(of, field))).flatten().count();
    let _ = write!(
        sdl,
        "# Una prima bozza, ricavata da {origin}. Da leggere e decidere prima di pubblicarla.\n\
         #\n\
         # - Ogni `@personal` è una proposta, riconosciuta dal nome della colonna o perché la tabella parla di persone: {marked} da confermare.\n\
         #   Chi decide sceglie PERSONAL (GDPR 6), SPECIAL (9) o JUDICIAL (10), o toglie il campo. Ciò che non è segnato è pubblico.\n\
         # - Si tolgano tipi e campi che a nessuno servono: ciò che non è qui non esce.\n\
         extend schema\n\
         \x20 @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@shareable\"])\n\
         \x20 @link(url: \"https://raccordo.example/connect/v0.1\", import: [\"@connect\", \"@from\", \"@personal\", \"@subject\"])\n\n"
    );
    for (leaf, about) in [
        (Leaf::TaxCode, "Codice fiscale in forma canonica: sedici caratteri maiuscoli."),
        (Leaf::Date, "Data del calendario, AAAA-MM-GG."),
        (Leaf::DateTime, "Istante in UTC, RFC 3339."),
        (Leaf::Long, "Numero intero di più di 32 bit."),
        (Leaf::Json, "Un valore JSON."),
    ] {
        if types.iter().any(|of| of.fields.iter().any(|field| field.leaf == leaf)) {
            let _ = write!(sdl, "\"{about}\"\nscalar {}\n\n", leaf.name());
        }
    }
}

fn query(sdl: &mut String, types: &[Type<'_>]) {
    sdl.push_str("type Query {\n");
    for of in types.iter().filter(|of| !of.fields.is_empty()) {
        let table = table(of, "");
        match is_paged(of) {
            true => {
                let _ = write!(
                    sdl,
                    "  {}(first: Int = 50, after: String): {}Connection!\n    @connect(sql: {{ {table} }}, page: {{ first: \"first\", after: \"after\" }})\n",
                    of.root, of.name
                );
            }
            // Without a key a list has no next page.
            false => {
                let _ = write!(
                    sdl,
                    "  {}(first: Int = 50): [{}!]!\n    @connect(sql: {{ {table} }}, page: {{ first: \"first\" }})\n",
                    of.root, of.name
                );
            }
        }
    }
    sdl.push_str("}\n\n");
}

fn table(of: &Type<'_>, more: &str) -> String {
    let namespace =
        of.table.namespace.as_ref().map(|namespace| format!("namespace: {}, ", quoted(namespace)));
    format!("{}table: {}{more}", namespace.unwrap_or_default(), quoted(&of.table.name))
}

fn object(sdl: &mut String, types: &[Type<'_>], at: usize, of: &Type<'_>) {
    describe(sdl, "", of.table.comment.as_deref());
    if of.key.is_empty() {
        sdl.push_str("# Nessuna chiave trovata: con `@key` e `@connect` i suoi record si trovano anche da altre fonti.\n");
    }
    if !of.is_personal && !of.fields.iter().any(|field| field.judgement != Judgement::Nothing) {
        sdl.push_str("# Niente di personale riconosciuto: tutto pubblico.\n");
    }
    let _ = write!(sdl, "type {}", of.name);
    let keys: Vec<&Field<'_>> = of
        .key
        .iter()
        .filter_map(|column| of.fields.iter().find(|field| field.column.name == *column))
        .collect();
    if !keys.is_empty() {
        let names: Vec<&str> = keys.iter().map(|field| field.name.as_str()).collect();
        let subject = of.fields.iter().find(|field| field.leaf == Leaf::TaxCode);
        let subject = subject.map(|field| format!(" @subject(key: \"{}\")", field.name)).unwrap_or_default();
        let columns: Vec<String> = of.key.iter().map(|column| quoted(column)).collect();
        let table = table(of, &format!(", key: [{}]", columns.join(", ")));
        let _ =
            write!(sdl, " @key(fields: \"{}\"){subject}\n  @connect(sql: {{ {table} }})", names.join(" "));
    }
    sdl.push_str(" {\n");
    let mut taken = Names::fields();
    of.fields.iter().for_each(|one| drop(taken.take(&one.name)));
    for one in &of.fields {
        field(sdl, of, one);
        reference(sdl, types, of, one, &mut taken);
    }
    children(sdl, types, at, of, &mut taken);
    for column in &of.left_out {
        let _ = writeln!(sdl, "  # Non letta: {} ({})", one_line(&column.name), one_line(&column.kind));
    }
    sdl.push_str("}\n\n");
    if is_paged(of) {
        let name = &of.name;
        let _ = write!(
            sdl,
            "type {name}Connection {{\n  nodes: [{name}!]!\n  edges: [{name}Edge!]!\n  pageInfo: PageInfo!\n}}\n\ntype {name}Edge {{\n  node: {name}!\n  cursor: String!\n}}\n\n"
        );
    }
}

fn category(of: &Type<'_>, field: &Field<'_>) -> Option<&'static str> {
    field.judgement.category().or(of.is_personal.then_some("PERSONAL"))
}

fn marked(of: &Type<'_>, field: &Field<'_>) -> String {
    category(of, field).map(|category| format!(" @personal(category: {category})")).unwrap_or_default()
}

fn field(sdl: &mut String, of: &Type<'_>, field: &Field<'_>) {
    describe(sdl, "  ", field.column.comment.as_deref());
    let is_key = of.key.contains(&field.column.name.as_str());
    let from = match field.column.name == field.name {
        true => String::new(),
        false => format!(" @from(column: {})", quoted(&field.column.name)),
    };
    let bang = if is_key { "!" } else { "" };
    let _ = writeln!(sdl, "  {}: {}{bang}{from}{}", field.name, field.leaf.name(), marked(of, field));
}

/// The record that a column refers to, beside the column.
fn reference(sdl: &mut String, types: &[Type<'_>], of: &Type<'_>, field: &Field<'_>, taken: &mut Names) {
    let Some(other) = field.refers.and_then(|at| types.get(at)) else { return };
    let lower = field
        .name
        .trim_start_matches("id")
        .trim_start_matches("cod")
        .trim_end_matches("Id")
        .trim_end_matches("Cod");
    let wanted = match lower.is_empty() || lower == field.name {
        true => names::field_name(&other.name),
        false => names::field_name(lower),
    };
    let name = taken.take(&wanted);
    let _ = writeln!(
        sdl,
        "  {name}: {} @from(column: {}){}",
        other.name,
        quoted(&field.column.name),
        marked(of, field)
    );
}

/// The records that refer to this one.
fn children(sdl: &mut String, types: &[Type<'_>], at: usize, of: &Type<'_>, taken: &mut Names) {
    if of.key.len() != 1 {
        return;
    }
    for child in types {
        for field in child.fields.iter().filter(|field| field.refers == Some(at)) {
            let several = child.fields.iter().filter(|other| other.refers == Some(at)).count() > 1;
            let wanted = match several || !taken.is_free(&child.root) {
                true => format!("{}Di{}", child.root, names::type_name(&field.name)),
                false => child.root.clone(),
            };
            let name = taken.take(&wanted);
            let table = table(child, &format!(", key: [{}]", quoted(&field.column.name)));
            let personal = if child.is_personal { " @personal(category: PERSONAL)" } else { "" };
            let _ = write!(
                sdl,
                "  {name}(first: Int = 50): [{}!]!\n    @connect(sql: {{ {table} }}, page: {{ first: \"first\" }}){personal}\n",
                child.name
            );
        }
    }
}

/// A comment as a description.
fn describe(sdl: &mut String, indent: &str, comment: Option<&str>) {
    let Some(comment) = comment.map(str::trim).filter(|comment| !comment.is_empty()) else { return };
    let _ = writeln!(sdl, "{indent}{}", quoted(&one_line(comment)));
}

fn one_line(text: &str) -> String {
    text.split(char::is_whitespace)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(500)
        .collect()
}

/// GraphQL specification, "String Value": JSON's escapes are its own.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
