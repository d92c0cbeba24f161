//! `operations:` and the manifests it names in; registered operations out, each with its place, or every mistake in the files.
//! Whether the documents fit the graph is the gateway's to say: here they are texts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use raccordo_schema::{Diagnostic, Location};
use serde_json::{Map as JsonMap, Value};

use crate::load::unreadable;
use crate::reader::{Map, Placed};

/// Bytes that one file of registered operations may have.
const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// What a manifest may look like, for whoever wrote another.
const FORMS: &str = "a manifest is `{\"format\": \"apollo-persisted-query-manifest\", \"operations\": [{\"id\", \"body\"}]}` or `{\"id\": \"document\"}`";

/// What registered operations are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registered {
    /// They may be asked for by their id.
    #[default]
    Allow,
    /// Nothing else is answered.
    Required,
    /// They are not read.
    Off,
}

/// One registered operation's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredOperation {
    /// What clients call it.
    pub id: Arc<str>,
    /// Its name in the manifest, where it has one.
    pub name: Option<Arc<str>>,
    /// The document.
    pub text: Arc<str>,
    /// Where it stands. In a file of its own, the file's begin.
    pub at: Location,
}

/// Registered operations, and what is done with them and with documents that clients name by digest.
#[derive(Debug, Clone, Default)]
pub struct Operations {
    /// What registered operations are for.
    pub registered: Registered,
    /// The operations; no two have one id.
    pub documents: Vec<RegisteredOperation>,
    /// Bytes kept for automatic persisted queries; none when they aren't served.
    pub apq_bytes: Option<u64>,
}

/// Reads the section and the files that it names.
pub(crate) fn read_operations(
    section: Option<&Map>,
    folder: &Path,
    found: &mut Vec<Diagnostic>,
) -> Operations {
    let Some(section) = section else { return Operations::default() };
    let registered = match section.values.text("registered") {
        Some("required") => Registered::Required,
        Some("off") => Registered::Off,
        _ => Registered::Allow,
    };
    let manifests = section.texts("manifests");
    if registered == Registered::Required && manifests.is_empty() {
        found.push(
            Diagnostic::error(
                "MISSING_KEY",
                section.values.at("registered"),
                "only registered operations are answered, and none is registered",
            )
            .help("name their manifests in `operations.manifests`"),
        );
    }
    let wanted = if registered == Registered::Off { &[][..] } else { manifests };
    let files = wanted.iter().flat_map(|named| files(named, folder, found)).collect::<Vec<_>>();
    let mut documents = Vec::new();
    for (path, named_at) in &files {
        read_file(path, named_at, &mut documents, found);
    }
    let apq = section.values.flag("apq").unwrap_or(true);
    let apq_bytes = apq.then(|| section.number("apq_bytes") as u64);
    Operations { registered, documents: distinct(documents, found), apq_bytes }
}

/// A file that is named, or those of a folder that is, in the order of their names.
fn files((name, at): &Placed, folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<(PathBuf, Location)> {
    let path = folder.join(&**name);
    if !path.is_dir() {
        return vec![(path, at.clone())];
    }
    let is_known = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("json" | "graphql" | "gql"))
    };
    let listed = std::fs::read_dir(&path).map(|entries| {
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_known).collect();
        paths.sort();
        paths
    });
    match listed {
        Ok(paths) if !paths.is_empty() => paths.into_iter().map(|path| (path, at.clone())).collect(),
        Ok(_) => {
            let message = format!("the folder `{name}` has no registered operations");
            found.push(
                Diagnostic::error("FILE_UNREADABLE", at.clone(), message)
                    .help("it should hold manifests (`.json`) or documents (`.graphql`, `.gql`)"),
            );
            Vec::new()
        }
        Err(error) => {
            found.push(unreadable(&path.display().to_string(), Some(at.clone()), &error));
            Vec::new()
        }
    }
}

fn read_file(
    path: &Path,
    named_at: &Location,
    documents: &mut Vec<RegisteredOperation>,
    found: &mut Vec<Diagnostic>,
) {
    let file = path.display().to_string();
    if std::fs::metadata(path).is_ok_and(|about| about.len() > FILE_BYTES) {
        let message = format!("the file `{file}` is larger than {} MiB", FILE_BYTES / (1024 * 1024));
        found.push(
            Diagnostic::error("FILE_UNREADABLE", named_at.clone(), message).help("split it in several"),
        );
        return;
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            found.push(unreadable(&file, Some(named_at.clone()), &error));
            return;
        }
    };
    if path.extension().is_some_and(|extension| extension == "json") {
        read_manifest(&file, &text, documents, found);
    } else {
        // Its id is its digest, which the gateway knows for every document: the file's name serves people.
        let id = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let at = Location { line: 1, column: 1, ..Location::file(file) };
        documents.push(RegisteredOperation { id: id.into(), name: None, text: text.into(), at });
    }
}

/// A JSON file in one of the known forms.
fn read_manifest(
    file: &str,
    text: &str,
    documents: &mut Vec<RegisteredOperation>,
    found: &mut Vec<Diagnostic>,
) {
    let mut wrong = |line: usize, message: String| {
        let at = Location { line, column: usize::from(line > 0), ..Location::file(file) };
        found.push(Diagnostic::error("WRONG_MANIFEST", at, message).help(FORMS));
    };
    let manifest: JsonMap<String, Value> = match serde_json::from_str(text) {
        Ok(Value::Object(manifest)) => manifest,
        Ok(_) => return wrong(1, "the manifest isn't a JSON object".to_owned()),
        Err(error) => return wrong(error.line(), "the manifest isn't JSON".to_owned()),
    };
    let mut lines = Lines { file, rest: text, line: 1, column: 1 };
    if manifest.contains_key("format") || manifest.contains_key("operations") {
        if manifest.get("format").and_then(Value::as_str) != Some("apollo-persisted-query-manifest")
            || manifest.get("version").and_then(Value::as_u64) != Some(1)
        {
            return wrong(1, "the manifest's `format` and `version` aren't known".to_owned());
        }
        let Some(Value::Array(operations)) = manifest.get("operations") else {
            return wrong(1, "the manifest has no list `operations`".to_owned());
        };
        for (index, operation) in operations.iter().enumerate() {
            let part = |name: &str| operation.get(name).and_then(Value::as_str);
            match (part("id"), part("body")) {
                (Some(id), Some(body)) => documents.push(RegisteredOperation {
                    id: id.into(),
                    name: part("name").map(Arc::from),
                    text: body.into(),
                    at: lines.of(id),
                }),
                _ => wrong(1, format!("operation {} of the manifest has no text `id` or `body`", index + 1)),
            }
        }
        return;
    }
    for (id, body) in &manifest {
        let at = lines.of(id);
        match body {
            Value::String(body) => documents.push(RegisteredOperation {
                id: id.as_str().into(),
                name: None,
                text: body.as_str().into(),
                at,
            }),
            _ => wrong(at.line, format!("`{id}` has no text as its document")),
        }
    }
}

/// Where ids stand in a manifest, asked for in the manifest's order.
struct Lines<'a> {
    file: &'a str,
    /// What comes after the last id.
    rest: &'a str,
    line: usize,
    column: usize,
}

impl Lines<'_> {
    fn of(&mut self, id: &str) -> Location {
        let quoted = Value::from(id).to_string();
        // An id that JSON writes in another way than this is said to stand where the one before it does.
        if let Some((before, rest)) = self.rest.find(&quoted).and_then(|at| self.rest.split_at_checked(at)) {
            self.line += before.bytes().filter(|byte| *byte == b'\n').count();
            self.column = match before.rsplit_once('\n') {
                Some((_, last)) => last.chars().count() + 1,
                None => self.column + before.chars().count(),
            };
            self.rest = rest;
        }
        Location { line: self.line, column: self.column, ..Location::file(self.file) }
    }
}

/// The operations, one for each id. Two manifests may hold the same one.
fn distinct(documents: Vec<RegisteredOperation>, found: &mut Vec<Diagnostic>) -> Vec<RegisteredOperation> {
    let mut kept: Vec<RegisteredOperation> = Vec::with_capacity(documents.len());
    let mut places = std::collections::HashMap::new();
    for document in documents {
        let first = places.get(&document.id).and_then(|index: &usize| kept.get(*index));
        match first {
            None => {
                places.insert(Arc::clone(&document.id), kept.len());
                kept.push(document);
            }
            Some(first) if first.text == document.text => {}
            Some(first) => found.push(
                Diagnostic::error(
                    "WRONG_MANIFEST",
                    document.at,
                    format!("`{}` is registered with another document at {}", document.id, first.at),
                )
                .help("give each document an id of its own"),
            ),
        }
    }
    kept
}
