//! A supergraph's text in; its schema out. A large text is read piece by piece, each of a few whole definitions: what a parser
//! builds of four megabytes at once is many times as large. Keeps no text and judges nothing but its grammar.

use apollo_compiler::validation::WithErrors;
use apollo_compiler::{Schema, ast};

use super::FILE;
use crate::parallel::each;

/// Bytes of text from which on a piece ends where its definition does.
const PIECE: usize = 32 * 1024;

/// Reads a text without keeping it. `None` when anything is wrong with it: [`with_places`] says what.
pub(crate) fn quickly(sdl: &str) -> Option<Schema> {
    let documents = each(&pieces(sdl, PIECE), |piece| {
        let mut document = ast::Document::parse(*piece, FILE).ok()?;
        document.sources = Default::default();
        Some(document)
    });
    let mut builder = Schema::builder().adopt_orphan_extensions();
    for document in documents {
        builder = builder.add_ast(&document?);
    }
    builder.build().ok()
}

/// Reads a text whole, so that every mistake has its place.
pub(super) fn with_places(sdl: &str) -> Result<Schema, Box<WithErrors<Schema>>> {
    Schema::builder().adopt_orphan_extensions().parse(sdl, FILE).build().map_err(Box::new)
}

/// Cuts a text where a definition has ended: after a `}` outside every bracket, which in a schema's grammar nothing of the same
/// definition follows. A text whose brackets don't match is cut anywhere or nowhere; the parser finds that.
fn pieces(sdl: &str, piece: usize) -> Vec<&str> {
    let bytes = sdl.as_bytes();
    let (mut pieces, mut start, mut at, mut depth, mut ended) = (Vec::new(), 0, 0, 0usize, false);
    while let Some(byte) = bytes.get(at) {
        let next = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at + 1,
            b'#' => after_comment(bytes, at),
            _ => {
                if ended && at - start >= piece {
                    pieces.extend(sdl.get(start..at));
                    start = at;
                }
                ended = *byte == b'}' && depth == 1;
                match byte {
                    b'{' | b'(' | b'[' => depth += 1,
                    b'}' | b')' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if *byte == b'"' { after_string(bytes, at) } else { at + 1 }
            }
        };
        at = next;
    }
    pieces.extend(sdl.get(start..));
    pieces
}

/// The position after a string or a block string that begins at `at`.
fn after_string(bytes: &[u8], at: usize) -> usize {
    const BLOCK: &[u8] = br#"""""#;
    if !bytes.get(at..).is_some_and(|rest| rest.starts_with(BLOCK)) {
        return after(bytes, at + 1, |rest| matches!(rest, [b'"' | b'\n', ..]).then_some(1), br"\", 2);
    }
    after(bytes, at + 3, |rest| rest.starts_with(BLOCK).then_some(3), br#"\""""#, 4)
}

/// The position after the next end, whose length `end` tells; `escape` and what follows it, `escaped` bytes together, are no end.
fn after(
    bytes: &[u8],
    from: usize,
    end: impl Fn(&[u8]) -> Option<usize>,
    escape: &[u8],
    escaped: usize,
) -> usize {
    let mut at = from;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = end(rest) {
            return at + length;
        }
        at += if rest.starts_with(escape) { escaped } else { 1 };
    }
    bytes.len()
}

/// The position after a comment that begins at `at`.
fn after_comment(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::{pieces, quickly, with_places};

    const TEXT: &str = r#"
"""A description with { and \""" and } and " in it."""
schema @link(url: "https://x.example/}{v1.0") { query: Query } # a comment } with "

directive @d(a: In = {b: [{c: 1}]}, t: String = "}\"}{") repeatable on OBJECT | FIELD_DEFINITION
type Query @d(a: {b: [{c: 2}]}) { "}" a(x: In = {b: []}): String @d b: [Int!]! }
input In { b: [In!] = [{c: 1}], c: Int }
extend type Query { c: Int }
scalar S
union U = Query
"#;

    #[test]
    fn pieces_are_the_text_and_each_can_be_read() {
        for piece in [1, 100, 300, 100_000] {
            let pieces = pieces(TEXT, piece);
            assert_eq!(pieces.concat(), TEXT);
            let most = 4;
            assert_eq!(
                pieces.len(),
                if piece == 1 { most + 1 } else { pieces.len().min(most) },
                "{pieces:#?}"
            );
            let whole = with_places(TEXT).unwrap().to_string();
            assert_eq!(quickly(TEXT).unwrap().to_string(), whole);
        }
    }

    #[test]
    fn block_strings_end_where_the_parser_ends_them() {
        for text in [
            "\"\"\"ends in backslashes \\\\ \"\"\" type Query { a: Int } type B { b: Int }",
            "\"\"\"an escape after a backslash \\\\\"\"\" } } \"\"\" type Query { a: Int } type B { b: Int }",
            "\"\" type Query { \"\\\\\" a: Int } # }\r type B { b: Int } \"\"\"\"\"\" type C { c: Int } # {",
        ] {
            assert!(pieces(text, 1).len() > 1, "{text}");
            assert_eq!(quickly(text).unwrap().to_string(), with_places(text).unwrap().to_string());
        }
    }

    #[test]
    fn a_mistake_leaves_it_to_the_slow_reading() {
        for wrong in [
            "type Query { a: Int",
            "type Query { a: Int } } type B { b: Int }",
            "type A { a: \"} }",
            "",
            "# {",
        ] {
            assert!(quickly(wrong).is_none(), "{wrong}");
            assert!(with_places(wrong).is_err(), "{wrong}");
        }
    }
}
