//! A CSV in, its rows out (RFC 4180): quoted cells with separators, quotes and line breaks in them. Rows are numbered as a spreadsheet would
//! number them.

use csv::{ByteRecord, ReaderBuilder};

use crate::cell::{Cell, More, Row};
use crate::limits::Limits;
use crate::text::{Decoded, SEPARATORS};
use crate::trouble::Broken;

/// How a separator is judged: by how much of what is looked for its rows show.
pub(crate) type Judge<'j> = &'j dyn Fn(&[Row<'_>]) -> usize;

/// So many rows are read to find the separator.
const SAMPLE: usize = 60;

/// Reads rows, until `visit` has enough.
///
/// # Errors
/// `Malformed`, for a quote that isn't closed; `OverLimit`; those of `visit`.
pub(crate) fn rows(
    text: &Decoded<'_>,
    separator: u8,
    limits: &Limits,
    visit: &mut dyn FnMut(Row<'_>) -> Result<More, Broken>,
) -> Result<(), Broken> {
    let (bytes, first) = after_separator_line(&text.bytes);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes);
    let (mut record, mut row, mut cells) = (ByteRecord::new(), first, 0_usize);
    let mut from = 0;
    loop {
        let came = reader.read_byte_record(&mut record);
        if !came.map_err(|_| Broken::Malformed("the CSV can't be read".to_owned()))? {
            return Ok(());
        }
        let to = reader.position().byte() as usize;
        let raw = bytes.get(from..to).unwrap_or_default();
        let ended_by_return = from.checked_sub(1).and_then(|last| bytes.get(last)) == Some(&b'\r');
        row += blank_lines(raw, ended_by_return);
        if to >= bytes.len() && raw.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
            return Err(Broken::Malformed(format!("a quote that opens in row {row} isn't closed")));
        }
        if record.len() > limits.columns {
            return Err(Broken::OverLimit(format!("row {row} has more than {} columns", limits.columns)));
        }
        let read = read_row(text, &record, row);
        cells += read.cells.len();
        if cells > limits.cells {
            return Err(Broken::OverLimit(format!("more than {} cells", limits.cells)));
        }
        if visit(read)? == More::No {
            return Ok(());
        }
        (row, from) = (row + 1, to);
    }
}

fn read_row<'r>(text: &Decoded<'_>, record: &'r ByteRecord, number: usize) -> Row<'r> {
    let filled = record.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    let cell =
        |(column, cell): (usize, &'r [u8])| (column, text.text(cell).map_or(Cell::Unreadable, Cell::Text));
    Row { number, width: Some(record.len()), cells: filled.map(cell).collect() }
}

/// The reader skips blank lines, and begins a row with the line feed that belongs to the return before it.
fn blank_lines(raw: &[u8], ended_by_return: bool) -> usize {
    let mut blank = 0;
    let mut rest = if ended_by_return { raw.strip_prefix(b"\n").unwrap_or(raw) } else { raw };
    while let Some(after) =
        rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).or_else(|| rest.strip_prefix(b"\r"))
    {
        (blank, rest) = (blank + 1, after);
    }
    blank
}

/// A first line `sep=;`, which Excel writes and reads: the rest, and the number of its first row.
fn after_separator_line(bytes: &[u8]) -> (&[u8], usize) {
    match separator_line(bytes) {
        Some((_, line)) => (bytes.get(line..).unwrap_or_default(), 2),
        None => (bytes, 1),
    }
}

fn separator_line(bytes: &[u8]) -> Option<(u8, usize)> {
    let rest = bytes.strip_prefix(b"sep=").or_else(|| bytes.strip_prefix(b"SEP="))?;
    let (separator, rest) = rest.split_first()?;
    let ending = rest.strip_prefix(b"\r\n").map(|_| 2).or_else(|| rest.strip_prefix(b"\n").map(|_| 1))?;
    Some((*separator, 5 + ending))
}

/// Finds the separator: the one under which most of what is looked for is there; among equals the one that cuts most rows into as many cells.
pub(crate) fn separator(text: &Decoded<'_>, limits: &Limits, judge: Judge<'_>) -> u8 {
    if let Some((separator, _)) = separator_line(&text.bytes) {
        return separator;
    }
    let score = |separator: u8| {
        let sample = sample(text, separator, limits);
        let widths: Vec<usize> =
            sample.iter().map(|row| row.cells.last().map_or(0, |(column, _)| column + 1)).collect();
        let wide = |width: usize| widths.iter().filter(|own| **own == width).count();
        let same =
            widths.iter().filter(|width| **width > 1).map(|width| wide(*width)).max().unwrap_or_default();
        (judge(&sample), same, widths.iter().sum::<usize>())
    };
    let scored = SEPARATORS.iter().rev().map(|separator| (score(*separator), *separator));
    scored.max_by_key(|(score, _)| *score).map_or(b';', |(_, separator)| separator)
}

fn sample(text: &Decoded<'_>, separator: u8, limits: &Limits) -> Vec<Row<'static>> {
    let mut sample = Vec::new();
    let limits = &Limits { columns: usize::MAX, ..*limits };
    // What breaks is told when the file is read.
    let _ = rows(text, separator, limits, &mut |row| {
        sample.push(row.owned());
        Ok(if sample.len() < SAMPLE { More::Yes } else { More::No })
    });
    sample
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Encoding;
    use crate::text::decode;

    const LIMITS: Limits =
        Limits { file_bytes: 1000, unpacked_bytes: 1000, rows: 100, columns: 3, cells: 12, files: 1 };

    fn read(bytes: &[u8], separator: u8) -> Result<Vec<(usize, Vec<String>)>, Broken> {
        let text = decode(bytes, Encoding::Found)?;
        let mut read = Vec::new();
        rows(&text, separator, &LIMITS, &mut |row| {
            let text = |(_, cell): &(usize, Cell<'_>)| match cell {
                Cell::Text(text) => text.to_string(),
                _ => "?".to_owned(),
            };
            read.push((row.number, row.cells.iter().map(text).collect()));
            Ok(More::Yes)
        })?;
        Ok(read)
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_does() {
        for ending in ["\n", "\r\n", "\r"] {
            let text = ["a;b", "", "\"1\n2\";x", "", "", "c"].join(ending);
            let numbers: Vec<usize> =
                read(text.as_bytes(), b';').unwrap().iter().map(|(row, _)| *row).collect();
            assert_eq!(numbers, [1, 3, 6], "{ending:?}");
        }
        assert_eq!(read(b"sep=|\r\na|b\r\n", b'|').unwrap(), [(2, vec!["a".to_owned(), "b".to_owned()])]);
    }

    #[test]
    fn quotes_hold_separators_quotes_and_line_breaks() {
        let rows = read(b"\"a;\"\"b\"\"\r\nc\";d\r\n", b';').unwrap();
        assert_eq!(rows, [(1, vec!["a;\"b\"\r\nc".to_owned(), "d".to_owned()])]);
        assert!(
            matches!(read(b"a;b\n\"c;d\ne;f\n", b';'), Err(Broken::Malformed(why)) if why.contains("row 2"))
        );
    }

    #[test]
    fn limits_hold_on_both_sides() {
        assert!(read(b"1,2,3\n", b',').is_ok());
        assert!(matches!(read(b"1,2,3,4\n", b','), Err(Broken::OverLimit(_))));
        assert!(read(&b"1,2,3\n".repeat(4), b',').is_ok());
        assert!(matches!(read(&[&b"1,2,3\n".repeat(4)[..], b"1"].concat(), b','), Err(Broken::OverLimit(_))));
    }

    #[test]
    fn separators_are_found() {
        let found = |text: &[u8]| separator(&decode(text, Encoding::Found).unwrap(), &LIMITS, &|_| 0);
        assert_eq!(found(b"nome;nota\na;\"x, y, z\"\nb;1,5\n"), b';');
        assert_eq!(found(b"nome,nota\na,\"x; y\"\n"), b',');
        assert_eq!(found(b"nome\tnota\na\tb, c\n"), b'\t');
        assert_eq!(found(b"nome|nota\na|b\n"), b'|');
        assert_eq!(found(b"sep=,\nnome;a,b\n"), b',');
    }
}
