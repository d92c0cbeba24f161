//! The `raccordo` command: arguments in, an exit code out. 0 good; 1 what was checked is wrong; 2 usage; 78 bad configuration.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the verdict of a command is told to whoever typed it"
)]

mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run()
}
