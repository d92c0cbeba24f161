//! A GraphQL request as it comes, and the refusal of one: the only two things HTTP and the pipeline share beside the answer.

use serde_json::{Map, Value, json};

use crate::code::Code;

/// A request, decoded from JSON or from a query string, not yet looked at. Its texts are the client's: no `Debug`.
#[derive(Default, Clone)]
pub struct Request {
    /// The document; empty where only `reference` names one.
    pub query: String,
    /// What the request calls its document.
    pub reference: Option<Reference>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables, uncoerced.
    pub variables: Map<String, Value>,
    /// The request may run a mutation: false for GET.
    pub may_write: bool,
}

/// A document by name instead of by text. The client's word: no `Debug`.
#[derive(Clone)]
pub enum Reference {
    /// `extensions.persistedQuery.sha256Hash`: a registered operation's id, or the digest of a document that was sent before.
    Digest(String),
    /// `documentId` (GraphQL over HTTP, "Persisted Documents"): a registered operation's id.
    Id(String),
}

/// Why a request is refused whole: safe to tell, in GraphQL's form. The message never holds a value of the client or a source.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What each error says.
    pub errors: Vec<RequestError>,
}

/// One error of a refusal.
#[derive(Debug, Clone)]
pub struct RequestError {
    /// Its code.
    pub code: Code,
    /// For a person.
    pub message: String,
    /// Lines and columns of the document, from 1.
    pub locations: Vec<(usize, usize)>,
    /// The id under which a fault was logged.
    pub fault: Option<String>,
    /// What the operation was estimated to cost, and what it may, where that is why.
    pub cost: Option<Cost>,
}

/// What an operation is estimated to cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The estimate, rounded up.
    pub estimated: u64,
    /// What one operation may cost.
    pub max: u64,
}

impl Cost {
    /// As `extensions.cost` tells it.
    pub fn to_json(self) -> Value {
        json!({ "estimated": self.estimated, "max": self.max })
    }
}

impl Refusal {
    /// A refusal with one error.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { errors: vec![RequestError::new(code, message)] }
    }

    /// A mutation that came by GET: 405, whatever the client accepts (GraphQL over HTTP, "GET").
    pub fn writes_by_get() -> Self {
        let code = Code { status: 405, ..Code::OPERATION_RESOLUTION_FAILURE };
        Self::new(code, "a mutation must be sent by POST")
    }

    /// The code that decides the status: the first error's.
    pub fn code(&self) -> Code {
        self.errors.first().map_or(Code::INTERNAL_SERVER_ERROR, |error| error.code)
    }

    /// The response body: `errors`, no `data` (GraphQL specification, "Request error result").
    pub fn to_json(&self) -> Value {
        let errors: Vec<Value> = self.errors.iter().map(RequestError::to_json).collect();
        json!({ "errors": errors })
    }
}

impl RequestError {
    /// An error without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), locations: Vec::new(), fault: None, cost: None }
    }

    fn to_json(&self) -> Value {
        let mut error = json!({ "message": self.message, "extensions": { "code": self.code.name } });
        if !self.locations.is_empty() {
            let places: Vec<Value> = self
                .locations
                .iter()
                .map(|(line, column)| json!({ "line": line, "column": column }))
                .collect();
            insert(&mut error, "locations", Value::Array(places));
        }
        if let (Some(fault), Some(extensions)) = (&self.fault, error.get_mut("extensions")) {
            insert(extensions, "fault", Value::String(fault.clone()));
        }
        if let (Some(cost), Some(extensions)) = (self.cost, error.get_mut("extensions")) {
            insert(extensions, "cost", cost.to_json());
        }
        error
    }
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}
