//! A request's text or its reference in; the document's text out. Registered operations (trusted documents), and those that clients
//! name by digest after sending them once (automatic persisted queries).
//!
//! Of what clients send only valid documents without values are kept, in our own printing: a document may hold a codice fiscale among
//! its literals, and this store outlives the request.

use std::sync::Arc;

use apollo_compiler::ast;
use moka::sync::Cache;
use raccordo_config::{Operations, Registered, RegisteredOperation};
use raccordo_schema::{Diagnostic, Location};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use super::measure::directives;
use super::{Limits, parse, prove};
use crate::code::Code;
use crate::graph::Graph;
use crate::request::{Reference, Refusal};

/// Digits of a number from which on it may be an identifier, as the eleven of a provisional codice fiscale are.
const IDENTIFYING: usize = 9;
/// What a kept document weighs beside its text, in bytes.
const WEIGHT: u32 = 128;

/// SHA-256 of a text.
type Digest = [u8; 32];

/// The documents that requests may name.
pub struct Documents {
    required: bool,
    by_id: FxHashMap<Arc<str>, Arc<Document>>,
    by_text: FxHashMap<Digest, Arc<Document>>,
    sent: Option<Cache<Digest, Arc<str>>>,
}

/// A registered operation's document.
struct Document {
    name: Option<Arc<str>>,
    text: Arc<str>,
}

/// The text that a request means.
pub(crate) struct Resolved<'r> {
    text: Text<'r>,
    registered: Option<&'r Document>,
    keep: Option<Digest>,
}

enum Text<'r> {
    Sent(&'r str),
    Known(Arc<str>),
}

impl Resolved<'_> {
    /// The document.
    pub(crate) fn text(&self) -> &str {
        match &self.text {
            Text::Sent(text) => text,
            Text::Known(text) => text,
        }
    }

    /// It is registered: an operator wrote it.
    pub(crate) fn is_registered(&self) -> bool {
        self.registered.is_some()
    }

    /// It is to be kept under the digest that came with it, once it is found to be right.
    pub(crate) fn is_to_be_kept(&self) -> bool {
        self.keep.is_some()
    }

    /// The name of the operation that was chosen, where it is registered: others are the client's words.
    pub(super) fn name(&self, chosen: Option<&str>) -> Option<Arc<str>> {
        let document = self.registered?;
        chosen.map(Arc::from).or_else(|| document.name.clone())
    }
}

impl Default for Documents {
    /// None but those that come with the request.
    fn default() -> Self {
        Self { required: false, by_id: FxHashMap::default(), by_text: FxHashMap::default(), sent: None }
    }
}

impl Documents {
    /// Reads the registered operations of a configuration.
    ///
    /// # Errors
    /// Every operation that isn't GraphQL, doesn't fit the graph or is over a limit.
    pub fn read(graph: &Graph, limits: &Limits, operations: &Operations) -> Result<Self, Vec<Diagnostic>> {
        let found: Vec<Diagnostic> =
            operations.documents.iter().flat_map(|document| mistakes(graph, limits, document)).collect();
        if !found.is_empty() {
            return Err(found);
        }
        let mut documents = Self {
            required: operations.registered == Registered::Required,
            sent: operations.apq_bytes.map(|bytes| {
                let weigh = |_: &Digest, text: &Arc<str>| (text.len() as u32).saturating_add(WEIGHT);
                Cache::builder().weigher(weigh).max_capacity(bytes).build()
            }),
            ..Self::default()
        };
        for registered in &operations.documents {
            let document =
                Arc::new(Document { name: registered.name.clone(), text: Arc::clone(&registered.text) });
            let digest = digest(&document.text);
            documents.by_id.insert(Arc::clone(&registered.id), Arc::clone(&document));
            documents.by_text.entry(digest).or_insert(document);
        }
        Ok(documents)
    }

    /// The text that a request means.
    ///
    /// # Errors
    /// `OPERATION_NOT_REGISTERED`, `PERSISTED_QUERY_NOT_FOUND`, `BAD_USER_INPUT` for a digest that isn't the document's.
    pub(super) fn resolve<'r>(
        &'r self,
        query: &'r str,
        reference: Option<&Reference>,
    ) -> Result<Resolved<'r>, Refusal> {
        let named = reference.and_then(|reference| self.registered(reference));
        let sent = Resolved { text: Text::Sent(query), registered: None, keep: None };
        match (reference, named, query.is_empty()) {
            (_, Some(document), true) => Ok(known(document)),
            (_, Some(document), false) if *document.text == *query => Ok(known(document)),
            (_, None, false) if self.required => match self.by_text.get(&digest(query)) {
                Some(document) => Ok(known(document)),
                None => Err(not_registered()),
            },
            _ if self.required => Err(not_registered()),
            (None, _, _) => Ok(sent),
            (Some(reference), _, false) => self.check(query, reference).map(|keep| Resolved { keep, ..sent }),
            (Some(reference), None, true) => self.kept(reference),
        }
    }

    fn registered(&self, reference: &Reference) -> Option<&Document> {
        let (Reference::Digest(id) | Reference::Id(id)) = reference;
        if let Some(document) = self.by_id.get(id.as_str()) {
            return Some(document);
        }
        // Every registered document may be named by its digest too, whatever its id.
        self.by_text.get(&read_digest(id.strip_prefix("sha256:").unwrap_or(id))?).map(|document| &**document)
    }

    /// A document that a client sent before.
    fn kept<'r>(&self, reference: &Reference) -> Result<Resolved<'r>, Refusal> {
        let refuse = |message: &str| Err(Refusal::new(Code::PERSISTED_QUERY_NOT_FOUND, message));
        // Clients know these two messages.
        let (Reference::Digest(id), Some(sent)) = (reference, &self.sent) else {
            return refuse("PersistedQueryNotSupported");
        };
        match read_digest(id).and_then(|digest| sent.get(&digest)) {
            Some(text) => Ok(Resolved { text: Text::Known(text), registered: None, keep: None }),
            None => refuse("PersistedQueryNotFound"),
        }
    }

    /// Compares a document with its digest. What comes back is what it may be kept under.
    fn check(&self, query: &str, reference: &Reference) -> Result<Option<Digest>, Refusal> {
        let (Reference::Digest(id), Some(_)) = (reference, &self.sent) else { return Ok(None) };
        let digest = digest(query);
        match read_digest(id) {
            Some(given) if given == digest => Ok(Some(digest)),
            _ => Err(Refusal::new(
                Code::BAD_USER_INPUT,
                "`sha256Hash` isn't the SHA-256 of `query`, in hexadecimal",
            )),
        }
    }

    /// Keeps a document that proved valid, for who names it by its digest.
    pub(super) fn keep(&self, resolved: &Resolved<'_>, document: &ast::Document) {
        if let (Some(sent), Some(digest)) = (&self.sent, resolved.keep)
            && !holds_values(document)
        {
            sent.insert(digest, document.serialize().no_indent().to_string().into());
        }
    }
}

fn known(document: &Document) -> Resolved<'_> {
    Resolved { text: Text::Known(Arc::clone(&document.text)), registered: Some(document), keep: None }
}

fn not_registered() -> Refusal {
    Refusal::new(
        Code::OPERATION_NOT_REGISTERED,
        "only registered operations are answered here; ask the gateway's operator to register this one",
    )
}

fn digest(text: &str) -> Digest {
    Sha256::digest(text.as_bytes()).into()
}

/// A digest from its 64 hexadecimal digits.
fn read_digest(text: &str) -> Option<Digest> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let mut digest = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(digest)
}

/// What is wrong with a registered operation: all of it, at its place.
fn mistakes(graph: &Graph, limits: &Limits, registered: &RegisteredOperation) -> Vec<Diagnostic> {
    let refused = parse(limits, &registered.text)
        .and_then(|document| prove(graph, limits, &document))
        .err()
        .map(|refusal| refusal.errors)
        .unwrap_or_default();
    let name = registered.name.as_deref().unwrap_or(&registered.id);
    let diagnostics = refused.into_iter().map(|error| {
        let place = error.locations.first();
        let own_file = !registered.at.file.ends_with(".json");
        let (at, within) = match place {
            Some((line, column)) if own_file => {
                (Location { line: *line, column: *column, ..registered.at.clone() }, String::new())
            }
            Some((line, column)) => {
                (registered.at.clone(), format!(" (line {line}, column {column} of its text)"))
            }
            None => (registered.at.clone(), String::new()),
        };
        let message = format!("the registered operation `{name}`: {}{within}", error.message);
        Diagnostic::error("REGISTERED_OPERATION", at, message)
            .help("it would be refused when it is asked for: mend it, or take it out of the manifest")
    });
    diagnostics.collect()
}

/// Whether a document holds anything that may be about somebody: texts, and numbers as long as identifiers.
fn holds_values(document: &ast::Document) -> bool {
    document.definitions.iter().any(|definition| match definition {
        ast::Definition::OperationDefinition(operation) => {
            let defaults = operation.variables.iter().any(|variable| {
                variable.default_value.as_deref().is_some_and(is_telling) || telling(&variable.directives)
            });
            defaults || telling(&operation.directives) || any(&operation.selection_set)
        }
        ast::Definition::FragmentDefinition(fragment) => {
            telling(&fragment.directives) || any(&fragment.selection_set)
        }
        _ => true,
    })
}

fn any(selections: &[ast::Selection]) -> bool {
    selections.iter().any(|selection| {
        telling(directives(selection))
            || match selection {
                ast::Selection::Field(field) => {
                    field.arguments.iter().any(|argument| is_telling(&argument.value))
                        || any(&field.selection_set)
                }
                ast::Selection::InlineFragment(fragment) => any(&fragment.selection_set),
                ast::Selection::FragmentSpread(_) => false,
            }
    })
}

fn telling(directives: &ast::DirectiveList) -> bool {
    directives.iter().any(|directive| directive.arguments.iter().any(|argument| is_telling(&argument.value)))
}

fn is_telling(value: &ast::Value) -> bool {
    match value {
        ast::Value::String(text) => !text.is_empty(),
        ast::Value::Int(number) => number.as_str().len() >= IDENTIFYING,
        ast::Value::Float(number) => number.as_str().len() >= IDENTIFYING,
        ast::Value::List(items) => items.iter().any(|item| is_telling(item)),
        ast::Value::Object(fields) => fields.iter().any(|(_, value)| is_telling(value)),
        ast::Value::Null | ast::Value::Boolean(_) | ast::Value::Enum(_) | ast::Value::Variable(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let text = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        assert_eq!(read_digest(text), Some(digest("{__typename}")));
        assert_eq!(read_digest(&text.to_uppercase()), Some(digest("{__typename}")));
        for bad in
            ["", "00", &text[1..], &format!("{text}0"), &text.replace('e', "g"), &text.replace('e', "è")]
        {
            assert_eq!(read_digest(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_may_be_about_somebody_is_seen_wherever_it_stands() {
        let holds = |text: &str| holds_values(&ast::Document::parse(text, "o").unwrap());
        for good in
            ["{a(first:10,on:true,e:E,x:null,v:$v){b}}", "query($v:Int=5){a @skip(if:$v)}", "{a(s:\"\")}"]
        {
            assert!(!holds(good), "{good}");
        }
        for bad in [
            "{a(s:\"RSSMRA\")}",
            "{a{b(l:[1,{x:\"R\"}])}}",
            "query($v:String=\"R\"){a}",
            "{a(n:12345678901)}",
            "{a @x(l:\"R\")}",
            "{...f} fragment f on Q{a(s:\"\"\"R\"\"\")}",
            "{...on Q{a(s:\"R\")}}",
            "query @x(l:\"R\"){a}",
        ] {
            assert!(holds(bad), "{bad}");
        }
    }
}
