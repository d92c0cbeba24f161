//! A document, variables and a mood in; the whole path from the text to the answer. It must never panic nor call itself at fault,
//! and the answer must be JSON of the document's shape; from honest sources it must be complete and without errors.
//!
//! Readable inputs are a document, a line `---`, variables as JSON, a line `---`, the partners' mood as a number. Those that begin
//! with a byte below 8 are choices, by which `document` writes a document that is nearly always valid.

use apollo_compiler::ExecutableDocument;
use raccordo::request::Request;
use serde_json::{Map, Value};

use crate::graph::{self, Served};
use crate::shape::Asked;
use crate::{document, parts};

/// The planner that is borrowed fails on legal operations, and the gateway says that it is at fault; an object whose type nobody could
/// tell is answered as its interface.
const PLANNER_FAULTS: bool = false;

/// What must hold.
pub fn holds(data: &[u8]) {
    graph::with(|served| {
        let (query, variables, mood) = match data.split_first() {
            Some((0..8, choices)) => document::written(served.graph().api_schema(), choices),
            _ => readable(data),
        };
        let request = Request { query, variables, may_write: true, ..Request::default() };
        ask(served, &request, mood);
    });
}

fn readable(data: &[u8]) -> (String, Map<String, Value>, u64) {
    let mut parts = parts(data).into_iter();
    let query = parts.next().unwrap_or_default();
    let variables = parts.next().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let mood = parts.next().and_then(|text| text.trim().parse().ok()).unwrap_or_default();
    (query, variables, mood)
}

fn ask(served: &Served, request: &Request, mood: u64) {
    match served.ask(request, mood) {
        Err(refusal) => {
            let told = refusal.to_json().to_string();
            assert!(!refusal.errors.is_empty(), "a refusal without a word");
            let is_fault = told.contains("INTERNAL_SERVER_ERROR");
            assert!(!is_fault || PLANNER_FAULTS, "{told}\n{}", request.query);
        }
        Ok(answered) => {
            let answer: Value = serde_json::from_slice(&answered.body).expect("the answer is JSON");
            let names: Vec<&str> = answered.codes.iter().map(|code| code.name).collect();
            assert!(!names.contains(&"INTERNAL_SERVER_ERROR"), "{answer}\n{}", request.query);
            assert_eq!(names.len(), answer["errors"].as_array().map_or(0, Vec::len), "{answer}");
            // Over its limit an answer says that alone: nothing is left to be compared.
            if names == ["REQUEST_LIMIT_EXCEEDED"] && answer["data"].is_null() {
                return;
            }
            if let Err(misfit) = compare(served, request, &answer, mood == 0) {
                panic!("{misfit}\n{answer}\n{}\n{}", request.query, Value::Object(request.variables.clone()));
            }
        }
    }
}

fn compare(served: &Served, request: &Request, answer: &Value, honest: bool) -> Result<(), String> {
    if honest && answer.get("errors").is_some() {
        return Err("honest partners, and errors".into());
    }
    let schema = served.graph().api_schema();
    let document = ExecutableDocument::parse_and_validate(schema, &request.query, "operation.graphql")
        .expect("what was answered is valid");
    let operation = document.operations.get(None).expect("what was answered has one operation");
    let given = request
        .variables
        .iter()
        .map(|(name, value)| (name.as_str().into(), serde_json_bytes::Value::from(value.clone())))
        .collect();
    let variables = apollo_compiler::request::coerce_variable_values(schema, operation, &given)
        .expect("what was answered has good variables");
    let asked = Asked {
        schema,
        document: &document,
        variables: &variables,
        complete: honest,
        untyped: PLANNER_FAULTS,
    };
    asked.check(operation, &answer["data"])
}
