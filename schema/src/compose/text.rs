//! Small pieces of SDL text: quoted strings, descriptions, field sets. In: values. Out: text that every GraphQL parser reads.

use std::fmt::Write as _;

use apollo_compiler::ast::Selection;

/// A string literal on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A description on lines of its own, indented; nothing for none.
pub(crate) fn description(text: Option<&str>, indent: &str) -> String {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return String::new() };
    let plain = text.chars().all(|c| !c.is_control() || c == '\n');
    let single = !text.contains('\n');
    if single || !plain || text.contains('\\') || text.contains("\"\"\"") {
        return format!("{indent}{}\n", quoted(text));
    }
    let mut out = format!("{indent}\"\"\"\n");
    for line in text.lines() {
        let _ = if line.is_empty() { writeln!(out) } else { writeln!(out, "{indent}{line}") };
    }
    let _ = writeln!(out, "{indent}\"\"\"");
    out
}

/// A field set on one line, without its outer braces: `id comune { istat }`.
pub(crate) fn field_set(selections: &[Selection]) -> String {
    let parts: Vec<String> = selections.iter().map(selection).collect();
    parts.join(" ")
}

fn selection(selection: &Selection) -> String {
    match selection {
        Selection::Field(field) => {
            let mut out = String::new();
            if let Some(alias) = &field.alias {
                let _ = write!(out, "{alias}: ");
            }
            out.push_str(&field.name);
            if !field.arguments.is_empty() {
                let arguments: Vec<String> = field
                    .arguments
                    .iter()
                    .map(|a| format!("{}: {}", a.name, a.value.serialize().no_indent()))
                    .collect();
                let _ = write!(out, "({})", arguments.join(", "));
            }
            out + &braces(&field.selection_set)
        }
        Selection::InlineFragment(fragment) => match &fragment.type_condition {
            Some(name) => format!("... on {name}{}", braces(&fragment.selection_set)),
            None => format!("...{}", braces(&fragment.selection_set)),
        },
        Selection::FragmentSpread(spread) => format!("...{}", spread.fragment_name),
    }
}

fn braces(selections: &[Selection]) -> String {
    if selections.is_empty() { String::new() } else { format!(" {{ {} }}", field_set(selections)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keep_what_they_say() {
        assert_eq!(quoted("a \"b\"\\\n\u{1}"), "\"a \\\"b\\\"\\\\\\n\\u0001\"");
    }

    #[test]
    fn descriptions_that_a_block_would_change_are_quoted() {
        assert_eq!(description(Some("due\nrighe"), "  "), "  \"\"\"\n  due\n  righe\n  \"\"\"\n");
        assert_eq!(description(Some("\"\"\""), ""), "\"\\\"\\\"\\\"\"\n");
        assert_eq!(description(None, ""), "");
    }
}
