//! `sql:`, `fhir:`, `http:`, `sheet:` of one `@connect` in; its [`Target`] out, with what each kind asks of the place it stands in.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::connect::{Ground, Site};
use super::http::{named_values, read_http};
use super::page::positive;
use super::values::{argument, member, text, texts};
use crate::Diagnostic;
use crate::mapping::{FhirTarget, Name, SheetTarget, SqlTarget, Target};

/// A target, and the arguments that it uses by itself; an empty name stands for all of them.
pub(crate) struct Use {
    pub(crate) target: Target,
    pub(crate) used: Vec<String>,
}

/// Reads the one target of a `@connect`.
pub(crate) fn read_target(
    ground: &Ground<'_>,
    directive: &Node<Directive>,
    found: &mut Vec<Diagnostic>,
) -> Option<Use> {
    let given: Vec<(&str, &Node<Value>)> = ["sql", "fhir", "http", "sheet"]
        .into_iter()
        .filter_map(|kind| Some((kind, argument(directive, kind)?)))
        .collect();
    check_key(ground, directive, found);
    let plain = |target| Some(Use { target, used: Vec::new() });
    match given.as_slice() {
        [("sql", value)] => {
            let target = read_sql(ground, value, found);
            let used = target.query.as_deref().map(query_arguments).unwrap_or_default();
            Some(Use { target: Target::Sql(target), used })
        }
        [("fhir", value)] => plain(Target::Fhir(read_fhir(ground, value, found)?)),
        [("http", value)] => read_http(ground, value, found),
        [(_, value)] => plain(Target::Sheet(read_sheet(ground, value, found))),
        several => {
            let kinds =
                several.iter().map(|(kind, _)| format!("`{kind}:`")).collect::<Vec<_>>().join(" and ");
            let message = match several.is_empty() {
                true => format!("`@{}` on `{}` doesn't say where its records are", directive.name, ground.on),
                false => format!("`@{}` on `{}` has {kinds}", directive.name, ground.on),
            };
            let at = ground.document.places.at(directive);
            ground.wrong(
                found,
                "CONNECT_TARGET",
                at,
                message,
                "give exactly one of `sql:`, `fhir:`, `http:`, `sheet:`, the one of the source's kind",
            );
            None
        }
    }
}

/// Entities need a key; a relation's parent needs exactly one.
fn check_key(ground: &Ground<'_>, directive: &Node<Directive>, found: &mut Vec<Diagnostic>) {
    let at = ground.document.places.at(directive);
    let (name, on) = (&directive.name, &ground.on);
    match (ground.site, ground.keys.len()) {
        (Site::Entity, 0) => ground.wrong(
            found,
            "CONNECT_WITHOUT_KEY",
            at,
            format!("`@{name}` stands on the type `{on}`, which has no resolvable `@key`"),
            "add `@key(fields: …)`: a type's records are found by it",
        ),
        (Site::Relation, 0) => ground.wrong(
            found,
            "RELATION_WITHOUT_KEY",
            at,
            format!("`@{name}` stands on `{on}`, whose type has no resolvable `@key`"),
            "add `@key(fields: …)` to the type: the records of a relation are found by the parent's key",
        ),
        (Site::Relation, count) if count > 1 => ground.wrong(
            found,
            "RELATION_KEYS",
            at,
            format!("`@{name}` stands on `{on}`, whose type has {count} keys, so that which one finds its records isn't clear"),
            "keep one resolvable `@key` on a type with relations; several come with a later version",
        ),
        _ => {}
    }
}

fn read_sql(ground: &Ground<'_>, value: &Node<Value>, found: &mut Vec<Diagnostic>) -> SqlTarget {
    let at = ground.document.places.at(value);
    let target = SqlTarget {
        table: text(value, "table"),
        namespace: text(value, "namespace"),
        query: text(value, "query"),
        key: texts(value, "key"),
        parent: texts(value, "parent"),
    };
    match (member(value, "query"), &target.table, &target.namespace) {
        (None, None, _) => {
            let message = format!("`sql:` on `{}` names no table", ground.on);
            let help = "add `table:` with the name of a table or view, or `query:` with a `SELECT`";
            ground.wrong(found, "MISSING_ARGUMENT", at, message, help);
        }
        (Some(query), Some(_), _) | (Some(query), None, Some(_)) => {
            let at = ground.document.places.at(query);
            let message = format!("`sql:` on `{}` has `query:` beside `table:` or `namespace:`", ground.on);
            ground.wrong(found, "MISPLACED_ARGUMENT", at, message, "keep one: a table, or a query");
        }
        _ => {}
    }
    match target.parent.is_empty() {
        true => check_columns(ground, value, ("sql", "column"), &target.key, found),
        false => check_parent(ground, value, &target, found),
    }
    target
}

/// The arguments that a query binds: `{$args.x}`.
fn query_arguments(query: &str) -> Vec<String> {
    let after = query.split("{$args.").skip(1);
    after.filter_map(|after| Some(after.split_once('}')?.0.trim().to_owned())).collect()
}

/// `parent:` beside `key:`, one column for each.
fn check_parent(ground: &Ground<'_>, value: &Node<Value>, target: &SqlTarget, found: &mut Vec<Diagnostic>) {
    let at = ground.document.places.at(member(value, "parent").unwrap_or(value));
    if ground.site != Site::Relation {
        let message = format!(
            "`sql: {{ parent: }}` has no meaning on `{}`: there is no record it could be of",
            ground.on
        );
        ground.wrong(found, "MISPLACED_ARGUMENT", at, message, "remove `parent:`");
    } else if target.parent.len() != target.key.len() {
        let (parent, key) = (target.parent.len(), target.key.len());
        let message = format!(
            "`sql: {{ parent: }}` on `{}` has {parent} column{}, and `key:` has {key}",
            ground.on,
            plural(parent)
        );
        ground.wrong(
            found,
            "KEY_COLUMNS",
            at,
            message,
            "give one column of the record for each column of `key:`, in its order",
        );
    }
}

fn read_sheet(ground: &Ground<'_>, value: &Node<Value>, found: &mut Vec<Diagnostic>) -> SheetTarget {
    let target = SheetTarget {
        file: text(value, "file"),
        sheet: text(value, "sheet"),
        index: positive(ground, value, "index", found),
        key: texts(value, "key"),
    };
    if target.sheet.is_some() && target.index.is_some() {
        let message = format!("`sheet:` on `{}` names its sheet twice", ground.on);
        let at = ground.document.places.at(value);
        ground.wrong(found, "SHEET_NAME", at, message, "keep one of `sheet:` and `index:`");
    }
    check_columns(ground, value, ("sheet", "header"), &target.key, found);
    target
}

/// `key:` of a kind whose records are rows; `words` are the kind's name and what it calls a column.
fn check_columns(
    ground: &Ground<'_>,
    value: &Node<Value>,
    (kind, column): (&str, &str),
    key: &[Name],
    found: &mut Vec<Diagnostic>,
) {
    let at = ground.document.places.at(member(value, "key").unwrap_or(value));
    let one = match ground.keys {
        [one] => Some(one),
        _ => None,
    };
    match (ground.site, key.len(), one) {
        (Site::Root, 0, _) | (Site::Entity, 0, _) => {}
        (Site::Root, _, _) => {
            let message = format!(
                "`{kind}: {{ key: }}` has no meaning on `{}`: a root field is asked by no key",
                ground.on
            );
            ground.wrong(found, "MISPLACED_ARGUMENT", at, message, "remove `key:`");
        }
        (Site::Relation, 0, Some(_)) => {
            let message =
                format!("`{kind}:` on `{}` doesn't say which {column}s hold the parent's key", ground.on);
            let help = format!("add `key:` with those {column}s of this table");
            ground.wrong(found, "KEY_COLUMNS", at, message, help);
        }
        (_, count, Some(fields)) if count != fields.len() => {
            let message = format!(
                "`{kind}: {{ key: }}` has {count} {column}{}, and the `@key` of `{}` has {} field{} ({})",
                plural(count),
                ground.on.split('.').next().unwrap_or_default(),
                fields.len(),
                plural(fields.len()),
                fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", "),
            );
            ground.wrong(
                found,
                "KEY_COLUMNS",
                at,
                message,
                format!("give one {column} for each field of the key, in the key's order"),
            );
        }
        (Site::Entity, _, None) if !ground.keys.is_empty() => {
            let message = format!(
                "`{kind}: {{ key: }}` can't tell which of the {} keys of `{}` it is for",
                ground.keys.len(),
                ground.on
            );
            ground.wrong(
                found,
                "KEY_COLUMNS",
                at,
                message,
                format!("leave `key:` out: each key is found by the {column}s of its fields"),
            );
        }
        _ => {}
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Kinds that find an entity by one declared parameter know one key, of one field.
pub(crate) fn check_single_key(
    ground: &Ground<'_>,
    value: &Node<Value>,
    kind: &str,
    fields: bool,
    found: &mut Vec<Diagnostic>,
) {
    let several = ground.keys.len() > 1;
    let compound = fields && ground.keys.iter().any(|key| key.len() > 1);
    if ground.site != Site::Root && (several && ground.site == Site::Entity || compound) {
        let message = format!(
            "`{kind}:` finds records by one key{}, and `{}` has {}",
            if fields { " of one field" } else { "" },
            ground.on.split('.').next().unwrap_or_default(),
            if several { "several" } else { "one of several fields" }
        );
        ground.wrong(
            found,
            "KEY_PARAMETER",
            ground.document.places.at(value),
            message,
            "keep one `@key` that it can use, and mark the others `resolvable: false`",
        );
    }
}

fn read_fhir(ground: &Ground<'_>, value: &Node<Value>, found: &mut Vec<Diagnostic>) -> Option<FhirTarget> {
    let places = &ground.document.places;
    let resource = text(value, "resource")?;
    let well_formed = resource.starts_with(|c: char| c.is_ascii_uppercase())
        && resource.bytes().all(|b| b.is_ascii_alphabetic());
    if !well_formed {
        let at = places.at(member(value, "resource").unwrap_or(value));
        ground.wrong(
            found,
            "WRONG_VALUE",
            at,
            format!("`{resource}` is not a FHIR resource type"),
            "resource types are words as `Patient` or `EpisodeOfCare`",
        );
    }
    check_single_key(ground, value, "fhir", true, found);
    let key = member(value, "key");
    let reference = member(value, "reference");
    fhir_site(ground, value, key, reference, found);
    Some(FhirTarget {
        resource,
        key_param: key.map(|key| text(key, "param").unwrap_or_else(|| Name::from("identifier"))),
        key_systems: key.map(|key| texts(key, "systems")).unwrap_or_default(),
        reference: text(value, "reference"),
        conditions: named_values(value, "where").into_iter().map(|(name, value, _)| (name, value)).collect(),
    })
}

fn fhir_site(
    ground: &Ground<'_>,
    value: &Node<Value>,
    key: Option<&Node<Value>>,
    reference: Option<&Node<Value>>,
    found: &mut Vec<Diagnostic>,
) {
    let places = &ground.document.places;
    let missing = match ground.site {
        Site::Entity if key.is_none() => {
            Some(("key", "`key: { param: \"identifier\", systems: [\"…\"] }`, or `key: { param: \"_id\" }`"))
        }
        Site::Relation if reference.is_none() => Some((
            "reference",
            "`reference:` with the search parameter that refers to the parent, as \"patient\"",
        )),
        _ => None,
    };
    if let Some((name, help)) = missing {
        let message = format!("`fhir:` on `{}` has no `{name}:`", ground.on);
        ground.wrong(found, "MISSING_ARGUMENT", places.at(value), message, format!("add {help}"));
    }
    for (name, node, right) in [("key", key, Site::Entity), ("reference", reference, Site::Relation)] {
        if let Some(node) = node.filter(|_| ground.site != right) {
            let message = format!("`fhir: {{ {name}: }}` has no meaning on `{}`", ground.on);
            ground.wrong(found, "MISPLACED_ARGUMENT", places.at(node), message, format!("remove `{name}:`"));
        }
    }
}
