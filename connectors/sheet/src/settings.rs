//! A source's entry in; where its files are and how they are read out, or every mistake in it. A URL's text is never told: it may hold a password.

use std::path::PathBuf;
use std::time::Duration;

use raccordo_connector_api::{Failure, Key, KeyKind, Source};
use raccordo_connector_web::settings::{authorization_key, http_url, read_authorization};
use raccordo_connector_web::{Client, HeaderMap};
use raccordo_schema::Diagnostic;
use url::Url;

use crate::limits::{BadRows, Decimal, Encoding, Limits, Reading};
use crate::place::Place;

/// The keys of kind `sheet`.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "url",
        kind: KeyKind::Url(&["file", "http", "https"]),
        required: true,
        doc: "Where the files are: `file:fogli/` or `file:fogli/attivita.xlsx`, relative to this file; or an address, that of one file or what \
              `file:` in the SDL is put below.",
    },
    authorization_key("The header `Authorization` of every call, over HTTP: `Bearer ${env.FOGLI_TOKEN}`."),
    number(
        "poll_ms",
        0,
        3_600_000,
        500,
        "Local files: how long after one look at them the next comes. With 0 every question looks.",
    ),
    number(
        "settle_ms",
        0,
        600_000,
        500,
        "Local files: for how long a file must lie untouched before it takes the place of the version that is served.",
    ),
    number(
        "refresh_ms",
        0,
        86_400_000,
        60_000,
        "Addresses: how long after one call the next asks whether the file has changed (`If-None-Match`, `If-Modified-Since`).",
    ),
    number("read_timeout_ms", 100, 600_000, 30_000, "Addresses: how long one call for a file may take."),
    choice("separator", &["auto", "semicolon", "comma", "tab", "pipe"], "What separates the cells of a CSV."),
    choice(
        "encoding",
        &["auto", "utf-8", "windows-1252"],
        "The encoding of a CSV. A byte order mark decides before this does.",
    ),
    choice(
        "decimal",
        &["auto", "comma", "point"],
        "The decimal sign of numbers written as text. `auto` reads each column by what its numbers show, and tells what can be read in two ways.",
    ),
    choice("dates", &["day_first", "month_first"], "What comes first in `1/2/2024`."),
    choice("zone", &["italy", "utc"], "The zone of instants that name none."),
    number("header_rows", 1, 1_000, 50, "In how many of the first rows the header is looked for."),
    choice(
        "bad_rows",
        &["serve", "leave_out", "refuse"],
        "A row with a value that doesn't fit: it is served, and that value is an error; it is left out and counted; or the whole version is refused.",
    ),
    number("file_bytes", 1_024, 536_870_912, 33_554_432, "Bytes of one file."),
    number("unpacked_bytes", 1_024, 2_147_483_648, 268_435_456, "Bytes of a workbook when it is unpacked."),
    number("sheet_rows", 1, 10_000_000, 200_000, "Rows of one table, all its files together."),
    number("sheet_columns", 1, 16_384, 1_024, "Columns of one sheet."),
    number("sheet_cells", 1, 100_000_000, 5_000_000, "Cells of one sheet that aren't empty."),
    number("files", 1, 10_000, 100, "Files of one folder or pattern that are one table."),
];

const fn number(name: &'static str, min: u64, max: u64, default: u64, doc: &'static str) -> Key {
    Key { name, kind: KeyKind::Integer { min, max, default }, required: false, doc }
}

const fn choice(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Key {
    Key { name, kind: KeyKind::Choice(words), required: false, doc }
}

/// An entry that was read.
pub(crate) struct Settled {
    pub(crate) place: Address,
    pub(crate) interval: Duration,
    pub(crate) reading: Reading,
}

/// Where files are, before anything is opened.
pub(crate) enum Address {
    Local { path: PathBuf, settle: Duration },
    Web { url: Url, headers: HeaderMap, timeout: Duration },
}

impl Address {
    /// Whether it is over HTTP.
    pub(crate) fn is_web(&self) -> bool {
        matches!(self, Self::Web { .. })
    }

    /// What looks are made with.
    pub(crate) fn open(&self) -> Result<Place, Failure> {
        Ok(match self {
            Self::Local { path, settle } => Place::Local { path: path.clone(), settle: *settle },
            Self::Web { url, headers, timeout } => {
                Place::Web { url: url.clone(), client: Client::new(url, headers.clone())?, timeout: *timeout }
            }
        })
    }
}

/// Reads the settings; mistakes go to `found`.
pub(crate) fn read(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Option<Settled> {
    let text = source.settings.text("url").unwrap_or_default();
    let millis = |name: &str| Duration::from_millis(integer(source, name));
    let place = match text.strip_prefix("file:") {
        Some(path) => local(path).map(|path| Address::Local { path, settle: millis("settle_ms") }),
        None => http_url(text).filter(|url| url.fragment().is_none() && !url.cannot_be_a_base()).map(|url| {
            let mut headers = HeaderMap::new();
            read_authorization(source, &mut headers, found);
            Address::Web { url, headers, timeout: millis("read_timeout_ms") }
        }),
    };
    let Some(place) = place else {
        let message = format!("`url` of source `{}` is neither a file nor an address", source.name);
        found.push(
            Diagnostic::error("SETTING_INVALID", source.settings.at("url"), message)
                .help("write `file:fogli/`, `file:fogli/attivita.csv` or `https://host/attivita.csv`"),
        );
        return None;
    };
    if source.settings.text("authorization").is_some() && !place.is_web() {
        let message =
            format!("`authorization` of source `{}` is for addresses, and `url` is a file", source.name);
        found.push(
            Diagnostic::error("SETTING_INVALID", source.settings.at("authorization"), message)
                .help("remove it"),
        );
    }
    let interval = millis(if place.is_web() { "refresh_ms" } else { "poll_ms" });
    Some(Settled { place, interval, reading: reading(source) })
}

/// How a file is read when nobody says anything.
pub(crate) fn defaults() -> Reading {
    let default = |name: &str| usize::try_from(default(name)).unwrap_or(usize::MAX);
    Reading {
        separator: None,
        encoding: Encoding::Found,
        decimal: None,
        day_first: true,
        italian_time: true,
        header_rows: default("header_rows"),
        bad_rows: BadRows::Serve,
        limits: Limits {
            file_bytes: default("file_bytes"),
            unpacked_bytes: default("unpacked_bytes"),
            rows: default("sheet_rows"),
            columns: default("sheet_columns"),
            cells: default("sheet_cells"),
            files: default("files"),
        },
    }
}

/// The default of a key that is a number.
fn default(name: &str) -> u64 {
    KEYS.iter().find(|key| key.name == name).map_or(0, |key| match key.kind {
        KeyKind::Integer { default, .. } => default,
        _ => 0,
    })
}

/// A key's number, or its default.
fn integer(source: Source<'_>, name: &str) -> u64 {
    source.settings.integer(name).unwrap_or_else(|| default(name))
}

fn reading(source: Source<'_>) -> Reading {
    let word = |name: &str| source.settings.text(name).unwrap_or_default();
    let count = |name: &str| usize::try_from(integer(source, name)).unwrap_or(usize::MAX);
    Reading {
        separator: match word("separator") {
            "semicolon" => Some(b';'),
            "comma" => Some(b','),
            "tab" => Some(b'\t'),
            "pipe" => Some(b'|'),
            _ => None,
        },
        encoding: match word("encoding") {
            "utf-8" => Encoding::Utf8,
            "windows-1252" => Encoding::Windows1252,
            _ => Encoding::Found,
        },
        decimal: match word("decimal") {
            "comma" => Some(Decimal::Comma),
            "point" => Some(Decimal::Point),
            _ => None,
        },
        day_first: word("dates") != "month_first",
        italian_time: word("zone") != "utc",
        header_rows: count("header_rows"),
        bad_rows: match word("bad_rows") {
            "leave_out" => BadRows::LeaveOut,
            "refuse" => BadRows::Refuse,
            _ => BadRows::Serve,
        },
        limits: Limits {
            file_bytes: count("file_bytes"),
            unpacked_bytes: count("unpacked_bytes"),
            rows: count("sheet_rows"),
            columns: count("sheet_columns"),
            cells: count("sheet_cells"),
            files: count("files"),
        },
    }
}

/// The path of a `file:` URL, percent-encoded bytes decoded.
pub(crate) fn local(rest: &str) -> Option<PathBuf> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.as_bytes();
    while let Some((byte, after)) = left.split_first() {
        let hexadecimal =
            after.get(..2).filter(|_| *byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                left = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                left = after;
            }
        }
    }
    let path = String::from_utf8(bytes).ok()?;
    (!path.is_empty() && !path.contains('\0')).then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded() {
        for (text, path) in
            [("fogli/a b.csv", "fogli/a b.csv"), ("/x%25/y%3Fz", "/x%/y?z"), ("///x", "/x"), ("100%", "100%")]
        {
            assert_eq!(local(text), Some(PathBuf::from(path)), "{text}");
        }
        for wrong in ["", "//", "a%00b", "%ff"] {
            assert_eq!(local(wrong), None, "{wrong}");
        }
    }
}
