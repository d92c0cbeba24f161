//! The text of a field set (`@key(fields: "id comune { istat }")`) in; the dotted paths it names out. Knows no types.

/// The leaves of a field set in order, nested ones as dotted paths. `__typename` is left out; fragments are entered.
///
/// # Errors
/// A sentence that says what can't be read.
pub(crate) fn paths(text: &str) -> Result<Vec<String>, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, paths: Vec::new() };
    reader.selection("", 0)?;
    match reader.tokens.first() {
        Some(extra) => Err(format!("`{extra}` is one too many")),
        None if reader.paths.is_empty() => Err("it names no field".to_owned()),
        None => Ok(reader.paths),
    }
}

/// Deeper field sets than this are refused.
const MAX_DEPTH: usize = 32;

struct Reader<'t> {
    tokens: &'t [&'t str],
    paths: Vec<String>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn take(&mut self, expected: &str) -> bool {
        let here = self.tokens.first() == Some(&expected);
        if here {
            self.next();
        }
        here
    }

    fn selection(&mut self, prefix: &str, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH}"));
        }
        while let Some(token) = self.tokens.first().copied().filter(|token| *token != "}") {
            self.next();
            if token == "..." {
                self.fragment(prefix, depth)?;
            } else if token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                self.field(prefix, token, depth)?;
            } else {
                return Err(format!("`{token}` stands where a field's name is expected"));
            }
        }
        Ok(())
    }

    fn fragment(&mut self, prefix: &str, depth: usize) -> Result<(), String> {
        if self.take("on") && self.next().is_none() {
            return Err("a fragment has no type".to_owned());
        }
        match self.take("{") {
            true => self.braces(prefix, depth),
            false => Err("a fragment has no fields".to_owned()),
        }
    }

    fn field(&mut self, prefix: &str, name: &str, depth: usize) -> Result<(), String> {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        if self.take("(") {
            while self.next().ok_or("an argument list isn't closed")? != ")" {}
        }
        if self.take("{") {
            return self.braces(&path, depth);
        }
        if name != "__typename" {
            self.paths.push(path);
        }
        Ok(())
    }

    fn braces(&mut self, prefix: &str, depth: usize) -> Result<(), String> {
        self.selection(prefix, depth + 1)?;
        if self.take("}") { Ok(()) } else { Err("a `{` isn't closed".to_owned()) }
    }
}

fn tokens(text: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let length = match first {
            '"' => rest
                .get(1..)
                .and_then(|inner| inner.find('"'))
                .map(|end| end + 2)
                .ok_or("a string isn't closed")?,
            '.' if rest.starts_with("...") => 3,
            _ if word > 0 => word,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_in_order() {
        assert_eq!(paths("id").unwrap(), ["id"]);
        assert_eq!(
            paths(" id, comune { istat regione { id } } ").unwrap(),
            ["id", "comune.istat", "comune.regione.id"]
        );
        assert_eq!(paths("__typename id").unwrap(), ["id"]);
        assert_eq!(paths("a { ... on B { c } }").unwrap(), ["a.c"]);
        assert_eq!(paths("prezzo(valuta: \"EUR)\") id").unwrap(), ["prezzo", "id"]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for wrong in ["", "  ", "id }", "a {", "a { b", "{ a }", "a(b: 1", "...", "a \"b", "è", "... on"] {
            assert!(paths(wrong).is_err(), "{wrong}");
        }
        let deep = format!("{}x{}", "a{".repeat(100_000), "}".repeat(100_000));
        assert!(paths(&deep).unwrap_err().contains("deeper"));
    }
}
