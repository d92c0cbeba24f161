//! A path's or parameter's template in; its text with every value percent-encoded out. A value never becomes more than a piece of its segment.

/// Where a variable's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `{$args.x}`
    Args,
    /// `{$this.x}`
    This,
    /// `{$batch.x}`
    Batch,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(Origin, String),
}

/// A template, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What was expected.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let (inner, tail) = after.split_once('}').ok_or("a `{` isn't closed")?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let wrong =
                || format!("`{{{inner}}}` is not a variable: `{{$args.x}}`, `{{$this.x}}` or `{{$batch.x}}`");
            let (origin, name) =
                inner.trim().strip_prefix('$').and_then(|name| name.split_once('.')).ok_or_else(wrong)?;
            let origin = match origin {
                "args" => Origin::Args,
                "this" => Origin::This,
                "batch" => Origin::Batch,
                _ => return Err(wrong()),
            };
            parts.push(Part::Variable(origin, name.to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Its variables, in order.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (Origin, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(origin, name) => Some((*origin, name.as_str())),
            Part::Literal(_) => None,
        })
    }

    /// The literal text, variables left out.
    pub(crate) fn literal(&self) -> String {
        let literals = self.parts.iter().filter_map(|part| match part {
            Part::Literal(text) => Some(text.as_str()),
            Part::Variable(..) => None,
        });
        literals.collect()
    }

    /// The text. `values` gives those of a variable, which are joined by commas; `None` when one is null.
    pub(crate) fn expand(&self, values: &dyn Fn(Origin, &str) -> Option<Vec<String>>) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => encode(literal, true, &mut text),
                Part::Variable(origin, name) => {
                    for (index, value) in values(*origin, name)?.iter().enumerate() {
                        if index > 0 {
                            text.push(',');
                        }
                        encode(value, false, &mut text);
                    }
                }
            }
        }
        Some(text)
    }

    /// As [`Template::expand`], for a path; `None` also when a value would leave a segment empty or make it `.` or `..`, which mean another path.
    pub(crate) fn expand_path(&self, values: &dyn Fn(Origin, &str) -> Option<Vec<String>>) -> Option<String> {
        let path = self.expand(values)?;
        let marked = self.marked();
        let mut segments = path.split('/').zip(marked.split('/'));
        let broken = segments.any(|(text, marked)| marked.contains(MARK) && matches!(text, "" | "." | ".."));
        (!broken).then_some(path)
    }

    /// The text with a mark for each variable. A value's own slashes are encoded, so that its segments are those of the text.
    fn marked(&self) -> String {
        let mark = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Variable(..) => MARK.to_string(),
        };
        self.parts.iter().map(mark).collect()
    }
}

const MARK: char = '\u{1}';

/// RFC 3986 §2: everything but unreserved characters is percent-encoded. A literal's own reserved characters and escapes stay.
pub(crate) fn encode(text: &str, literal: bool, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b'/' | b'%' | b',' | b':' | b'@' | b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b';' if literal => {
                out.push(char::from(byte));
            }
            byte => {
                const DIGITS: [char; 16] =
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
                out.push('%');
                out.extend(DIGITS.get(usize::from(byte >> 4)));
                out.extend(DIGITS.get(usize::from(byte & 15)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(template: &str, value: &str) -> Option<String> {
        Template::read(template).unwrap().expand_path(&|_, _| Some(vec![value.to_owned()]))
    }

    #[test]
    fn values_stay_within_their_segment() {
        assert_eq!(path("/services/{$this.id}", "a b").as_deref(), Some("/services/a%20b"));
        assert_eq!(path("/services/{$this.id}", "../x?y#z").as_deref(), Some("/services/..%2Fx%3Fy%23z"));
        assert_eq!(path("/services/{$this.id}/x", "è").as_deref(), Some("/services/%C3%A8/x"));
        assert_eq!(path("/services/v{$this.id}", "..").as_deref(), Some("/services/v.."));
        for value in ["", ".", ".."] {
            assert_eq!(path("/services/{$this.id}", value), None);
            assert_eq!(path("/services/{$this.id}/x", value), None);
        }
        assert_eq!(path("/services/", "").as_deref(), Some("/services/"));
    }

    #[test]
    fn values_of_a_batch_are_joined_by_commas_and_null_leaves_no_text() {
        let template = Template::read("{$batch.id}").unwrap();
        let ids = vec!["a".to_owned(), "b,c".to_owned()];
        assert_eq!(template.expand(&|_, _| Some(ids.clone())).as_deref(), Some("a,b%2Cc"));
        assert_eq!(template.expand(&|_, _| None), None);
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        for text in ["/{$this.id", "/{id}", "/{$arg.id}", "/{$this}"] {
            assert!(Template::read(text).is_err(), "{text}");
        }
    }
}
