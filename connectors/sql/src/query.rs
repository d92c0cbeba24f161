//! A query of the user's own in; what stands in its place in a FROM, its arguments bound, out. Whatever it says, its session can only read.

use std::sync::Arc;

use raccordo_connector_api::Value;
use raccordo_schema::mapping::Name;

use crate::statement::{Bind, Dialect};

/// A query that stands for a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Query {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Text(Arc<str>),
    /// `{$args.x}`: the argument and its type.
    Arg(Name, Name),
}

impl Query {
    /// Reads a query, whose arguments have these types. `Err` is a sentence that says what is wrong, and one that says what to do.
    pub(crate) fn read(
        text: &str,
        type_of: impl Fn(&str) -> Option<Name>,
    ) -> Result<Self, (String, &'static str)> {
        let text = text.trim().trim_end_matches(';').trim_end();
        only_one_select(text)?;
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{$args.") {
            let (name, tail) =
                after.split_once('}').ok_or(("a `{$args.` isn't closed".to_owned(), "add `}`"))?;
            let name = name.trim();
            let of = type_of(name).ok_or_else(|| {
                let message = format!("`{{$args.{name}}}` names no argument of the field");
                (message, "name an argument that is a single value; a type and a relation's batch have none")
            })?;
            parts.push(Part::Text(before.into()));
            parts.push(Part::Arg(name.into(), of));
            rest = tail;
        }
        parts.push(Part::Text(rest.into()));
        Ok(Self { parts })
    }

    /// The names of its arguments.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Name> {
        self.parts.iter().filter_map(|part| match part {
            Part::Arg(name, _) => Some(name),
            Part::Text(_) => None,
        })
    }

    /// The query in parentheses. A comment at its end ends before them.
    pub(crate) fn write(
        &self,
        dialect: Dialect,
        value_of: &dyn Fn(&str) -> Value,
        bind: &mut dyn FnMut(Bind) -> String,
    ) -> String {
        let mut written = String::from("(");
        for part in &self.parts {
            match part {
                Part::Text(text) => written.push_str(text),
                Part::Arg(name, of) => written.push_str(&argument(dialect, of, &value_of(name), bind)),
            }
        }
        written.push_str("\n)");
        written
    }
}

fn argument(dialect: Dialect, of: &str, value: &Value, bind: &mut dyn FnMut(Bind) -> String) -> String {
    let place = match value {
        Value::Int(int) if of == "Float" => bind(Bind::Float(*int as f64)),
        Value::Int(int) => bind(Bind::Int(*int)),
        Value::Float(float) => bind(Bind::Float(*float)),
        Value::Bool(bool) => bind(Bind::Int(i64::from(*bool))),
        Value::Text(text) | Value::Enum(text) => bind(Bind::Text(text.to_string())),
        Value::Null | Value::List(_) | Value::Object(_) => "NULL".to_owned(),
    };
    match (dialect, of) {
        (Dialect::Postgres, "Int") => format!("{place}::int8"),
        (Dialect::Postgres, "Float") => format!("{place}::float8"),
        (Dialect::Postgres, "Boolean") => format!("{place}::int8::int4::bool"),
        (Dialect::Postgres, _) => format!("{place}::text"),
        (Dialect::Sqlite | Dialect::MySql, _) => place,
    }
}

/// One statement that begins with SELECT, WITH or VALUES, whose quotes and parentheses close: it can't leave the parentheses it is put in.
fn only_one_select(text: &str) -> Result<(), (String, &'static str)> {
    let plain = code_of(text)?;
    let word: String = plain
        .trim_start_matches(|letter: char| letter.is_whitespace() || letter == '(')
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    if !["select", "with", "values", "table"].contains(&word.to_ascii_lowercase().as_str()) {
        return Err(("the query doesn't begin with `SELECT` or `WITH`".to_owned(), "a query only reads"));
    }
    if plain.contains(';') {
        return Err(("the query has several statements".to_owned(), "keep one `SELECT`"));
    }
    let mut depth = 0_i32;
    for letter in plain.chars() {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            break;
        }
    }
    match depth {
        0 => Ok(()),
        _ => Err(("the query's parentheses don't close".to_owned(), "balance `(` and `)`")),
    }
}

/// The text without what stands in quotes and comments.
fn code_of(text: &str) -> Result<String, (String, &'static str)> {
    let open = |what: &str| (format!("the query has {what} that isn't closed"), "close it");
    let (mut code, mut rest) = (String::new(), text);
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        let end = match letter {
            '\'' | '"' | '`' => Some(after.find(letter).ok_or_else(|| open("a quote"))? + 1),
            '-' if after.starts_with('-') => Some(after.find('\n').unwrap_or(after.len())),
            '/' if after.starts_with('*') => Some(after.find("*/").ok_or_else(|| open("a comment"))? + 2),
            '$' => dollar_quoted(rest).map(|length| length - 1),
            _ => None,
        };
        match end {
            Some(end) => rest = after.get(end..).unwrap_or_default(),
            None => {
                code.push(letter);
                rest = after;
            }
        }
    }
    Ok(code)
}

/// The length of PostgreSQL's `$tag$ … $tag$` at the beginning of a text.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag_end = text.get(1..)?.find('$')? + 2;
    let tag = text.get(..tag_end)?;
    let named = tag.trim_matches('$').bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let body = text.get(tag_end..).filter(|_| named)?;
    Some(tag_end + body.find(tag)? + tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Result<(String, usize), String> {
        let query =
            Query::read(text, |name| (name == "anno").then(|| "Int".into())).map_err(|(why, _)| why)?;
        let mut binds = Vec::new();
        let text = query.write(Dialect::Postgres, &|_| Value::Int(7), &mut |bind| {
            binds.push(bind);
            format!("${}", binds.len())
        });
        Ok((text, binds.len()))
    }

    #[test]
    fn arguments_are_bound() {
        let (text, binds) =
            written("select a from t where y = {$args.anno} or z < {$args.anno} -- fine").unwrap();
        assert_eq!(text, "(select a from t where y = $1::int8 or z < $2::int8 -- fine\n)");
        assert_eq!(binds, 2);
    }

    #[test]
    fn only_one_select_passes() {
        for good in [
            "SELECT ';', \"a;b\" FROM t;",
            "with x as (select 1) select * from x",
            "(select 1) union (select 2)",
            "-- commento;\nselect 1 /* ; ) */",
            "select $q$ ; ) $q$",
        ] {
            assert!(written(good).is_ok(), "{good}");
        }
        for bad in [
            "delete from t",
            "select 1; drop table t",
            "select 1) union (select 2",
            "select 'x",
            "select (1",
            "select /* x",
            "select {$args.altro}",
            "select {$args.anno",
            "",
        ] {
            assert!(written(bad).is_err(), "{bad}");
        }
    }
}
