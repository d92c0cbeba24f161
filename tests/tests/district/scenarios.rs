//! Every file of `tests/scenarios`, asked of the district. A file without settings of its own is asked of one gateway that all
//! such files share; one with settings gets its own, over the same partners.
//!
//! `RACCORDO_BLESS=1` writes what came into the files instead, for whoever adds one: to be read before it is committed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use raccordo_demo::district::DEFAULT_RESIDENTS;
use raccordo_tests::scenario::{self, ANYTHING, Answered, Exchange, Scenario, difference};
use serde_json::Value;

use crate::kit::{CONFIG, Serving, Whole, shown};

/// The folder of the files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

#[test]
fn every_scenario_answers_and_leaves_the_trail_that_it_shows() {
    let rewriting = std::env::var_os("RACCORDO_BLESS").is_some();
    let scenarios = scenario::read_folder(&folder()).unwrap();
    assert!(scenarios.len() > 10, "only {} scenarios were found", scenarios.len());
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let shared = whole.serve_shipped();
    let mut wrong = Vec::new();
    for scenario in &scenarios {
        let own = scenario.configuration.as_deref().map(|text| whole.serve_with(text));
        let serving = own.as_ref().unwrap_or(&shared);
        let exchanged = exchange_all(&whole, serving, scenario);
        whole.behave_well();
        match exchanged {
            Err(problem) => wrong.push(format!("{}: {problem}", scenario.name)),
            Ok(all) if rewriting => rewrite(scenario, &all),
            Ok(all) => wrong.extend(differences(scenario, &all)),
        }
    }
    for problem in &wrong {
        eprintln!("{problem}");
    }
    assert!(wrong.is_empty(), "{} scenarios differ: they are listed above", wrong.len());
}

/// Where what came differs from what a scenario shows, in words.
pub(crate) fn differences(scenario: &Scenario, all: &[Came]) -> Vec<String> {
    let differs = |(index, (came, exchange)): (usize, (&Came, &Exchange))| {
        let told = came.difference(exchange)?;
        Some(format!("{}, request {}: {told}", scenario.name, index + 1))
    };
    all.iter().zip(&scenario.exchanges).enumerate().filter_map(differs).collect()
}

/// What came of one exchange.
pub(crate) struct Came {
    answered: Answered,
    trail: Option<Value>,
}

impl Came {
    /// How it differs from what the exchange expects, in words.
    pub(crate) fn difference(&self, exchange: &Exchange) -> Option<String> {
        self.answered.difference(exchange).or_else(|| match (&exchange.trail, &self.trail) {
            (None, None) => None,
            (Some(expected), Some(came)) => difference("trail", expected, came),
            (None, Some(came)) => Some(format!("no record was expected, one came: {came}")),
            (Some(_), None) => Some("a record was expected, none came".to_owned()),
        })
    }
}

/// Asks all exchanges of a scenario, each after the other.
pub(crate) fn exchange_all(
    whole: &Whole,
    serving: &Serving,
    scenario: &Scenario,
) -> Result<Vec<Came>, String> {
    let mut all: Vec<Came> = Vec::new();
    for exchange in &scenario.exchanges {
        for words in &exchange.partners {
            whole.behave(words)?;
        }
        let before = all.last().map_or(Value::Null, |came| came.answered.answer.clone());
        let answered = scenario::send(&serving.url, exchange, &before)?;
        let records = serving.take_records();
        if records.len() > 1 {
            return Err(format!("one request left {} records", records.len()));
        }
        if let Some(personal) = records.iter().find_map(|record| disclosed(record, &answered.answer)) {
            return Err(format!("the record holds `{personal}`, which is in the answer"));
        }
        all.push(Came { answered, trail: records.first().map(shown) });
    }
    Ok(all)
}

/// A codice fiscale of the answer that the record holds: no record may hold one.
fn disclosed(record: &raccordo::trail::Record, answer: &Value) -> Option<String> {
    let record = format!("{record:?}");
    let answer = answer.to_string();
    let mut texts = answer.split('"').filter(|text| text.len() == 16 && text.is_ascii());
    texts.find(|text| record.contains(text)).map(str::to_owned)
}

/// Writes what came into the file; whatever stood for anything still does.
fn rewrite(scenario: &Scenario, all: &[Came]) {
    let path = folder().join(format!("{}.md", scenario.name));
    let mut text = fs::read_to_string(&path).unwrap();
    let mut from = 0;
    for (exchange, came) in scenario.exchanges.iter().zip(all) {
        let status = came.answered.status;
        let mark = if status == 200 { "json answer".to_owned() } else { format!("json answer {status}") };
        from = replace(&mut text, from, "json answer", &mark, &kept(&exchange.answer, &came.answered.answer));
        if let (Some(expected), Some(trail)) = (&exchange.trail, &came.trail) {
            from = replace(&mut text, from, "json trail", "json trail", &kept(expected, trail));
        }
    }
    fs::write(path, text).unwrap();
}

/// Replaces the next block whose mark begins so, from a byte of the text on; where it ends.
fn replace(text: &mut String, from: usize, begins: &str, mark: &str, content: &Value) -> usize {
    let start = from + text[from..].find(&format!("\n```{begins}")).unwrap() + 1;
    let end = start + text[start..].find("\n```\n").unwrap() + 5;
    let block = format!("```{mark}\n{}\n```\n", pretty(content, 0));
    text.replace_range(start..end, &block);
    start + block.len()
}

/// The value that came, with what is different each time taken out.
fn kept(expected: &Value, came: &Value) -> Value {
    match (expected, came) {
        (Value::String(anything), came) if anything == ANYTHING && !came.is_null() => expected.clone(),
        (_, Value::Object(members)) => {
            let member = |(name, value): (&String, &Value)| {
                let differs = ["endCursor", "startCursor", "cursor", "fault", "operation", "dal"];
                let volatile = value.is_string()
                    && differs.contains(&name.as_str())
                    && value.as_str().is_some_and(|text| text.len() > 16);
                let expected = expected.get(name).unwrap_or(&Value::Null);
                (name.clone(), if volatile { Value::from(ANYTHING) } else { kept(expected, value) })
            };
            Value::Object(members.iter().map(member).collect())
        }
        (_, Value::Array(items)) => {
            let item = |(index, value)| kept(expected.get(index).unwrap_or(&Value::Null), value);
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        _ => came.clone(),
    }
}

/// JSON as people write it: what fits a line stands in one.
fn pretty(value: &Value, indent: usize) -> String {
    let line = one_line(value);
    if indent + line.chars().count() <= 110 && indent > 0 {
        return line;
    }
    let inside = " ".repeat(indent + 2);
    let (open, items, close) = match value {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                format!("{inside}{}: {}", Value::from(name.as_str()), pretty(value, indent + 2))
            };
            ('{', members.iter().map(member).collect::<Vec<_>>(), '}')
        }
        Value::Array(items) => {
            let item = |value| format!("{inside}{}", pretty(value, indent + 2));
            ('[', items.iter().map(item).collect(), ']')
        }
        _ => return line,
    };
    format!("{open}\n{}\n{}{close}", items.join(",\n"), " ".repeat(indent))
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), one_line(value))
            };
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        _ => value.to_string(),
    }
}

#[test]
fn every_sample_query_is_a_scenario() {
    let scenarios = scenario::read_folder(&folder()).unwrap();
    let mut samples = 0;
    for entry in fs::read_dir(Path::new(CONFIG).join("queries")).unwrap() {
        let path = entry.unwrap().path();
        let query = fs::read_to_string(&path).unwrap();
        let asks = |exchange: &Exchange| exchange.query.trim() == query.trim() && exchange.status == 200;
        let asked = scenarios.iter().any(|scenario| scenario.exchanges.iter().any(asks));
        assert!(asked, "no file in tests/scenarios asks `{}`", path.display());
        samples += 1;
    }
    assert_eq!(samples, 4, "the explorer offers four sample queries");
}

/// Codes that no single request to the district as it ships can show, and where they are tested instead.
const ELSEWHERE: [(&str, &str); 5] = [
    ("OVERLOADED", "gateway/tests/http/limits.rs"),
    ("PLANNING_LIMIT_EXCEEDED", "gateway/src/pipeline.rs"),
    ("INTERNAL_SERVER_ERROR", "gateway/tests/engine/refusals.rs"),
    ("OPERATION_NOT_REGISTERED", "gateway/tests/command/registered.rs"),
    ("COST_ESTIMATED_TOO_EXPENSIVE", "gateway/tests/engine/costs.rs"),
];

#[test]
fn every_documented_code_is_shown_by_a_scenario() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/errors.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let codes: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert!(codes.len() > 10, "{codes:?}");
    let answers: String = scenario::read_folder(&folder())
        .unwrap()
        .iter()
        .flat_map(|scenario| scenario.exchanges.iter().map(|exchange| exchange.answer.to_string()))
        .collect();
    for code in codes {
        match ELSEWHERE.iter().find(|(name, _)| *name == code) {
            Some((_, file)) => {
                let text = fs::read_to_string(root.join(file)).unwrap();
                assert!(text.contains(code), "`{file}` has no word of `{code}`");
            }
            None => assert!(answers.contains(&format!("\"code\":\"{code}\"")), "no scenario shows `{code}`"),
        }
    }
}
