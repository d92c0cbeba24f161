//! `raccordo config schema`: the configuration's JSON Schema, printed from the tables that check it.

use clap::{Args, Subcommand};
use raccordo_connectors::kinds;

use super::{Exit, say};

/// What a configuration may say.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Print the JSON Schema of the configuration (draft 2020-12), for editors that complete and check YAML by it.
    #[command(after_help = "Example:\n  raccordo config schema > raccordo.schema.json")]
    Schema,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match arguments.what {
        What::Schema => say(&format!("{:#}\n", raccordo_config::json_schema(&kinds()))),
    }
    Exit::Good
}
