//! Scenarios: requests, their answers and what the trail holds of them, in a Markdown file that people read. In: the files
//! of a folder. Out: what to ask and what must come back, and how the answers of a running gateway differ from it.
//!
//! A file is `NNN_name.md`: a title, prose, and fenced blocks, each marked with what it is:
//!
//! | fence | what |
//! |---|---|
//! | `graphql`, `graphql NAME` | an operation, and the `operationName` to send; opens an exchange |
//! | `request` | the body of a request as it is sent, where it isn't an operation; opens an exchange |
//! | `get` | the query string of a GET as it is sent; opens an exchange |
//! | `json variables` | the operation's variables |
//! | `json headers` | further headers of the request; each replaces the usual one of its name |
//! | `json answer`, `json answer 400` | the whole answer, and its HTTP status where it isn't 200; required |
//! | `json trail` | the record that the exchange leaves; without it, it leaves none |
//! | `yaml` | settings beside those of the example district; with `sources:`, the whole configuration |
//! | `partner NAME BEHAVIOUR` | from the next exchange on, this partner behaves so; its content is for people |
//!
//! In an answer and in a trail, `"…"` stands for any value that isn't null: a cursor, an error's id. In variables,
//! `"…/data/residenti/pageInfo/endCursor"` is what the answer before holds there. Everything else is exact.

mod ask;
mod difference;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

pub use ask::{Answered, ask, send};
pub use difference::difference;

/// What stands for any value that isn't null, in an expected answer.
pub const ANYTHING: &str = "…";

/// A file.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The file's name without its ending: `001_servizi`.
    pub name: String,
    /// Settings, where they aren't just the example district's.
    pub configuration: Option<String>,
    /// What is asked, in order: one at least.
    pub exchanges: Vec<Exchange>,
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sent {
    /// By POST, as JSON with the operation, its name and its variables.
    #[default]
    Operation,
    /// By POST, as it stands.
    Body,
    /// By GET, as it stands.
    QueryString,
}

/// One request and what must come of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exchange {
    /// Partners that change their behaviour before it: the words of the fences after `partner`.
    pub partners: Vec<Vec<String>>,
    /// The operation, as a client would send it; or the whole body or query string.
    pub query: String,
    /// How it is sent.
    pub sent: Sent,
    /// Which of the document's operations.
    pub operation_name: Option<String>,
    /// The operation's variables.
    pub variables: Map<String, Value>,
    /// Headers to send besides the usual.
    pub headers: Map<String, Value>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The answer.
    pub answer: Value,
    /// The trail's record; none where there must be none.
    pub trail: Option<Value>,
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
    let mut scenario = Scenario { name: name.to_owned(), configuration: None, exchanges: Vec::new() };
    let mut partners = Vec::new();
    for (mark, content) in blocks(text) {
        let words: Vec<&str> = mark.split_whitespace().collect();
        match words.as_slice() {
            ["yaml"] => scenario.configuration = Some(content),
            ["partner", _, _, ..] => {
                partners.push(words.iter().skip(1).map(|word| (*word).to_owned()).collect());
            }
            ["graphql", operation @ ..] if operation.len() < 2 => scenario.exchanges.push(Exchange {
                partners: std::mem::take(&mut partners),
                query: content,
                operation_name: operation.first().map(|name| (*name).to_owned()),
                ..Exchange::default()
            }),
            ["request" | "get"] => scenario.exchanges.push(Exchange {
                partners: std::mem::take(&mut partners),
                query: content.trim_end().to_owned(),
                sent: if mark == "get" { Sent::QueryString } else { Sent::Body },
                ..Exchange::default()
            }),
            ["json", what @ ..] => {
                let last = scenario.exchanges.last_mut();
                let last = last.ok_or_else(|| malformed(format!("`{mark}` stands before any request")))?;
                last.read(what, &mark, &content).map_err(malformed)?;
            }
            _ => return Err(malformed(format!("`{mark}` marks no block that a scenario has"))),
        }
    }
    match scenario.exchanges.iter().position(|exchange| exchange.answer.is_null()) {
        _ if scenario.exchanges.is_empty() => Err(malformed("there is no `graphql` block".to_owned())),
        Some(index) => Err(malformed(format!("request {} has no `json answer` block", index + 1))),
        None => Ok(scenario),
    }
}

impl Exchange {
    /// Takes one of its JSON blocks.
    fn read(&mut self, what: &[&str], mark: &str, content: &str) -> Result<(), String> {
        match what {
            ["variables"] => self.variables = object(content)?,
            ["headers"] => self.headers = object(content)?,
            ["trail"] => self.trail = Some(Value::Object(object(content)?)),
            ["answer"] => (self.answer, self.status) = (Value::Object(object(content)?), 200),
            ["answer", status] => {
                let status = status.parse().map_err(|_| format!("`{status}` is not an HTTP status"))?;
                (self.answer, self.status) = (Value::Object(object(content)?), status);
            }
            _ => return Err(format!("`{mark}` marks no block that a scenario has")),
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "# Title\n\nProse.\n\n```graphql\n{ a }\n```\n\n```json variables\n{ \"b\": 1 }\n```\n\n\
                        ```json answer 400\n{ \"errors\": [\"…\"] }\n```\n";

    #[test]
    fn a_file_is_read_block_by_block() {
        let scenario = parse("001_title", TEXT).unwrap();
        let [exchange] = scenario.exchanges.as_slice() else { panic!("one request was expected") };
        assert_eq!((exchange.query.as_str(), exchange.sent), ("{ a }\n", Sent::Operation));
        assert_eq!(Value::Object(exchange.variables.clone()), json!({ "b": 1 }));
        assert_eq!((exchange.status, &exchange.answer), (400, &json!({ "errors": ["…"] })));
        assert_eq!((&exchange.trail, &exchange.operation_name), (&None, &None));
    }

    #[test]
    fn exchanges_follow_each_other_and_partners_change_between_them() {
        let more = "```partner asl slow 300\n```\n```graphql Due\n{ c }\n```\n```json answer\n{}\n```\n```json trail\n{ \"x\": 1 }\n```\n\
                    ```request\n[]\n```\n```json answer 400\n{}\n```\n";
        let scenario = parse("x", &format!("{TEXT}{more}")).unwrap();
        let [_, second, third] = scenario.exchanges.as_slice() else {
            panic!("three requests were expected")
        };
        assert_eq!(second.partners, [["asl", "slow", "300"]]);
        assert_eq!(second.operation_name.as_deref(), Some("Due"));
        assert_eq!(second.trail, Some(json!({ "x": 1 })));
        assert_eq!((third.query.as_str(), third.sent, third.partners.len()), ("[]", Sent::Body, 0));
    }

    #[test]
    fn a_block_that_is_misspelt_or_missing_is_an_error() {
        let misspelt = parse("x", &TEXT.replace("json answer", "json anwser")).unwrap_err().to_string();
        assert_eq!(misspelt, "`x`: `json anwser 400` marks no block that a scenario has");
        assert!(parse("x", &TEXT.replace("```graphql\n{ a }\n```", "")).is_err());
        assert!(parse("x", "```graphql\n{ a }\n```\n").is_err());
        assert!(parse("x", &TEXT.replace("400", "quattro")).is_err());
        assert!(parse("x", &TEXT.replace("graphql", "partner asl")).is_err());
        assert!(parse("x", "").is_err());
    }
}
