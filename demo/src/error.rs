//! Enters: what went wrong while the district was made or its partners started. Leaves: one sentence that says what to do.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the demo can't run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The address is taken or not ours.
    #[error(
        "cannot listen on `{address}` for {who}: {cause}; choose another address, or port 0 for a free one"
    )]
    Listen {
        /// Who wanted it.
        who: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The temporary folder for the databases can't be made.
    #[error(
        "cannot make a temporary folder for the databases: {0}; set TMPDIR to a folder that can be written"
    )]
    Folder(std::io::Error),
    /// A database file can't be written.
    #[error("cannot write the database `{path}`: {cause}; is there space on the disk?")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        cause: sqlx::Error,
    },
    /// The system doesn't let this process wait for Ctrl-C.
    #[error("cannot wait for Ctrl-C: {0}")]
    Signals(std::io::Error),
}
