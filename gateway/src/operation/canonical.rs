//! Domain scalars among the arguments: one form for one value, before it is bound, compared or sent. What isn't one is refused.
//!
//! Only in graphs with connected sources: a subgraph's scalars are its own affair, whatever their names.

use raccordo_connector_api::Value;
use raccordo_schema::scalars;

/// Gives a value of a domain scalar its canonical form; false when it has none. Other types' values stay as they are.
pub(super) fn make(value: &mut Value, named: &str) -> bool {
    match value {
        Value::List(items) => items.iter_mut().all(|item| make(item, named)),
        Value::Text(text) => match canonical(text, named) {
            Some(form) => {
                *text = form.into();
                true
            }
            None => false,
        },
        Value::Null | Value::Object(_) => true,
        // A domain scalar is a text.
        _ => !matches!(named, "CodiceFiscale" | "Date" | "DateTime"),
    }
}

fn canonical(text: &str, named: &str) -> Option<String> {
    match named {
        "CodiceFiscale" => scalars::CodiceFiscale::parse(text).ok().map(|code| code.canonical().to_owned()),
        "Date" => scalars::date(text),
        "DateTime" => scalars::date_time(text),
        _ => Some(text.to_owned()),
    }
}

/// What was expected, for the refusal.
pub(super) fn expected(named: &str) -> &'static str {
    match named {
        "CodiceFiscale" => "a codice fiscale: 16 letters and digits, the last of them the check character",
        "Date" => "a date: `YYYY-MM-DD`",
        _ => "a date and time: RFC 3339, as `2026-03-02T10:00:00+01:00`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_form() {
        let made = |text: &str, named| {
            let mut value = Value::Text(text.into());
            make(&mut value, named).then(|| value.as_text().unwrap().to_owned())
        };
        assert_eq!(made(" bncbrc53c59x020z", "CodiceFiscale").as_deref(), Some("BNCBRC53C59X020Z"));
        assert_eq!(made("BNCBRC53C59X020A", "CodiceFiscale"), None);
        assert_eq!(made("2026-02-29", "Date"), None);
        assert_eq!(made("2028-02-29", "Date").as_deref(), Some("2028-02-29"));
        assert_eq!(made("x", "String").as_deref(), Some("x"));
        let mut list = Value::List(vec![Value::Text("bncbrc53c59x020z".into()), Value::Null]);
        assert!(make(&mut list, "CodiceFiscale"));
        assert!(!make(&mut Value::Int(5), "Date"));
        assert!(make(&mut Value::Int(5), "Int"));
    }
}
