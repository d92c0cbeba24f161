//! `raccordo source inspect`: a first annotated SDL from what a partner's system says of itself.

use clap::{Args, Subcommand};
use raccordo_connector_api::Kind;
use raccordo_connectors::kinds;

use super::{Exit, complain, later, runtime, say};

/// What a partner's system has, and what it would be asked.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Inspect(Inspect),
    #[command(hide = true)]
    Try(later::Arguments),
}

/// Write a first annotated SDL of what is at an address, from what the system says of itself: keys, references, comments. What looks
/// personal is marked for a decision. No record is read.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
struct Inspect {
    /// The address, as the configuration's `url` would have it.
    url: String,
    /// The kind of source, where the address doesn't tell it.
    #[arg(long)]
    kind: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo source inspect sqlite:anagrafe.db > sources/anagrafe.graphql
  raccordo source inspect \"postgres://lettore@db.comune.example/anagrafe?sslmode=verify-full\" > sources/anagrafe.graphql
  raccordo source inspect fogli/attivita.xlsx > sources/attivita.graphql

Exit codes: 0 written; 1 nothing could be learnt there; 2 usage.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    match &arguments.what {
        What::Inspect(asked) => inspect(asked),
        What::Try(_) => later::refuse("raccordo source try"),
    }
}

fn inspect(asked: &Inspect) -> Exit {
    let kind = match kind_of(asked) {
        Ok(kind) => kind,
        Err(why) => {
            complain(&format!("raccordo: {why}\n"));
            return Exit::Usage;
        }
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    match runtime.block_on(kind.inspect(&asked.url)) {
        Ok(sdl) => {
            say(&sdl);
            Exit::Good
        }
        Err(failure) => {
            complain(&format!("raccordo: nothing could be learnt at that address: {failure}\n"));
            Exit::Wrong
        }
    }
}

fn kind_of(asked: &Inspect) -> Result<&'static dyn Kind, String> {
    let kinds = kinds();
    let names = || kinds.iter().map(|kind| format!("`{}`", kind.name())).collect::<Vec<_>>().join(", ");
    match &asked.kind {
        Some(name) => kinds
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("there is no kind `{name}`; `--kind` is one of {}", names())),
        None => kinds.iter().copied().find(|kind| kind.inspects(&asked.url)).ok_or_else(|| {
            format!(
                "no kind knows an address of that form; say which it is with `--kind`, one of {}",
                names()
            )
        }),
    }
}
