//! A mapping and the kind its source has in the configuration in; what doesn't fit that kind out.

use std::collections::BTreeSet;

use crate::Diagnostic;
use crate::mapping::{Connect, FieldMapping, From, Meta, NamedKind, SourceMapping, TypeMapping};

/// Checks that a source's mapping is one that its kind can serve: each `@connect` and `@from` of the right kind,
/// every root, entity and list with a place where its records are. `kind` is as the configuration writes it.
pub fn check_kind(mapping: &SourceMapping, kind: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    match kind {
        "graphql" => check_graphql(mapping, &mut found),
        _ => check_connected(mapping, kind, &mut found),
    }
    found.sort_by(|a, b| a.at.cmp(&b.at));
    found
}

fn all_fields(mapping: &SourceMapping) -> impl Iterator<Item = (&str, &FieldMapping)> {
    let queries = mapping.queries.values().map(|field| ("Query", field));
    let of_types =
        mapping.types.values().flat_map(|ty| ty.fields.values().map(move |field| (&*ty.name, field)));
    queries.chain(of_types)
}

/// A subgraph resolves its own fields.
fn check_graphql(mapping: &SourceMapping, found: &mut Vec<Diagnostic>) {
    let on_types = mapping
        .types
        .values()
        .filter_map(|ty| Some((ty.name.to_string(), ty.connect.as_ref()?.at.clone(), "connect")));
    let on_fields = all_fields(mapping).flat_map(|(parent, field)| {
        let on = format!("{parent}.{}", field.name);
        let connect = field.connect.as_ref().map(|connect| (on.clone(), connect.at.clone(), "connect"));
        let from = (field.from != From::Name).then(|| (on, field.at.clone(), "from"));
        connect.into_iter().chain(from)
    });
    for (on, at, directive) in on_types.chain(on_fields) {
        found.push(
            Diagnostic::error(
                "WRONG_KIND",
                at,
                format!("`@{directive}` stands on `{on}`, and the source's kind is `graphql`"),
            )
            .help("a subgraph resolves its own fields: remove the directive, or change the source's `kind`"),
        );
    }
    for definition in mapping
        .enums
        .values()
        .filter(|e| e.otherwise.is_some() || e.codes.iter().any(|(code, value)| code != value))
    {
        found.push(
            Diagnostic::error(
                "WRONG_KIND",
                crate::Location::file(mapping.file.clone()),
                format!(
                    "`@code` stands on values of `{}`, and the source's kind is `graphql`",
                    definition.name
                ),
            )
            .help("a subgraph answers with the enum's own names: remove `@code`"),
        );
    }
}

fn check_connected(mapping: &SourceMapping, kind: &str, found: &mut Vec<Diagnostic>) {
    for ty in mapping.types.values() {
        check_count(ty, kind, found);
        check_target(&ty.name, ty.connect.as_ref(), kind, found);
        check_entity(ty, found);
    }
    let serves = |field: &FieldMapping| field.from == From::Meta(Meta::Serves);
    for (parent, field) in all_fields(mapping).filter(|(_, field)| mapping.member.is_none() && serves(field))
    {
        let message = format!(
            "`@from(meta: SERVES)` stands on `{parent}.{}`, and the source has no members",
            field.name
        );
        found.push(
            Diagnostic::error("META_SERVES", field.at.clone(), message)
                .help("map the field to where the record says it, or give the source `members:`"),
        );
    }
    for (parent, field) in all_fields(mapping) {
        check_target(&format!("{parent}.{}", field.name), field.connect.as_ref(), kind, found);
        check_from(parent, field, kind, found);
    }
    for field in mapping.queries.values().filter(|field| field.connect.is_none()) {
        let message = format!("`Query.{}` has no `@connect`", field.name);
        found.push(
            Diagnostic::error("CONNECT_MISSING", field.at.clone(), message)
                .help(format!("say where its records are: `@connect({kind}: {{ … }})`")),
        );
    }
    for field in mapping.mutations.values() {
        let message = format!("`Mutation.{}` is in a source of kind `{kind}`", field.name);
        found.push(
            Diagnostic::error("LATER_VERSION", field.at.clone(), message)
                .help("in this version such a source is read only; writes come with a later version"),
        );
    }
    check_reached(mapping, kind, found);
}

/// How many records there are in all, only a kind that can count them says.
fn check_count(ty: &TypeMapping, kind: &str, found: &mut Vec<Diagnostic>) {
    let Some(field) = ty.connection.as_ref().and_then(|_| ty.fields.get("totalCount")) else { return };
    if !matches!(kind, "sheet" | "sql") {
        let message = format!("`{}.totalCount` is not a field that paging writes in kind `{kind}`", ty.name);
        found.push(
            Diagnostic::error("CONNECTION_FIELD", field.at.clone(), message)
                .help("remove it: in this version kinds `sheet` and `sql` count records, and no other"),
        );
    } else if &*field.shape.named != "Int" || field.shape.list {
        let message =
            format!("`{}.totalCount` is a `{}`, and a count is an `Int`", ty.name, field.shape.named);
        found.push(
            Diagnostic::error("CONNECTION_FIELD", field.at.clone(), message).help("let it be an `Int`"),
        );
    }
}

fn check_target(on: &str, connect: Option<&Connect>, kind: &str, found: &mut Vec<Diagnostic>) {
    let Some(connect) = connect.filter(|connect| connect.target.kind() != kind) else { return };
    let message =
        format!("`@connect({}:)` stands on `{on}`, and the source's kind is `{kind}`", connect.target.kind());
    found.push(
        Diagnostic::error("WRONG_KIND", connect.at.clone(), message)
            .help(format!("write `{kind}:`, or change the source's `kind` in the configuration")),
    );
}

fn check_from(parent: &str, field: &FieldMapping, kind: &str, found: &mut Vec<Diagnostic>) {
    let (given, right) = match (&field.from, kind) {
        (From::Column(_), "sql") | (From::Jq { .. }, "fhir" | "http") | (From::Header { .. }, "sheet") => {
            return;
        }
        (From::Name | From::Meta(_), _) => return,
        (From::Column(_), _) => ("column", if kind == "sheet" { "header" } else { "jq" }),
        (From::Header { .. }, _) => ("header", if kind == "sql" { "column" } else { "jq" }),
        (From::Jq { .. }, _) => ("jq", if kind == "sheet" { "header" } else { "column" }),
    };
    let message =
        format!("`@from({given}:)` stands on `{parent}.{}`, and the source's kind is `{kind}`", field.name);
    found.push(Diagnostic::error("WRONG_KIND", field.at.clone(), message).help(format!("write `{right}:`")));
}

/// An entity whose own fields can be asked by key needs a place where its records are found by it.
fn check_entity(ty: &TypeMapping, found: &mut Vec<Diagnostic>) {
    if ty.connect.is_some() || ty.keys.is_empty() {
        return;
    }
    let in_key = |field: &FieldMapping| {
        ty.keys.iter().flatten().any(|path| path.split('.').next() == Some(&*field.name))
    };
    let plain =
        ty.fields.values().filter(|field| !field.external && field.connect.is_none() && !in_key(field));
    let names: Vec<String> = plain.map(|field| format!("`{}`", field.name)).collect();
    if !names.is_empty() {
        let message = format!(
            "`{}` has no `@connect`, so that {} can't be found by its `@key`",
            ty.name,
            names.join(", ")
        );
        found.push(
            Diagnostic::error("CONNECT_MISSING", ty.at.clone(), message)
                .help("say where its records are found by key, or mark the key `resolvable: false`, or leave those fields to the source that has them"),
        );
    }
}

/// Types that no record can bring, lists that no row can hold, and values whose concrete type nobody knows.
fn check_reached(mapping: &SourceMapping, kind: &str, found: &mut Vec<Diagnostic>) {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<&str> = mapping.queries.values().map(|field| &*field.shape.named).collect();
    waiting.extend(mapping.types.values().filter(|ty| !ty.keys.is_empty()).map(|ty| &*ty.name));
    while let Some(name) = waiting.pop() {
        let Some(ty) = mapping.types.get(name).filter(|_| reached.insert(name)) else { continue };
        for field in ty.fields.values().filter(|field| !field.external) {
            waiting.push(&field.shape.named);
            if ty.connection.is_none() && field.connect.is_none() {
                check_value(ty, field, mapping, kind, found);
            }
        }
    }
    for ty in mapping.types.values().filter(|ty| !reached.contains(&*ty.name)) {
        let message = format!("no root field and no entity of this source leads to `{}`", ty.name);
        found.push(
            Diagnostic::warning("UNREACHED_TYPE", ty.at.clone(), message)
                .help("remove it, or return it from a field"),
        );
    }
}

fn check_value(
    ty: &TypeMapping,
    field: &FieldMapping,
    mapping: &SourceMapping,
    kind: &str,
    found: &mut Vec<Diagnostic>,
) {
    let on = format!("{}.{}", ty.name, field.name);
    match field.shape.kind {
        NamedKind::Abstract => found.push(
            Diagnostic::error("CONNECT_ABSTRACT", field.at.clone(), format!("`{on}` is the interface or union `{}`", field.shape.named))
                .help("in this version a connected source brings object types; interfaces and unions come with a later version"),
        ),
        NamedKind::Object if mapping.types.get(&field.shape.named).is_some_and(|of| of.connection.is_some()) => found.push(
            Diagnostic::error("CONNECT_MISSING", field.at.clone(), format!("`{on}` returns a connection and has no `@connect`"))
                .help(format!("say where its records are: `@connect({kind}: {{ … }}, page: {{ … }})`")),
        ),
        NamedKind::Object if matches!(kind, "sql" | "sheet") && field.shape.list => found.push(
            Diagnostic::error("CONNECT_MISSING", field.at.clone(), format!("`{on}` is a list of records, which a row can't hold"))
                .help(match kind {
                    "sql" => "say in which table they are: `@connect(sql: { table: …, key: […] })`",
                    _ => "say in which sheet they are: `@connect(sheet: { file: …, key: […] })`",
                }),
        ),
        _ => {}
    }
}
