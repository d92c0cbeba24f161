//! A text with `${env.NAME}` and a way to look names up in; the text with their values out. Reads no environment by itself.

use raccordo_schema::{Diagnostic, Location};

/// Looks a variable of the environment up.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// Puts the environment's values in place. `$${` stands for a literal `${`.
///
/// # Errors
/// Every variable that isn't set, and every `${…}` that is something else. Values are never part of a message.
pub(crate) fn interpolate(text: &str, at: &Location, lookup: &Lookup<'_>) -> Result<String, Vec<Diagnostic>> {
    let (mut out, mut wrong, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(literal) = before.strip_suffix('$') {
            out.push_str(literal);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let Some((inner, tail)) = after.split_once('}') else {
            wrong.push(not_a_variable(at, "${…", "a `${` isn't closed"));
            return Err(wrong);
        };
        match inner.strip_prefix("env.").filter(|name| is_name(name)) {
            None => wrong.push(not_a_variable(at, &format!("${{{inner}}}"), "it is not a variable")),
            Some(name) => match lookup(name) {
                Some(value) => out.push_str(&value),
                None => wrong.push(missing(at, name)),
            },
        }
        rest = tail;
    }
    out.push_str(rest);
    if wrong.is_empty() { Ok(out) } else { Err(wrong) }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn missing(at: &Location, name: &str) -> Diagnostic {
    Diagnostic::error(
        "MISSING_ENVIRONMENT",
        at.clone(),
        format!("`${{env.{name}}}` is not set in the environment"),
    )
    .help(format!("set `{name}` before you start, or write the value here"))
}

fn not_a_variable(at: &Location, text: &str, why: &str) -> Diagnostic {
    Diagnostic::error("WRONG_VALUE", at.clone(), format!("`{text}` can't be read: {why}"))
        .help("write `${env.NAME}`, or `$${` for a literal `${`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<String, Vec<&'static str>> {
        let lookup = |name: &str| (name == "A").then(|| "uno}${env.B}".to_owned());
        interpolate(text, &Location::file("c.yaml"), &lookup)
            .map_err(|found| found.iter().map(|d| d.rule).collect())
    }

    #[test]
    fn values_are_put_in_place_once() {
        assert_eq!(with("x").as_deref(), Ok("x"));
        assert_eq!(with("<${env.A}>").as_deref(), Ok("<uno}${env.B}>"), "a value is not read again");
        assert_eq!(with("$${env.A}").as_deref(), Ok("${env.A}"));
        assert_eq!(with("10 $ e {x}").as_deref(), Ok("10 $ e {x}"));
    }

    #[test]
    fn every_mistake_is_told() {
        assert_eq!(
            with("${env.B} ${env.C} ${altro}"),
            Err(vec!["MISSING_ENVIRONMENT", "MISSING_ENVIRONMENT", "WRONG_VALUE"])
        );
        assert_eq!(with("${env.A"), Err(vec!["WRONG_VALUE"]));
        assert_eq!(with("${env.1A}"), Err(vec!["WRONG_VALUE"]));
    }
}
