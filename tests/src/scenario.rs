//! Scenarios: a request and its answer, in a Markdown file that people read. In: the files of a folder. Out: what to ask
//! and what must come back, and how the answer of a running gateway differs from it.
//!
//! A file is `NNN_name.md`: a title, prose, and fenced blocks, each marked with what it is:
//!
//! | fence | what |
//! |---|---|
//! | `graphql` | the operation; required |
//! | `json variables` | its variables |
//! | `json headers` | further headers of the request |
//! | `json answer`, `json answer 400` | the whole answer, and its HTTP status where it isn't 200; required |
//! | `yaml` | the configuration; without it, the example district's |
//!
//! In an answer the string `"…"` stands for any value that isn't null: a cursor, an error's id. Everything else is exact.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::call;

/// Any value that isn't null, in an expected answer.
const ANYTHING: &str = "…";

/// One request and what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The file's name without its ending: `001_servizi`.
    pub name: String,
    /// The configuration to serve, where it isn't the example district's.
    pub configuration: Option<String>,
    /// The operation, as a client would send it.
    pub query: String,
    /// Its variables.
    pub variables: Map<String, Value>,
    /// Headers to send besides the usual.
    pub headers: Map<String, Value>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The answer.
    pub answer: Value,
}

/// Why a scenario can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file system's word.
    #[error("`{path}`: {cause}")]
    Unreadable {
        /// The file or the folder.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A block is missing, marked with an unknown word, or not what its mark says.
    #[error("`{name}`: {problem}")]
    Malformed {
        /// The scenario.
        name: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
}

/// All scenarios of a folder, by name.
pub fn read_folder(folder: &Path) -> Result<Vec<Scenario>, ScenarioError> {
    let unreadable = |cause| ScenarioError::Unreadable { path: folder.to_owned(), cause };
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_scenario =
            path.extension().is_some_and(|it| it == "md") && name.starts_with(|it: char| it.is_ascii_digit());
        if is_scenario {
            let text =
                fs::read_to_string(&path).map_err(|cause| ScenarioError::Unreadable { path, cause })?;
            scenarios.push(parse(&name, &text)?);
        }
    }
    scenarios.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(scenarios)
}

/// One scenario from the text of its file.
pub fn parse(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let malformed = |problem: String| ScenarioError::Malformed { name: name.to_owned(), problem };
    let mut scenario = Scenario {
        name: name.to_owned(),
        configuration: None,
        query: String::new(),
        variables: Map::new(),
        headers: Map::new(),
        status: 200,
        answer: Value::Null,
    };
    for (mark, content) in blocks(text) {
        match mark.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["graphql"] => scenario.query = content,
            ["yaml"] => scenario.configuration = Some(content),
            ["json", "variables"] => scenario.variables = object(&content).map_err(malformed)?,
            ["json", "headers"] => scenario.headers = object(&content).map_err(malformed)?,
            ["json", "answer", status @ ..] => {
                scenario.answer = Value::Object(object(&content).map_err(malformed)?);
                scenario.status = match status {
                    [] => 200,
                    [status, ..] => {
                        status.parse().map_err(|_| malformed(format!("`{status}` is not an HTTP status")))?
                    }
                };
            }
            _ => return Err(malformed(format!("`{mark}` marks no block that a scenario has"))),
        }
    }
    match (scenario.query.is_empty(), scenario.answer.is_null()) {
        (true, _) => Err(malformed("there is no `graphql` block".to_owned())),
        (_, true) => Err(malformed("there is no `json answer` block".to_owned())),
        _ => Ok(scenario),
    }
}

/// The fenced blocks of a Markdown text: what each is marked with, and its content.
pub fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(mark) = line.strip_prefix("```") {
            let content = lines.by_ref().take_while(|line| !line.starts_with("```"));
            blocks.push((mark.trim().to_owned(), content.flat_map(|line| [line, "\n"]).collect()));
        }
    }
    blocks
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("a `json` block is expected to hold an object".to_owned()),
        Err(error) => Err(format!("a `json` block is not JSON: {error}")),
    }
}

/// Asks a scenario of the GraphQL endpoint at `url` and says how its answer differs, in words; nothing where it doesn't.
/// Blocks: call it off the async threads.
pub fn ask(url: &str, scenario: &Scenario) -> Option<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let further: Vec<_> = scenario.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let mut headers =
        vec![("content-type", "application/json"), ("accept", "application/graphql-response+json")];
    headers.retain(|(name, _)| !scenario.headers.contains_key(*name));
    headers.extend(further.iter().map(|(name, value)| (*name, value.as_str())));
    let body = json!({ "query": scenario.query, "variables": scenario.variables }).to_string();
    let reply = match call::post(url, &headers, &body) {
        Ok(reply) => reply,
        Err(error) => return Some(format!("`{url}` did not answer: {error}")),
    };
    if reply.status != scenario.status {
        return Some(format!(
            "status {} was expected, {} came: {}",
            scenario.status, reply.status, reply.body
        ));
    }
    match serde_json::from_str(&reply.body) {
        Ok(answer) => difference(&scenario.answer, &answer),
        Err(_) => Some(format!("the answer is not JSON: {}", reply.body)),
    }
}

/// Where an answer first differs from what was expected, in words; nothing where it doesn't.
pub fn difference(expected: &Value, answer: &Value) -> Option<String> {
    differs("answer", expected, answer)
}

fn differs(path: &str, expected: &Value, answer: &Value) -> Option<String> {
    match (expected, answer) {
        (Value::String(anything), other) if anything == ANYTHING && !other.is_null() => None,
        (Value::Array(expected), Value::Array(answer)) if expected.len() == answer.len() => {
            let pairs = expected.iter().zip(answer).enumerate();
            pairs
                .into_iter()
                .find_map(|(index, (one, other))| differs(&format!("{path}[{index}]"), one, other))
        }
        (Value::Array(expected), Value::Array(answer)) => {
            Some(format!("{path}: {} items were expected, {} came", expected.len(), answer.len()))
        }
        (Value::Object(expected), Value::Object(answer)) => {
            let missing = expected.keys().find(|name| !answer.contains_key(*name));
            let surplus = answer.keys().find(|name| !expected.contains_key(*name));
            missing
                .map(|name| format!("{path}.{name} is missing"))
                .or_else(|| surplus.map(|name| format!("{path}.{name} was not expected")))
                .or_else(|| {
                    expected
                        .iter()
                        .find_map(|(name, one)| differs(&format!("{path}.{name}"), one, answer.get(name)?))
                })
        }
        _ if expected == answer => None,
        _ => Some(format!("{path}: `{expected}` was expected, `{answer}` came")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\nProse.\n\n```graphql\n{ a }\n```\n\n```json variables\n{ \"b\": 1 }\n```\n\n\
                        ```json answer 400\n{ \"errors\": [\"…\"] }\n```\n";

    #[test]
    fn a_file_is_read_block_by_block() {
        let scenario = parse("001_title", TEXT).unwrap();
        assert_eq!(scenario.query, "{ a }\n");
        assert_eq!(Value::Object(scenario.variables), json!({ "b": 1 }));
        assert_eq!((scenario.status, scenario.answer), (400, json!({ "errors": ["…"] })));
    }

    #[test]
    fn a_block_that_is_misspelt_or_missing_is_an_error() {
        let misspelt = parse("x", &TEXT.replace("json answer", "json anwser")).unwrap_err().to_string();
        assert_eq!(misspelt, "`x`: `json anwser 400` marks no block that a scenario has");
        assert!(parse("x", &TEXT.replace("```graphql\n{ a }\n```", "")).is_err());
        assert!(parse("x", "```graphql\n{ a }\n```\n").is_err());
        assert!(parse("x", &TEXT.replace("400", "quattro")).is_err());
    }

    #[test]
    fn a_difference_says_where() {
        let expected = json!({ "data": { "servizi": [{ "nome": "A", "cursore": "…" }] } });
        let same = json!({ "data": { "servizi": [{ "nome": "A", "cursore": "x" }] } });
        assert_eq!(difference(&expected, &same), None);
        let other = json!({ "data": { "servizi": [{ "nome": "B", "cursore": "x" }] } });
        assert_eq!(
            difference(&expected, &other).unwrap(),
            "answer.data.servizi[0].nome: `\"A\"` was expected, `\"B\"` came"
        );
        let null = json!({ "data": { "servizi": [{ "nome": "A", "cursore": null }] } });
        assert!(difference(&expected, &null).is_some());
        let more = json!({ "data": { "servizi": [] }, "errors": [] });
        assert_eq!(difference(&expected, &more).unwrap(), "answer.errors was not expected");
        assert!(difference(&expected, &json!({ "data": { "servizi": [] } })).unwrap().contains("1 items"));
    }
}
