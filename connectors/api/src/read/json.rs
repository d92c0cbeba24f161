//! A cursor over JSON text: values are validated and passed over, never built. It recurses no deeper than [`MAX_DEPTH`].

use crate::Failure;

/// Nesting of a value that is passed over. Deeper is malformed.
pub(crate) const MAX_DEPTH: u32 = 128;

/// Digits that a number may have and surely be finite as a double.
const DIGITS: usize = 300;

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A string: the span between its quotes, and whether it has escapes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    pub(crate) inner: Span,
    pub(crate) escaped: bool,
}

/// A cursor over text that is known to be UTF-8.
pub(crate) struct Json<'a> {
    bytes: &'a [u8],
    pub(crate) at: usize,
    /// Something was passed over that is JSON, and that many readers refuse all the same: half of a surrogate pair, a number that no
    /// double holds (RFC 8259 §6, §8.2).
    pub(crate) is_odd: bool,
}

impl<'a> Json<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, is_odd: false }
    }

    /// The next byte that isn't white space, without passing it; 0 at the end.
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return *byte,
            }
        }
        0
    }

    /// Whether nothing but white space is left. A NUL is not the end.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.peek();
        self.at >= self.bytes.len()
    }

    /// Passes one byte after white space.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Failure> {
        if self.peek() == byte {
            self.at += 1;
            return Ok(());
        }
        Err(self.broken())
    }

    /// Passes a byte if it is the next.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        if found {
            self.at += 1;
        }
        found
    }

    /// After an item: another follows (`,`), or the end (`close`) was passed.
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, Failure> {
        match self.peek() {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.broken()),
        }
    }

    /// A string.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Text, Failure> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(found) = special(rest) else { return Err(self.broken()) };
            self.at += found;
            if self.bytes.get(self.at).is_some_and(|byte| *byte < 0x20) {
                return Err(self.broken());
            }
            if self.bytes.get(self.at) == Some(&b'"') {
                let inner = Span { start, end: self.at };
                self.at += 1;
                return Ok(Text { inner, escaped });
            }
            escaped = true;
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Result<(), Failure> {
        let width = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or_default();
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.broken());
                }
                6
            }
            _ => return Err(self.broken()),
        };
        self.at += width;
        Ok(())
    }

    /// A number; says whether it is a whole one (no fraction, no exponent).
    pub(crate) fn number(&mut self) -> Result<(Span, bool), Failure> {
        self.peek();
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        let leading_zero = self.bytes.get(self.at - whole) == Some(&b'0') && whole > 1;
        if whole == 0 || leading_zero {
            return Err(self.broken());
        }
        let mut is_whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            is_whole = false;
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.broken());
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            is_whole = false;
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.broken());
            }
        }
        Ok((Span { start, end: self.at }, is_whole))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    /// `true`, `false` or `null`.
    pub(crate) fn word(&mut self, word: &[u8]) -> Result<Span, Failure> {
        self.peek();
        let start = self.at;
        let end = start + word.len();
        if self.bytes.get(start..end) != Some(word) {
            return Err(self.broken());
        }
        self.at = end;
        Ok(Span { start, end })
    }

    /// An object: each of its keys, with the cursor before its value, which is passed by `read`.
    pub(crate) fn members(
        &mut self,
        mut read: impl FnMut(&mut Self, &'a [u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            let key = self.bytes(key.inner);
            read(self, key)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Passes over any value.
    pub(crate) fn skip(&mut self, depth: u32) -> Result<Span, Failure> {
        if depth > MAX_DEPTH {
            return Err(Failure::malformed(format!("JSON nested deeper than {MAX_DEPTH}")));
        }
        let first = self.peek();
        let start = self.at;
        match first {
            b'"' => {
                self.passed_string()?;
            }
            b'{' => {
                self.at += 1;
                if !self.take(b'}') {
                    loop {
                        self.passed_string()?;
                        self.expect(b':')?;
                        self.skip(depth + 1)?;
                        if !self.more(b'}')? {
                            break;
                        }
                    }
                }
            }
            b'[' => {
                self.at += 1;
                if !self.take(b']') {
                    loop {
                        self.skip(depth + 1)?;
                        if !self.more(b']')? {
                            break;
                        }
                    }
                }
            }
            b't' => {
                self.word(b"true")?;
            }
            b'f' => {
                self.word(b"false")?;
            }
            b'n' => {
                self.word(b"null")?;
            }
            _ => {
                let (_, is_whole) = self.number()?;
                let text = self.since(start);
                self.is_odd |= (!is_whole || text.len() > DIGITS) && !is_finite(text);
            }
        }
        Ok(Span { start, end: self.at })
    }

    /// Passes over a string.
    fn passed_string(&mut self) -> Result<(), Failure> {
        self.peek();
        let start = self.at;
        let text = self.string()?;
        self.is_odd |= text.escaped && serde_json::from_slice::<String>(self.since(start)).is_err();
        Ok(())
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.bytes(Span { start, end: self.at })
    }

    /// The bytes of a span.
    pub(crate) fn bytes(&self, span: Span) -> &'a [u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    /// Not JSON, or cut off. Says where, not what.
    pub(crate) fn broken(&self) -> Failure {
        let what = if self.at >= self.bytes.len() { "JSON that ends early" } else { "text that isn't JSON" };
        Failure::malformed(format!("{what}, at byte {} of {}", self.at, self.bytes.len()))
    }
}

/// The first byte of a string's inside that isn't taken as it is: a quote, a backslash, a control character.
///
/// Eight bytes at a time (SWAR): keys and most values are shorter than what a vector search needs to get going.
#[inline]
fn special(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let (chunks, rest) = text.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        // A borrow may mark bytes above the first that is found; the first is right.
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    Some(chunks.len() * 8 + at)
}

fn is_finite(number: &[u8]) -> bool {
    std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_serde_json_on_what_is_json() {
        let good = [
            "0",
            "-1",
            "1.5e-3",
            "[]",
            "{}",
            "[1,2]",
            r#"{"a":[true,false,null]}"#,
            r#""\u00e8\n""#,
            " [ 1 , { } ] ",
        ];
        let bad = [
            "",
            "01",
            "1.",
            "-",
            "[1,]",
            "{\"a\"}",
            "\"\\x\"",
            "\"\u{1}\"",
            "tru",
            "[1 2]",
            "{\"a\":1,}",
            "\"a",
            ".5",
            "1\0",
            "{}\0x",
            "+1",
            "1e",
        ];
        for text in good.iter().chain(&bad) {
            let mut json = Json::new(text.as_bytes());
            let whole = json.skip(0).is_ok() && json.is_at_end();
            assert_eq!(whole, serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for byte in 0..=255_u8 {
                for at in 0..length {
                    let mut text = vec![b'\xc3'; length];
                    text[at] = byte;
                    if at + 1 < length {
                        text[at + 1] = b'"';
                    }
                    let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
                    assert_eq!(
                        special(&text),
                        text.iter().position(|byte| !plain(byte)),
                        "{byte} at {at} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_other_readers_refuse_is_odd() {
        let odd = |text: &str| {
            let mut json = Json::new(text.as_bytes());
            json.skip(0).unwrap();
            json.is_odd
        };
        let long = "9".repeat(400);
        for text in ["1e999", "-1E+400", "[{\"a\":1e999}]", r#""\ud800""#, r#"{"\udc00x":1}"#, long.as_str()]
        {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
            assert!(odd(text), "{text}");
        }
        for text in ["1e308", "0.0e-999", "12345678901234567890123", r#""\ud83d\ude00\u00e8""#, "[1.5,true]"]
        {
            assert!(!odd(text), "{text}");
        }
    }

    #[test]
    fn depth_has_a_limit_on_both_sides() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::new(nested(MAX_DEPTH as usize + 1).as_bytes()).skip(0).is_ok());
        assert!(Json::new(nested(MAX_DEPTH as usize + 2).as_bytes()).skip(0).is_err());
    }
}
