//! What the design names and this version doesn't have is refused with a clear word.

use clap::Args;

use super::{Exit, complain};

/// Comes with a later version.
#[derive(Args)]
#[command(hide = true)]
pub(super) struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<String>,
}

/// Says that something isn't there yet.
pub(super) fn refuse(what: &str) -> Exit {
    complain(&format!(
        "raccordo: `{what}` comes with a later version; `raccordo --help` shows what there is\n"
    ));
    Exit::Usage
}
