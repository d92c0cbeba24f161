//! `raccordo check`: every mistake in the configuration and the files it names, at once.

use std::path::{Path, PathBuf};

use clap::Args;
use futures::executor::block_on;
use raccordo::start::{self, Probed, StartError};
use raccordo_config::{Checked, report};
use raccordo_schema::Diagnostic;
use raccordo_schema::changes::changes;

use super::input::{Input, unreadable};
use super::{Exit, runtime, say};

/// Check a configuration, or a supergraph, and everything it names: all mistakes at once, each with its file, its line, what was
/// expected and what to do.
#[derive(Args)]
#[command(after_help = AFTER_HELP, override_usage = "raccordo check [OPTIONS] <--config <FILE>|--supergraph <FILE>>")]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Also ask every source whether it answers and has what its SDL names. No record is asked for.
    #[arg(long)]
    live: bool,
    /// Also tell what changed since OLD, a supergraph or a schema's SDL as clients saw it: what breaks clients is a mistake, what may
    /// surprise them a warning.
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo check --config raccordo.yaml
  raccordo check --config raccordo.yaml --live       the sources are asked too
  raccordo check --config raccordo.yaml --against published.graphql
                                                     does a client break that was written for this?

Exit codes: 0 nothing is wrong; 1 something is, or a client would break; 2 usage.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    match arguments.input.checked(None) {
        Ok(checked) => {
            if let Some(found) = wrong_operations(&checked) {
                say(&report(&found));
                return Exit::Wrong;
            }
            let mut found = checked.warnings().to_vec();
            if let Some(older) = &arguments.against {
                found.extend(changed(older, &checked));
            }
            say(&report(&found));
            let asked = if arguments.live { live(&checked) } else { Exit::Good };
            if found.iter().any(Diagnostic::is_error) { Exit::Wrong } else { asked }
        }
        Err(found) => {
            say(&report(&found));
            Exit::Wrong
        }
    }
}

/// What changed since an older version, or why that can't be read.
fn changed(older: &Path, checked: &Checked) -> Vec<Diagnostic> {
    let file = older.display().to_string();
    let text = match std::fs::read_to_string(older) {
        Ok(text) => text,
        Err(error) => return vec![unreadable(&file, &error)],
    };
    changes(&file, &text, checked.catalogue().api_schema()).unwrap_or_else(|wrong| wrong)
}

/// What is wrong with registered operations: each is read as a request's would be.
fn wrong_operations(checked: &Checked) -> Option<Vec<Diagnostic>> {
    if checked.operations().documents.is_empty() {
        return None;
    }
    let runtime = runtime().ok()?;
    let _inside = runtime.enter();
    match start::prepare(checked) {
        Err(StartError::Operations(found)) => Some(found),
        _ => None,
    }
}

/// Asks the sources, and says of each whether it answers, and then what it hasn't that its SDL names.
fn live(checked: &Checked) -> Exit {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let _inside = runtime.enter();
    let (probed, found) = match start::prepare(checked) {
        Ok(prepared) => {
            let probed = block_on(runtime.spawn(prepared.probe())).unwrap_or_default();
            let all_answer = probed.iter().all(|source| source.failure.is_none());
            // What doesn't answer can't be compared; it is told already.
            let examined = if all_answer { Some(runtime.spawn(prepared.examine())) } else { None };
            (probed, examined.and_then(|found| block_on(found).ok()).unwrap_or_default())
        }
        Err(error) => {
            say(&format!("error: {error}\n"));
            return Exit::Wrong;
        }
    };
    probed.iter().for_each(|source| say(&format!("  {}\n", said(source))));
    if !found.is_empty() {
        say(&report(&found));
    }
    match probed.iter().any(|source| source.failure.is_some()) || found.iter().any(Diagnostic::is_error) {
        true => Exit::Wrong,
        false => Exit::Good,
    }
}

/// What is said of a source that was asked.
pub(super) fn said(source: &Probed) -> String {
    let Probed { name, kind, failure } = source;
    match failure {
        None => format!("{name} ({kind}): answers"),
        Some(failure) => format!("{name} ({kind}): {failure}"),
    }
}
