//! A workbook's archive in; what may be read of it out, once every part was unpacked within the limits. Nothing is trusted that the archive says of
//! itself: neither sizes nor counts.

use std::io::{Cursor, Read};

use bytes::Bytes;
use zip::ZipArchive;

use crate::limits::Limits;
use crate::trouble::Broken;

/// Parts of one workbook. Real ones have some dozens.
const PARTS: usize = 10_000;
/// A declaration of a document type stands before the first element.
const PROLOGUE: usize = 4096;

/// An archive.
pub(crate) type Archive = ZipArchive<Cursor<Bytes>>;

/// Opens an archive.
///
/// # Errors
/// `Malformed`, for one that is cut off or damaged; `OverLimit`.
pub(crate) fn open(bytes: Bytes) -> Result<Archive, Broken> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    match archive.len() > PARTS {
        true => Err(Broken::OverLimit(format!("the workbook has more than {PARTS} parts"))),
        false => Ok(archive),
    }
}

/// Unpacks every part of an XLSX once, to see that it can be read: within the limit of bytes, without a document type of its own, and without
/// announcing more strings than it can hold.
///
/// # Errors
/// `OverLimit`, `Malformed`.
pub(crate) fn check(archive: &mut Archive, limits: &Limits) -> Result<(), Broken> {
    let mut left = limits.unpacked_bytes;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| damaged())?;
        let name = part.name().map_err(|_| damaged())?.to_ascii_lowercase();
        let is_strings = name.ends_with("sharedstrings.xml");
        let unpacked = unpack(&mut part, left, limits, |bytes| is_strings || bytes < PROLOGUE)?;
        left -= unpacked.size;
        no_document_type(&unpacked.kept)?;
        if is_strings {
            announced(&unpacked.kept, unpacked.size)?;
        }
    }
    Ok(())
}

/// One part, whole.
///
/// # Errors
/// `OverLimit`, `Malformed`; the part is missing.
pub(crate) fn part(archive: &mut Archive, name: &str, limits: &Limits) -> Result<Vec<u8>, Broken> {
    let mut part = archive.by_name(name).map_err(|_| damaged())?;
    let unpacked = unpack(&mut part, limits.unpacked_bytes, limits, |_| true)?;
    no_document_type(unpacked.kept.get(..PROLOGUE).unwrap_or(&unpacked.kept))?;
    Ok(unpacked.kept)
}

struct Unpacked {
    size: usize,
    kept: Vec<u8>,
}

/// Reads a part to its end; `keep` says, by how much there is, whether more is kept.
fn unpack(
    part: &mut impl Read,
    left: usize,
    limits: &Limits,
    keep: impl Fn(usize) -> bool,
) -> Result<Unpacked, Broken> {
    let (mut size, mut kept, mut chunk) = (0_usize, Vec::new(), vec![0_u8; 64 * 1024]);
    loop {
        let came = part.read(&mut chunk).map_err(|_| damaged())?;
        if came == 0 {
            return Ok(Unpacked { size, kept });
        }
        if keep(size) {
            kept.extend_from_slice(chunk.get(..came).unwrap_or_default());
        }
        size += came;
        if size > left {
            return Err(Broken::OverLimit(format!(
                "the workbook has more than {} bytes when it is unpacked",
                limits.unpacked_bytes
            )));
        }
    }
}

/// Workbooks declare no entities. Whoever does means harm.
fn no_document_type(prologue: &[u8]) -> Result<(), Broken> {
    match prologue.windows(9).take(PROLOGUE).any(|bytes| bytes == b"<!DOCTYPE") {
        true => {
            Err(Broken::Malformed("a part of the workbook declares a document type, as none does".to_owned()))
        }
        false => Ok(()),
    }
}

/// The reader of strings makes room for as many as are announced. Each takes five bytes at least.
fn announced(strings: &[u8], size: usize) -> Result<(), Broken> {
    let mut rest = strings;
    while let Some(at) = rest.windows(11).position(|bytes| bytes == b"uniqueCount") {
        rest = rest.get(at + 11..).unwrap_or_default();
        let digits: String = rest
            .iter()
            .take(32)
            .skip_while(|byte| !byte.is_ascii_digit())
            .take_while(|byte| byte.is_ascii_digit())
            .map(|byte| char::from(*byte))
            .collect();
        if digits.parse::<usize>().map_or(!digits.is_empty(), |count| count > size / 5 + 1) {
            let why = "the workbook announces more strings than it can hold";
            return Err(Broken::Malformed(why.to_owned()));
        }
    }
    Ok(())
}

/// What is said of every damage: the library's own words may quote names.
pub(crate) fn damaged() -> Broken {
    Broken::Malformed("the workbook is cut off or damaged: it can't be unpacked".to_owned())
}
