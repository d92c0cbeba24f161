//! `raccordo compose`: the supergraph of the configured sources, for other routers and for people.

use clap::Args;
use raccordo_config::report;

use super::input::Input;
use super::{Exit, complain, say};

/// Print the supergraph that the configured sources compose into, in the public join-spec form, so that other routers can read it.
/// The gateway's own source, `raccordo`, is not part of it.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,
}

const AFTER_HELP: &str = "\
Example:
  raccordo compose --config raccordo.yaml > supergraph.graphql

Exit codes: 0 composed; 2 usage; 78 the configuration or a source's SDL is wrong.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    match arguments.input.without_own() {
        Ok(checked) => {
            if !checked.warnings().is_empty() {
                complain(&report(checked.warnings()));
            }
            say(checked.supergraph());
            Exit::Good
        }
        Err(found) => {
            complain(&report(&found));
            Exit::BadConfiguration
        }
    }
}
