//! `raccordo plan`: an operation's plan drawn as a tree. No source is asked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use raccordo::operation;
use raccordo::plan;
use raccordo::request::{Refusal, Request};
use raccordo::start;
use raccordo_config::report;
use serde_json::{Map, Value};

use super::input::{Input, unreadable};
use super::{Exit, complain, runtime, say};

/// How long planning may take: longer than a gateway allows, as a person waits.
const PLANNING: Duration = Duration::from_secs(60);

/// Draw the plan of an operation: which source gets which fields, by which keys, and what waits for what. No source is asked.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The GraphQL document.
    #[arg(value_name = "FILE")]
    document: PathBuf,
    #[command(flatten)]
    input: Input,
    /// Which operation of the document, where it has several.
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// A JSON file with the operation's variables, where it needs any.
    #[arg(long, value_name = "FILE")]
    variables: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo plan quartiere.graphql --config raccordo.yaml
  raccordo plan quartiere.graphql --supergraph supergraph.graphql --variables quartiere.json

Exit codes: 0 drawn; 1 the operation is wrong; 2 usage; 78 the configuration is wrong.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    match draw(arguments) {
        Ok(drawn) => {
            say(&drawn);
            Exit::Good
        }
        Err((text, exit)) => {
            complain(&format!("{}\n", text.trim_end()));
            exit
        }
    }
}

fn draw(arguments: &Arguments) -> Result<String, (String, Exit)> {
    let request = request(arguments)?;
    let bad_configuration = |text: String| (text, Exit::BadConfiguration);
    let checked = arguments.input.checked(None).map_err(|found| bad_configuration(report(&found)))?;
    let runtime = runtime().map_err(|exit| (String::new(), exit))?;
    let _inside = runtime.enter();
    let prepared = start::prepare(&checked).map_err(|error| bad_configuration(format!("error: {error}")))?;
    let graph = prepared.gateway().graph();
    // Which documents clients may send is the server's affair: here this one is at hand.
    let reading = operation::Settings::from(start::limits(&checked));
    let operation = operation::read(graph, &reading, &request)
        .map_err(|refusal| (told(&arguments.document, &refusal), Exit::Wrong))?;
    let plan = plan::prepare(graph, &operation, &[], PLANNING)
        .map_err(|error| (format!("error: {error}"), Exit::Wrong))?;
    Ok(plan::draw::draw(graph, &plan))
}

fn request(arguments: &Arguments) -> Result<Request, (String, Exit)> {
    let query = read(&arguments.document)?;
    let variables = match &arguments.variables {
        None => Map::new(),
        Some(file) => match serde_json::from_str(&read(file)?) {
            Ok(Value::Object(variables)) => variables,
            _ => {
                let text = format!("error: `{}` isn't a JSON object", file.display());
                return Err((text, Exit::Wrong));
            }
        },
    };
    Ok(Request {
        query,
        operation_name: arguments.operation.clone(),
        variables,
        may_write: true,
        ..Request::default()
    })
}

fn read(file: &Path) -> Result<String, (String, Exit)> {
    let name = file.display().to_string();
    std::fs::read_to_string(file).map_err(|error| (unreadable(&name, &error).to_string(), Exit::Wrong))
}

/// A refusal for a person: each error with its place in the file.
fn told(file: &Path, refusal: &Refusal) -> String {
    let lines = refusal.errors.iter().map(|error| {
        let places = error.locations.iter();
        let at: String =
            places.map(|(line, column)| format!("\n  --> {}:{line}:{column}", file.display())).collect();
        format!("error[{}]: {}{at}", error.code.name, error.message)
    });
    lines.collect::<Vec<_>>().join("\n\n")
}
