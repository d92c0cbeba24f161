//! A jq program, a line `---` and a record in. A program is compiled or told to be wrong at a place within its text; a compiled one ends
//! within the steps and bytes it was given, with values or an error that is no text of the record.

use raccordo_connector_web::jq::{JqError, Program};
use serde_json::{Value, json};

use crate::parts;

/// Steps that a run may take.
const STEPS: u64 = 20_000;
/// Bytes that a run may make.
const BYTES: u64 = 1024 * 1024;

/// What must hold.
pub fn holds(data: &[u8]) {
    let mut parts = parts(data).into_iter();
    let text = parts.next().unwrap_or_default();
    let record = parts.next().and_then(|text| serde_json::from_str(&text).ok());
    let record: Value = record.unwrap_or_else(|| json!({ "a": [1, "è", null, { "b": 2.5 }], "c": "x" }));
    let program = match Program::compile(&text, &["v", "args"]) {
        Ok(program) => program.limited(STEPS, BYTES),
        Err(JqError::Text { offset, message }) => {
            assert!(offset <= text.len() && !message.is_empty(), "`{message}` at {offset}");
            return;
        }
        Err(other) => panic!("compiling told of a run: {other}"),
    };
    let values = [json!("034006"), json!({ "x": [1, 2] })];
    let run = program
        .run(&record, &values)
        .map(|outputs| outputs.into_iter().map(|output| output.into_owned()).collect::<Vec<Value>>());
    let took = program.take(record.clone(), &values);
    match (run, took) {
        (Ok(one), Ok(other)) => assert_eq!(one, other, "`{text}` gives other values of a lent record"),
        (Err(JqError::Text { message, .. }), _) => panic!("a run told of the text: {message}"),
        (one, other) => assert_eq!(one.is_ok(), other.is_ok(), "`{text}` ends otherwise of a lent record"),
    }
}
