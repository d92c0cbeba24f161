//! `raccordo check`: every mistake in the configuration and the files it names, at once.

use clap::Args;
use futures::executor::block_on;
use raccordo::start::{self, Probed};
use raccordo_config::{Checked, report};

use super::input::Input;
use super::{Exit, later, runtime, say};

/// Check a configuration, or a supergraph, and everything it names: all mistakes at once, each with its file, its line, what was
/// expected and what to do.
#[derive(Args)]
#[command(after_help = AFTER_HELP, override_usage = "raccordo check [OPTIONS] <--config <FILE>|--supergraph <FILE>>")]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Also ask every source whether it answers. No record is asked for.
    #[arg(long)]
    live: bool,
    #[arg(long, value_name = "OLD", hide = true, group = "input")]
    against: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo check --config raccordo.yaml
  raccordo check --config raccordo.yaml --live       the sources are asked too

Exit codes: 0 nothing is wrong; 1 something is; 2 usage.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    if arguments.against.is_some() {
        return later::refuse("raccordo check --against");
    }
    match arguments.input.checked(None) {
        Ok(checked) => {
            say(&report(checked.warnings()));
            if arguments.live { live(&checked) } else { Exit::Good }
        }
        Err(found) => {
            say(&report(&found));
            Exit::Wrong
        }
    }
}

/// Asks the sources, and says of each whether it answers.
fn live(checked: &Checked) -> Exit {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let _inside = runtime.enter();
    let probed = match start::prepare(checked) {
        Ok(prepared) => block_on(runtime.spawn(prepared.probe())).unwrap_or_default(),
        Err(error) => {
            say(&format!("error: {error}\n"));
            return Exit::Wrong;
        }
    };
    probed.iter().for_each(|source| say(&format!("  {}\n", said(source))));
    match probed.iter().any(|source| source.failure.is_some()) {
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
