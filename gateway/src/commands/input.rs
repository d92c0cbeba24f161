//! `--config FILE` or `--supergraph FILE` in; a checked configuration, or its mistakes, out.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use raccordo::own;
use raccordo_config::{Checked, OwnSource, for_supergraph, load, load_with_own};
use raccordo_connectors::kinds;
use raccordo_schema::{Diagnostic, Location};

/// Where the gateway listens when only a supergraph is given.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);

/// What is to be served, checked or planned for.
#[derive(Args)]
#[group(id = "input", required = true)]
pub(super) struct Input {
    /// The configuration: sources, access, limits. The SDL files it names are read too.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A supergraph that is composed already. It needs no configuration; every source in it is a Federation subgraph.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(super) supergraph: Option<PathBuf>,
}

impl Input {
    /// What is served: the configured sources with the gateway's own, or the supergraph as it is.
    pub(super) fn checked(&self, listen: Option<SocketAddr>) -> Result<Checked, Vec<Diagnostic>> {
        if let Some(file) = &self.supergraph {
            let name = file.display().to_string();
            let sdl = std::fs::read_to_string(file).map_err(|error| vec![unreadable(&name, &error)])?;
            return for_supergraph(&name, &sdl, listen.unwrap_or(DEFAULT_LISTEN), &kinds());
        }
        let own = OwnSource { name: own::NAME, sdl: own::SDL };
        let checked = load_with_own(&self.config_file(), &environment, &kinds(), &[own])?;
        match listen {
            Some(listen) => checked.with_listen(listen).map_err(|wrong| vec![wrong]),
            None => Ok(checked),
        }
    }

    /// The configured sources alone, as another router could serve them.
    pub(super) fn without_own(&self) -> Result<Checked, Vec<Diagnostic>> {
        match self.supergraph {
            Some(_) => self.checked(None),
            None => load(&self.config_file(), &environment, &kinds()),
        }
    }

    fn config_file(&self) -> PathBuf {
        self.config.clone().unwrap_or_default()
    }
}

/// `${env.NAME}`. A value that isn't UTF-8 counts as not set.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A file that can't be read.
pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Diagnostic {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "it doesn't exist",
        std::io::ErrorKind::PermissionDenied => "this user may not read it",
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text",
        _ => "reading it failed",
    };
    Diagnostic::error(
        "FILE_UNREADABLE",
        Location::file(file),
        format!("the file `{file}` can't be read: {why}"),
    )
}
