//! A text with `${env.NAME}` and `${file:PATH}`, and where to look them up, in; the text with their values out. Reads no environment by
//! itself, and no file but those that the text names.

use std::path::Path;

use raccordo_schema::{Diagnostic, Location};

use crate::load::unreadable;
use crate::reader::Surroundings;

/// Looks a variable of the environment up.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// Bytes that a file named by `${file:PATH}` may have: keys and chains of certificates are far smaller.
const FILE_BYTES: u64 = 256 * 1024;

/// Puts values in place, each once: what a value holds isn't read again. `$${` stands for a literal `${`.
///
/// Nothing when something is wrong: every variable that isn't set, file that can't be read and `${…}` that is something else goes to
/// `found`. Values are never part of a message.
pub(crate) fn interpolate(
    text: &str,
    at: &Location,
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<String> {
    let (mut out, mut good, mut rest) = (String::new(), true, text);
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(literal) = before.strip_suffix('$') {
            out.push_str(literal);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let Some((inner, tail)) = after.split_once('}') else {
            found.push(not_a_variable(at, "${…", "a `${` isn't closed"));
            return None;
        };
        match value(inner, at, around, found) {
            Some(value) => out.push_str(&value),
            None => good = false,
        }
        rest = tail;
    }
    out.push_str(rest);
    good.then_some(out)
}

/// What stands for one `${…}`.
fn value(
    inner: &str,
    at: &Location,
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<String> {
    if let Some(path) = inner.strip_prefix("file:").filter(|path| !path.trim().is_empty()) {
        return file(path.trim(), at, around.folder, found);
    }
    let Some(name) = inner.strip_prefix("env.").filter(|name| is_name(name)) else {
        found.push(not_a_variable(at, &format!("${{{inner}}}"), "it is neither a variable nor a file"));
        return None;
    };
    let value = (around.lookup)(name);
    if value.is_none() {
        found.push(missing(at, name));
    }
    value
}

/// A file's text without the line feed at its end, as editors and `echo` write it.
fn file(path: &str, at: &Location, folder: &Path, found: &mut Vec<Diagnostic>) -> Option<String> {
    let whole = folder.join(path);
    let told = |error: &std::io::Error| unreadable(path, Some(at.clone()), error);
    let about = match std::fs::metadata(&whole) {
        Ok(about) => about,
        Err(error) => {
            found.push(told(&error));
            return None;
        }
    };
    if about.len() > FILE_BYTES {
        let message = format!("the file `{path}` has more than {FILE_BYTES} bytes");
        found.push(
            Diagnostic::error("FILE_UNREADABLE", at.clone(), message)
                .help("name a file that holds the value and nothing else"),
        );
        return None;
    }
    match std::fs::read_to_string(&whole) {
        Ok(text) => {
            found.extend(readable_by_others(path, at, &about));
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Some(text.strip_suffix('\r').unwrap_or(text).to_owned())
        }
        Err(error) => {
            found.push(told(&error));
            None
        }
    }
}

#[cfg(unix)]
fn readable_by_others(path: &str, at: &Location, about: &std::fs::Metadata) -> Option<Diagnostic> {
    use std::os::unix::fs::PermissionsExt as _;
    let open = about.permissions().mode() & 0o004 != 0;
    open.then(|| {
        let message = format!("every user of this machine can read the file `{path}`");
        Diagnostic::warning("FILE_PERMISSIONS", at.clone(), message)
            .help("where it holds a secret, take the right from others: `chmod o= FILE`")
    })
}

#[cfg(not(unix))]
fn readable_by_others(_: &str, _: &Location, _: &std::fs::Metadata) -> Option<Diagnostic> {
    None
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn missing(at: &Location, name: &str) -> Diagnostic {
    Diagnostic::error(
        "MISSING_ENVIRONMENT",
        at.clone(),
        format!("`${{env.{name}}}` is not set in the environment"),
    )
    .help(format!("set `{name}` before you start, or write the value here"))
}

fn not_a_variable(at: &Location, text: &str, why: &str) -> Diagnostic {
    Diagnostic::error("WRONG_VALUE", at.clone(), format!("`{text}` can't be read: {why}"))
        .help("write `${env.NAME}` or `${file:PATH}`, or `$${` for a literal `${`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(text: &str, folder: &Path) -> (Option<String>, Vec<&'static str>) {
        let lookup = |name: &str| (name == "A").then(|| "uno}${env.B}".to_owned());
        let around = Surroundings { lookup: &lookup, folder };
        let mut found = Vec::new();
        let out = interpolate(text, &Location::file("c.yaml"), &around, &mut found);
        (out, found.iter().map(|told| told.rule).collect())
    }

    fn with(text: &str) -> Result<String, Vec<&'static str>> {
        let (out, found) = in_folder(text, Path::new(""));
        out.ok_or(found)
    }

    #[test]
    fn values_are_put_in_place_once() {
        assert_eq!(with("x").as_deref(), Ok("x"));
        assert_eq!(with("<${env.A}>").as_deref(), Ok("<uno}${env.B}>"), "a value is not read again");
        assert_eq!(with("$${env.A}").as_deref(), Ok("${env.A}"));
        assert_eq!(with("10 $ e {x}").as_deref(), Ok("10 $ e {x}"));
    }

    #[test]
    fn every_mistake_is_told() {
        assert_eq!(
            with("${env.B} ${env.C} ${altro} ${file:} ${file:manca}"),
            Err(vec![
                "MISSING_ENVIRONMENT",
                "MISSING_ENVIRONMENT",
                "WRONG_VALUE",
                "WRONG_VALUE",
                "FILE_UNREADABLE"
            ])
        );
        assert_eq!(with("${env.A"), Err(vec!["WRONG_VALUE"]));
        assert_eq!(with("${env.1A}"), Err(vec!["WRONG_VALUE"]));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_stands_for_its_text_without_its_last_line_feed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8], mode: u32| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        write("chiave", b"${env.A}\n\n", 0o600);
        write("aperta", b"x\r\n", 0o644);
        write("giusta", &vec![b'x'; FILE_BYTES as usize], 0o600);
        write("grande", &vec![b'x'; FILE_BYTES as usize + 1], 0o600);
        let read = |text: &str| in_folder(text, folder.path());
        assert_eq!(read("Bearer ${file:chiave}"), (Some("Bearer ${env.A}\n".into()), vec![]));
        assert_eq!(read("${file:aperta}"), (Some("x".into()), vec!["FILE_PERMISSIONS"]));
        assert_eq!(read("${file:giusta}").1, Vec::<&str>::new());
        assert_eq!(read("${file:grande}"), (None, vec!["FILE_UNREADABLE"]));
        assert_eq!(read("${file:.}"), (None, vec!["FILE_UNREADABLE"]));
    }
}
