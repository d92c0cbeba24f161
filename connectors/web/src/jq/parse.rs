//! A program's text in; jaq's tree of it, or the first mistake with its place, out. A text that would nest the parser too deep is refused unread.

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{Parser, Term};

use super::JqError;

/// Bytes of a program.
const MAX_TEXT: usize = 8 * 1024;
/// Brackets and prefix words: each may nest the parser once more.
const MAX_NESTING: usize = 100;
/// Words and signs.
const MAX_TOKENS: usize = 1_000;

/// Reads a text, refusing first what would nest the parser too deep.
pub(super) fn parse(text: &str) -> Result<Term<&str>, JqError> {
    let mistake = |message: String, offset: usize| JqError::Text { message, offset };
    let brackets = text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{')).count();
    if text.len() > MAX_TEXT || brackets > MAX_NESTING {
        return Err(mistake(format!("a program has at most {MAX_TEXT} bytes and {MAX_NESTING} brackets"), 0));
    }
    let tokens = Lexer::new(text).lex().map_err(|errors| match errors.first() {
        Some((expected, rest)) => mistake(format!("expected {}", expected.as_str()), offset_of(text, rest)),
        None => mistake("expected a jq program".to_owned(), 0),
    })?;
    let (count, prefixes) = tokens.iter().fold((0, 0), count_tokens);
    if count > MAX_TOKENS || prefixes > MAX_NESTING {
        return Err(mistake(format!("a program has at most {MAX_TOKENS} words and signs"), 0));
    }
    Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| match errors.first() {
        Some((expected, found)) => {
            let found = found.map(|token| token.as_str());
            let offset = found.map_or(text.len(), |found| offset_of(text, found));
            let found = found.map_or("the end".to_owned(), |found| {
                format!("`{}`", found.chars().take(40).collect::<String>())
            });
            mistake(format!("expected {}, not {found}", expected.as_str()), offset)
        }
        None => mistake("expected a jq program".to_owned(), 0),
    })
}

fn count_tokens((count, prefixes): (usize, usize), Token(text, token): &Token<&str>) -> (usize, usize) {
    let prefix = matches!(*text, "-" | "try" | "catch" | "if" | "def" | "reduce" | "foreach" | "label");
    let here = (count + 1, prefixes + usize::from(prefix));
    match token {
        Tok::Block(tokens) => tokens.iter().fold((here.0, here.1 + 1), count_tokens),
        Tok::Str(parts) => parts.iter().fold(here, |sum, part| match part {
            StrPart::Term(token) => count_tokens(sum, token),
            _ => sum,
        }),
        _ => here,
    }
}

/// Where a part of a text begins; 0 for what isn't a part of it.
pub(super) fn offset_of(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize)
        .checked_sub(text.as_ptr() as usize)
        .filter(|at| *at <= text.len())
        .unwrap_or_default()
}
