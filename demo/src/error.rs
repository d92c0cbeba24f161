//! Enters: what went wrong while the district was made, its partners or the gateway started. Leaves: one sentence that says what to do.

use std::io;
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
        cause: io::Error,
    },
    /// The temporary folder for the databases can't be made.
    #[error(
        "cannot make a temporary folder for the databases: {0}; set TMPDIR to a folder that can be written"
    )]
    Folder(io::Error),
    /// A database file can't be written.
    #[error("cannot write the database `{path}`: {cause}; is there space on the disk?")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        cause: sqlx::Error,
    },
    /// The configuration has mistakes, all of them told.
    #[error("the configuration can't be used:\n\n{0}")]
    Configuration(String),
    /// The gateway can't be made from a good configuration.
    #[error("the gateway can't be made: {0}")]
    Gateway(raccordo::start::StartError),
    /// The sample queries can't be read.
    #[error("cannot read the sample queries in `{folder}`: {cause}; they stand beside the configuration")]
    Queries {
        /// Their folder.
        folder: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}
