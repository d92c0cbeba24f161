//! Where a source's files are; whether they changed since, and their bytes when they did. No path and no URL is ever in an error: the file's
//! declared name is.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use raccordo_connector_api::{Failure, FailureKind, Limits as Bounds, Meter, Origin};
use raccordo_connector_web::header::{ACCEPT, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use raccordo_connector_web::{Answer, Call, Client, HeaderValue, check_status};
use tokio::time::Instant;
use url::Url;

use crate::limits::Limits;
use crate::trouble::Broken;

/// Where the files are.
pub(crate) enum Place {
    /// A file, or a folder.
    Local { path: PathBuf, settle: Duration },
    /// The address of a file, or what file names are put below.
    Web { url: Url, client: Client, timeout: Duration },
}

/// What a file was like when it was looked at: another look compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stamp {
    Local(Vec<FileStamp>),
    Web { etag: Option<HeaderValue>, modified: Option<HeaderValue> },
}

/// One local file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileStamp {
    path: PathBuf,
    modified: SystemTime,
    length: u64,
    /// A file that was put in another's place has another number.
    inode: u64,
}

/// What a look found.
pub(crate) enum Look {
    /// What is known already.
    Same,
    /// Somebody is writing: ask again.
    NotYet,
    /// Files with their names, and when they were changed last.
    New { files: Vec<(String, Bytes)>, stamp: Stamp, changed: SystemTime },
}

/// The endings of the files that a folder's table is made of.
const ENDINGS: [&str; 5] = ["csv", "tsv", "txt", "xlsx", "ods"];

impl Place {
    /// Looks at a volume's files, and reads them if they aren't those that `known` tells of.
    ///
    /// # Errors
    /// Why they can't be read.
    pub(crate) async fn look(
        &self,
        file: Option<&str>,
        known: Option<Stamp>,
        limits: Limits,
    ) -> Result<Look, Broken> {
        match self {
            Self::Local { path, settle } => {
                let (path, file, settle) = (path.clone(), file.map(str::to_owned), *settle);
                let look = move || look_local(&path, file.as_deref(), known.as_ref(), settle, &limits);
                let looked = tokio::task::spawn_blocking(look).await;
                looked.map_err(|_| Broken::Unreachable("the files can't be read".to_owned()))?
            }
            Self::Web { url, client, timeout } => {
                look_web(url, client, file, known, Instant::now() + *timeout, &limits).await
            }
        }
    }
}

fn look_local(
    path: &Path,
    file: Option<&str>,
    known: Option<&Stamp>,
    settle: Duration,
    limits: &Limits,
) -> Result<Look, Broken> {
    let stamps = stamps(path, file, limits)?;
    let changed = stamps.iter().map(|stamp| stamp.modified).max().unwrap_or(SystemTime::UNIX_EPOCH);
    let stamp = Stamp::Local(stamps);
    match known {
        Some(known) if *known == stamp => return Ok(Look::Same),
        // What was changed a moment ago may still be in the writing. A clock that is wrong must not keep it waiting for ever.
        Some(_) if changed.elapsed().is_ok_and(|age| age < settle) => return Ok(Look::NotYet),
        _ => {}
    }
    let Stamp::Local(found) = &stamp else { return Ok(Look::Same) };
    let mut files = Vec::with_capacity(found.len());
    for one in found {
        let name = one.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.push((name, read(one, limits)?));
    }
    match self::stamps(path, file, limits)? == *found {
        true => Ok(Look::New { files, stamp, changed }),
        false => Err(Broken::Moving),
    }
}

/// The files of a volume, by name.
fn stamps(path: &Path, file: Option<&str>, limits: &Limits) -> Result<Vec<FileStamp>, Broken> {
    let at = file.map_or_else(|| path.to_owned(), |file| path.join(file));
    let pattern = at
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|name| file.is_some() && name.contains(['*', '?']));
    let Some(pattern) = pattern else {
        let metadata = fs::metadata(&at).map_err(|error| missing(&error))?;
        return match metadata.is_dir() && file.is_none() {
            true => folder(&at, None, limits),
            false if metadata.is_file() => Ok(vec![stamp(at, &metadata)?]),
            false => Err(Broken::Unreachable("what stands there isn't a file".to_owned())),
        };
    };
    folder(at.parent().unwrap_or(path), Some(pattern), limits)
}

fn folder(at: &Path, pattern: Option<&str>, limits: &Limits) -> Result<Vec<FileStamp>, Broken> {
    let mut found = Vec::new();
    for entry in fs::read_dir(at).map_err(|error| missing(&error))? {
        let path = entry.map_err(|error| missing(&error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        // Programs leave `~$x.xlsx` and `.~lock.x.ods#` beside what they have open.
        let is_other = name.starts_with(['.', '~']) || pattern.is_some_and(|pattern| !matches(pattern, name));
        let is_sheet = pattern.is_some() || ending.is_some_and(|ending| ENDINGS.contains(&&*ending));
        if is_other || !is_sheet {
            continue;
        }
        let metadata = fs::metadata(&path).map_err(|error| missing(&error))?;
        if metadata.is_file() {
            found.push(stamp(path, &metadata)?);
        }
        if found.len() > limits.files {
            return Err(Broken::OverLimit(format!("more than {} files", limits.files)));
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    match found.is_empty() {
        true => Err(Broken::Unreachable("the folder holds no file of that name".to_owned())),
        false => Ok(found),
    }
}

/// `*` is any text, `?` any letter.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < name.len() {
        match pattern.get(at) {
            Some('*') => (star, at) = (Some((at + 1, from)), at + 1),
            Some(own) if *own == '?' || Some(own) == name.get(from) => (at, from) = (at + 1, from + 1),
            _ => match star {
                Some((after, began)) => (at, from, star) = (after, began + 1, Some((after, began + 1))),
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|left| *left == '*')
}

fn stamp(path: PathBuf, metadata: &Metadata) -> Result<FileStamp, Broken> {
    let modified = metadata.modified().map_err(|error| missing(&error))?;
    Ok(FileStamp { path, modified, length: metadata.len(), inode: inode(metadata) })
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

fn read(file: &FileStamp, limits: &Limits) -> Result<Bytes, Broken> {
    let over = || Broken::OverLimit(format!("the file has more than {} bytes", limits.file_bytes));
    if file.length > limits.file_bytes as u64 {
        return Err(over());
    }
    let opened = File::open(&file.path).map_err(|error| missing(&error))?;
    let mut bytes = Vec::with_capacity(file.length as usize);
    opened.take(limits.file_bytes as u64 + 1).read_to_end(&mut bytes).map_err(|error| missing(&error))?;
    if bytes.len() > limits.file_bytes { Err(over()) } else { Ok(bytes.into()) }
}

fn missing(error: &std::io::Error) -> Broken {
    match error.kind() {
        ErrorKind::NotFound => Broken::Unreachable("there is no such file".to_owned()),
        ErrorKind::PermissionDenied => {
            Broken::Refused("the file may not be read by the gateway's account".to_owned())
        }
        kind => Broken::Unreachable(format!("the file can't be read: {kind}")),
    }
}

async fn look_web(
    url: &Url,
    client: &Client,
    file: Option<&str>,
    known: Option<Stamp>,
    deadline: Instant,
    limits: &Limits,
) -> Result<Look, Broken> {
    let mut call = Call::get(below(url, file)).header(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(Stamp::Web { etag, modified }) = &known {
        let conditions = [(IF_NONE_MATCH, etag), (IF_MODIFIED_SINCE, modified)];
        for (name, value) in conditions.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))) {
            call = call.header(name, value);
        }
    }
    let bounds = Bounds { reply_bytes: limits.file_bytes, ..Bounds::default() };
    let answer =
        client.call(call, &Origin::default(), deadline, &bounds, &Meter::default()).await.map_err(broken)?;
    if answer.status.as_u16() == 304 && known.is_some() {
        return Ok(Look::Same);
    }
    if answer.status.as_u16() == 404 || answer.status.as_u16() == 410 {
        return Err(Broken::Unreachable(format!(
            "answered {}: there is no such file",
            answer.status.as_u16()
        )));
    }
    check_status(answer.status).map_err(broken)?;
    let Answer { headers, body, .. } = answer;
    let stamp =
        Stamp::Web { etag: headers.get(ETAG).cloned(), modified: headers.get(LAST_MODIFIED).cloned() };
    let changed = headers.get(LAST_MODIFIED).and_then(|value| value.to_str().ok()).and_then(http_date);
    let name = file.map_or("the sheet", |file| file).to_owned();
    Ok(Look::New { files: vec![(name, body)], stamp, changed: changed.unwrap_or_else(SystemTime::now) })
}

/// A file's address: its name below the source's, each part of it encoded.
fn below(url: &Url, file: Option<&str>) -> Url {
    let mut whole = url.clone();
    if let (Some(file), Ok(mut path)) = (file, whole.path_segments_mut()) {
        path.pop_if_empty().extend(file.split('/'));
    }
    whole
}

fn broken(failure: Failure) -> Broken {
    match failure.kind {
        FailureKind::TimedOut => Broken::TimedOut(failure.detail),
        FailureKind::Malformed => Broken::Malformed(failure.detail),
        FailureKind::OverLimit => Broken::OverLimit(failure.detail),
        FailureKind::Refused => Broken::Refused(failure.detail),
        FailureKind::Unreachable | FailureKind::BadInput | FailureKind::Internal => {
            Broken::Unreachable(failure.detail)
        }
    }
}

/// RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<SystemTime> {
    // The day of the week says nothing, and some servers have it wrong.
    let (_, text) = text.split_once(", ")?;
    let parsed = chrono::NaiveDateTime::parse_from_str(text.trim(), "%d %b %Y %H:%M:%S GMT").ok()?;
    let seconds = u64::try_from(parsed.and_utc().timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in
            [("*.csv", "a.csv"), ("a*b*.ods", "axxbyy.ods"), ("a?.csv", "aè.csv"), ("*", "x"), ("a**", "a")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.csv", "a.csv.bak"), ("a?.csv", "a.csv"), ("a*b", "ac"), ("?", "")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn names_are_put_below_an_address() {
        let url = Url::parse("https://x.example/dati/?v=1").unwrap();
        assert_eq!(below(&url, Some("a b/c?.csv")).as_str(), "https://x.example/dati/a%20b/c%3F.csv?v=1");
        assert_eq!(below(&url, None), url);
    }

    #[test]
    fn http_dates_are_instants() {
        let seconds = http_date("Sun, 06 Nov 1994 08:49:37 GMT")
            .unwrap()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        assert_eq!(seconds, 784_111_777);
        assert_eq!(http_date("yesterday"), None);
    }
}
