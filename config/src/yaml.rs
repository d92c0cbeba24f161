//! YAML text in; a tree with places out, or what can't be read. Anchors, tags and several documents are refused:
//! a configuration is plain, and what isn't there can't grow.

use std::sync::Arc;

use raccordo_schema::{Diagnostic, Location};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Deeper configurations than this are refused.
const MAX_DEPTH: usize = 32;

/// A node of the file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Location,
    pub(crate) data: Data,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// Nothing: `key:` with no value, or `null`.
    Null,
    /// A text, number or word, as it is written.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with their values in the file's order; no key twice.
    Map(Vec<Entry>),
}

/// One key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Location,
    pub(crate) value: Node,
}

impl Node {
    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// What it is, for a message.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.data {
            Data::Null => "nothing",
            Data::Scalar(_) => "a single value",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }
}

/// Reads one document. Mistakes that don't hide the rest, such as a key given twice, are added to `found`.
///
/// # Errors
/// The mistake after which nothing can be read.
pub(crate) fn parse(file: &str, text: &str, found: &mut Vec<Diagnostic>) -> Result<Node, Diagnostic> {
    let mut events = Vec::new();
    let file: Arc<str> = Arc::from(file);
    // Editors of other systems write a byte-order mark; YAML lets it stand.
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            let at = Location { file: file.clone(), line: mark.line(), column: mark.col() + 1 };
            Diagnostic::error("YAML_SYNTAX", at, error.info().to_owned())
        })?;
        events.push((event, span));
    }
    let content = |(event, _): &(Event<'_>, Span)| {
        !matches!(event, Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Nothing)
    };
    let mut events = events.into_iter().filter(content);
    let mut reader = Reader { file, found };
    let start = events.next();
    let Some((Event::DocumentStart(_), span)) = start else {
        let at = Location::file(reader.file);
        return Err(Diagnostic::error("YAML_SYNTAX", at, "the file is empty")
            .help("a configuration has `sources:` at least"));
    };
    let root = match events.next() {
        Some(first) => reader.node(first, &mut events, 0)?,
        None => Node { at: reader.at(span), data: Data::Null },
    };
    match events.next() {
        Some((_, span)) => {
            Err(Diagnostic::error("YAML_SYNTAX", reader.at(span), "the file has a second document")
                .help("a configuration is one document: remove the `---`"))
        }
        None => Ok(root),
    }
}

struct Reader<'f> {
    file: Arc<str>,
    found: &'f mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn at(&self, span: Span) -> Location {
        Location { file: self.file.clone(), line: span.start.line(), column: span.start.col() + 1 }
    }

    fn node<'y>(
        &mut self,
        (event, span): (Event<'y>, Span),
        rest: &mut impl Iterator<Item = (Event<'y>, Span)>,
        depth: usize,
    ) -> Result<Node, Diagnostic> {
        let at = self.at(span);
        if depth > MAX_DEPTH {
            return Err(Diagnostic::error(
                "YAML_SYNTAX",
                at,
                format!("the file is nested deeper than {MAX_DEPTH}"),
            ));
        }
        let (data, anchored) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let data = match (style, text.as_ref()) {
                    (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Data::Null,
                    _ => Data::Scalar(text.into_owned()),
                };
                (data, anchor != 0 || tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => {
                (Data::List(self.list(rest, depth)?), anchor != 0 || tag.is_some())
            }
            Event::MappingStart(anchor, tag) => {
                (Data::Map(self.map(rest, depth)?), anchor != 0 || tag.is_some())
            }
            _ => (Data::Null, true),
        };
        if anchored {
            self.found.push(
                Diagnostic::error(
                    "YAML_SYNTAX",
                    at.clone(),
                    "anchors, aliases and tags are not used in a configuration",
                )
                .help("write the value out"),
            );
        }
        Ok(Node { at, data })
    }

    fn list<'y>(
        &mut self,
        rest: &mut impl Iterator<Item = (Event<'y>, Span)>,
        depth: usize,
    ) -> Result<Vec<Node>, Diagnostic> {
        let mut items = Vec::new();
        while let Some(next) = rest.next().filter(|(event, _)| !matches!(event, Event::SequenceEnd)) {
            items.push(self.node(next, rest, depth + 1)?);
        }
        Ok(items)
    }

    fn map<'y>(
        &mut self,
        rest: &mut impl Iterator<Item = (Event<'y>, Span)>,
        depth: usize,
    ) -> Result<Vec<Entry>, Diagnostic> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(next) = rest.next().filter(|(event, _)| !matches!(event, Event::MappingEnd)) {
            let key = self.node(next, rest, depth + 1)?;
            let Some(value) = rest.next() else { break };
            let value = self.node(value, rest, depth + 1)?;
            let Data::Scalar(name) = key.data else {
                self.found.push(Diagnostic::error("YAML_SYNTAX", key.at, "a key is a single word"));
                continue;
            };
            if let Some(first) = entries.iter().find(|entry| entry.key == name) {
                let message = format!("`{name}` is given twice, first in line {}", first.at.line);
                self.found.push(Diagnostic::error("DUPLICATE_KEY", key.at, message).help("keep one"));
                continue;
            }
            entries.push(Entry { key: name, at: key.at, value });
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Node, Vec<Diagnostic>), Diagnostic> {
        let mut found = Vec::new();
        parse("c.yaml", text, &mut found).map(|node| (node, found))
    }

    #[test]
    fn places_count_from_one() {
        let (root, found) = read("listen: a\nsources:\n  anagrafe: { kind: sql }\n").unwrap();
        assert!(found.is_empty());
        let sources = root.entries().get(1).unwrap();
        assert_eq!((sources.at.line, sources.at.column), (2, 1));
        let source = sources.value.entries().first().unwrap();
        assert_eq!((source.at.line, source.at.column), (3, 3));
        let kind = source.value.entries().first().unwrap();
        assert_eq!((kind.value.at.line, kind.value.at.column), (3, 21));
    }

    #[test]
    fn what_grows_or_hides_is_refused() {
        let rules = |text: &str| match read(text) {
            Ok((_, found)) => found.iter().map(|d| d.rule).collect::<Vec<_>>(),
            Err(fatal) => vec![fatal.rule],
        };
        assert_eq!(rules("a: &x 1\nb: *x\n"), ["YAML_SYNTAX", "YAML_SYNTAX"]);
        assert_eq!(rules("a: !t 1\n"), ["YAML_SYNTAX"]);
        assert_eq!(rules("a: 1\na: 2\n"), ["DUPLICATE_KEY"]);
        assert_eq!(rules("a: 1\n---\nb: 2\n"), ["YAML_SYNTAX"]);
        assert_eq!(rules("a: [1\n"), ["YAML_SYNTAX"]);
        assert_eq!(rules(""), ["YAML_SYNTAX"]);
        assert_eq!(rules("# solo un commento\n"), ["YAML_SYNTAX"]);
        assert_eq!(rules("? [a]\n: b\n"), ["YAML_SYNTAX"]);
        assert_eq!(rules(&"[".repeat(10_000)), ["YAML_SYNTAX"]);
        assert_eq!(rules(&format!("{}{}", "[".repeat(34), "]".repeat(34))), ["YAML_SYNTAX"]);
        assert_eq!(rules(&format!("{}{}", "[".repeat(33), "]".repeat(33))), [""; 0]);
    }

    #[test]
    fn cut_anywhere_it_is_read_or_refused() {
        let text = include_str!("../tests/configs/good_full.yaml");
        for at in text.char_indices().map(|(at, _)| at) {
            let _ = read(&text[..at]);
            let _ = read(&format!("{}\t{}", &text[..at], &text[at..]));
        }
    }

    #[test]
    fn files_of_other_editors_are_read() {
        let (root, found) = read("\u{feff}listen: a\r\nlog: b\r\n").unwrap();
        assert_eq!(found, []);
        let keys: Vec<_> = root.entries().iter().map(|entry| (entry.key.as_str(), entry.at.line)).collect();
        assert_eq!(keys, [("listen", 1), ("log", 2)]);
    }
}
