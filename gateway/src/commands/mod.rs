//! What was typed in; the command it names, run, out. Only here the environment is read, and only for `${env.NAME}`.

mod check;
mod compose;
mod config;
mod input;
mod later;
mod logging;
mod plan;
mod serve;
mod source;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Joins the registries of comuni, health agencies and the third sector into one GraphQL graph.
///
/// Every record stays with whoever keeps it: Raccordo asks, joins, protects and answers, and keeps nothing.
#[derive(Parser)]
#[command(name = "raccordo", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo check --config raccordo.yaml          every mistake at once, with file and line
  raccordo serve --config raccordo.yaml          the graph, on http://127.0.0.1:4000/graphql
  raccordo plan query.graphql --config raccordo.yaml
                                                 which source gets which fields and keys

Exit codes: 0 good; 1 what was checked is wrong; 2 usage; 78 bad configuration.";

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Check(check::Arguments),
    Compose(compose::Arguments),
    Plan(plan::Arguments),
    Config(config::Arguments),
    Source(source::Arguments),
    Policy(later::Arguments),
    Audit(later::Arguments),
}

/// Runs the command line.
pub(crate) fn run() -> ExitCode {
    let code = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Compose(arguments) => compose::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Source(arguments) => source::run(&arguments),
        Command::Policy(_) => later::refuse("raccordo policy"),
        Command::Audit(_) => later::refuse("raccordo audit"),
    };
    ExitCode::from(code as u8)
}

/// What a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Good = 0,
    /// What was checked is wrong, or what was started failed.
    Wrong = 1,
    /// The command line asks for what there isn't.
    Usage = 2,
    /// The configuration is wrong (sysexits.h, `EX_CONFIG`).
    BadConfiguration = 78,
}

/// Writes what was asked for. Whoever stopped reading, as `head` does, has had enough: that is no failure.
fn say(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Writes what went wrong.
fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// An async runtime for a command.
fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        complain(&format!("raccordo: no runtime can be started: {}\n", error.kind()));
        Exit::Wrong
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
