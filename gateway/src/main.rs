//! The `raccordo` command: arguments in, an exit code out. 0 good; 1 what was checked is wrong; 2 usage; 78 bad configuration.

mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run()
}
