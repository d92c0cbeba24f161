//! The `raccordo` command: arguments in, an exit code out. 0 good; 1 what was checked is wrong; 2 usage; 78 bad configuration.

mod commands;

use std::process::ExitCode;

/// Many small and short-lived pieces of text are what a request is made of: docs/decisions/0027 says what this saves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run()
}
