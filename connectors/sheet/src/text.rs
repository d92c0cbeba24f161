//! A CSV's bytes in; its encoding, found or declared, and its separator out. Bytes that are no text are told cell by cell, never replaced.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::limits::Encoding;
use crate::trouble::Broken;

/// Text whose cells can be decoded one by one.
pub(crate) struct Decoded<'a> {
    /// Without a byte order mark. UTF-16 was brought to UTF-8.
    pub(crate) bytes: Cow<'a, [u8]>,
    windows_1252: bool,
}

/// What a separator may be.
pub(crate) const SEPARATORS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Finds out how a text is encoded.
///
/// # Errors
/// `Malformed`, for what is no text.
pub(crate) fn decode(bytes: &[u8], encoding: Encoding) -> Result<Decoded<'_>, Broken> {
    let utf_16 = [(b"\xff\xfe", UTF_16LE), (b"\xfe\xff", UTF_16BE)];
    for (mark, wide) in utf_16 {
        if let Some(rest) = bytes.strip_prefix(mark.as_slice()) {
            let (text, broken) = wide.decode_without_bom_handling(rest);
            let text = (!broken && !text.contains('\0')).then(|| text.into_owned().into_bytes());
            let text =
                text.ok_or_else(|| Broken::Malformed("the file begins as UTF-16 and isn't".to_owned()))?;
            return Ok(Decoded { bytes: Cow::Owned(text), windows_1252: false });
        }
    }
    let (bytes, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    if bytes.contains(&0) {
        return Err(Broken::Malformed(
            "the file holds NUL bytes: it is no CSV, and no workbook either".to_owned(),
        ));
    }
    let windows_1252 = match encoding {
        Encoding::Utf8 => false,
        Encoding::Windows1252 => !marked,
        Encoding::Found => !marked && !looks_like_utf_8(bytes),
    };
    Ok(Decoded { bytes: Cow::Borrowed(bytes), windows_1252 })
}

/// A text of Windows-1252 is hardly ever valid UTF-8. One with more whole sequences than stray bytes is UTF-8 with damage, which is told.
fn looks_like_utf_8(bytes: &[u8]) -> bool {
    let (mut whole, mut stray) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        stray += chunk.invalid().len();
    }
    stray == 0 || whole > stray
}

impl Decoded<'_> {
    /// A cell's text; `None` for bytes that aren't of the encoding.
    pub(crate) fn text<'c>(&self, cell: &'c [u8]) -> Option<Cow<'c, str>> {
        match self.windows_1252 {
            false => std::str::from_utf8(cell).ok().map(Cow::Borrowed),
            // Five bytes stand for nothing in Windows-1252.
            true if cell.iter().any(|byte| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)) => None,
            true => WINDOWS_1252.decode_without_bom_handling_and_without_replacement(cell),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], encoding: Encoding) -> Option<String> {
        let decoded = decode(bytes, encoding).unwrap();
        decoded.text(&decoded.bytes).map(Cow::into_owned)
    }

    #[test]
    fn encodings_are_found() {
        assert_eq!(text("perché".as_bytes(), Encoding::Found).as_deref(), Some("perché"));
        assert_eq!(text(b"\xef\xbb\xbfperch\xc3\xa9", Encoding::Windows1252).as_deref(), Some("perché"));
        assert_eq!(text(b"perch\xe9 \x80 5", Encoding::Found).as_deref(), Some("perché € 5"));
        assert_eq!(text(b"\xff\xfep\0\xe8\0", Encoding::Found).as_deref(), Some("pè"));
    }

    #[test]
    fn bytes_that_are_no_text_are_told() {
        assert_eq!(text(b"perch\xe9", Encoding::Utf8), None);
        assert_eq!(text(b"a\x81", Encoding::Windows1252), None);
        // Two whole sequences and one stray byte: UTF-8 that was damaged.
        assert_eq!(text(b"\xc3\xa8\xc3\xa9\xe9", Encoding::Found), None);
        assert!(decode(b"a;b\0", Encoding::Found).is_err());
        assert!(decode(b"\xff\xfea", Encoding::Found).is_err());
    }
}
