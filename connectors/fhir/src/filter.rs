//! The arguments of a field in; search parameters out, with the values bound and escaped. FHIR R4 §3.1.1.4.
//!
//! A value is never spliced: it can't become another value, another parameter or a prefix. A value that can't be searched for is a
//! `BadInput` that names the argument only; a list without values matches nothing, and is not asked at all: servers take an empty
//! parameter for an absent one and answer everything.

use raccordo_connector_api::{Failure, Fetch, Field, Value};
use raccordo_schema::mapping::{FilterOp, Name, SourceMapping};
use raccordo_schema::scalars::CodiceFiscale;

use crate::search::{Search, escaped, tokens};

/// What one argument does, checked.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// The argument.
    pub(crate) arg: Name,
    /// The type of its values.
    pub(crate) named: Name,
    /// The search parameter.
    pub(crate) param: Name,
    /// The prefix of an ordered value; empty for equality.
    pub(crate) prefix: &'static str,
    /// The identifier systems under which the value is looked for, where the parameter is the key of the type that comes back.
    pub(crate) systems: Vec<Name>,
    /// The parameter is the key of the type that comes back: what comes must carry a value that was asked for.
    pub(crate) is_key: bool,
}

/// FHIR's prefix for a comparison. `None` where FHIR search has none.
pub(crate) fn prefix(op: FilterOp) -> Option<&'static str> {
    Some(match op {
        FilterOp::Eq | FilterOp::In => "",
        FilterOp::Ne => "ne",
        FilterOp::Gt => "gt",
        FilterOp::Ge => "ge",
        FilterOp::Lt => "lt",
        FilterOp::Le => "le",
        FilterOp::Prefix | FilterOp::Contains => return None,
    })
}

/// What a field's arguments make of its search.
pub(crate) struct Narrowed {
    /// The search, with the arguments' parameters.
    pub(crate) search: Search,
    /// Nothing can match: not to be sent.
    pub(crate) empty: bool,
    /// The key's values that were asked for, canonical. Whatever else comes was not asked for.
    pub(crate) keys: Option<Vec<String>>,
}

/// Narrows a search by the arguments of a field; one that is left out or null doesn't.
///
/// # Errors
/// `BadInput`.
pub(crate) fn narrow(
    mut search: Search,
    filters: &[Filter],
    fetch: &Fetch,
    field: &Field,
    mapping: &SourceMapping,
) -> Result<Narrowed, Failure> {
    let (mut empty, mut keys) = (false, None);
    for filter in filters {
        let Some(value) = fetch.argument(field, &filter.arg).filter(|value| !value.is_null()) else {
            continue;
        };
        let texts = texts(value, filter, mapping)?;
        empty |= texts.is_empty();
        let values = match filter.prefix {
            "" => tokens(&filter.systems, texts.iter().map(String::as_str)),
            prefix => {
                texts.iter().map(|text| format!("{prefix}{}", escaped(text))).collect::<Vec<_>>().join(",")
            }
        };
        if filter.is_key {
            search = search.with_proven(&filter.param, values);
            keys = Some(texts);
        } else {
            search = search.with(&*filter.param, values);
        }
    }
    Ok(Narrowed { search, empty, keys })
}

/// The texts of an argument's values, as FHIR writes them.
fn texts(value: &Value, filter: &Filter, mapping: &SourceMapping) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    for item in value.items().iter().filter(|item| !item.is_null()) {
        match (item, mapping.enums.contains_key(&filter.named)) {
            (Value::Text(text) | Value::Enum(text), true) => all.extend(codes(text, filter, mapping)?),
            (item, _) => all.push(text(item, filter)?),
        }
    }
    Ok(all)
}

fn text(item: &Value, filter: &Filter) -> Result<String, Failure> {
    let misfit = |expected: &str| Err(Failure::bad_input(format!("`{}` must be {expected}", filter.arg)));
    match item {
        Value::Text(text) if &*filter.named == "CodiceFiscale" => match CodiceFiscale::parse(text) {
            Ok(code) => Ok(code.canonical().to_owned()),
            Err(_) => misfit("a codice fiscale"),
        },
        Value::Text(text) | Value::Enum(text) if text.trim().is_empty() => misfit("a text that isn't empty"),
        Value::Text(text) | Value::Enum(text) => Ok(text.to_string()),
        Value::Bool(bool) => Ok(bool.to_string()),
        Value::Int(int) => Ok(int.to_string()),
        Value::Float(float) if float.is_finite() => Ok(float.to_string()),
        _ => misfit("a single value"),
    }
}

/// The source's codes for an enum value.
fn codes(value: &str, filter: &Filter, mapping: &SourceMapping) -> Result<Vec<String>, Failure> {
    let Some(of) = mapping.enums.get(&filter.named) else { return Ok(Vec::new()) };
    if of.otherwise.as_deref() == Some(value) {
        return Err(Failure::bad_input(format!(
            "`{}` can't be `{value}`: it stands for every code that has no other value, which FHIR can't search for",
            filter.arg
        )));
    }
    let codes: Vec<String> =
        of.codes.iter().filter(|(_, named)| ***named == *value).map(|(code, _)| code.to_string()).collect();
    Ok(if codes.is_empty() { vec![value.to_owned()] } else { codes })
}
