//! Real partners: servers that this project did not write, each private to the test that starts it.
//!
//! In: what a partner should hold. Out: its address, and what it was asked. A partner stops when its value is dropped,
//! and also when the test process ends in any other way. It never skips: what is missing is an error that says how to
//! install it.

mod audit;
mod composer;
mod events;
mod fhir;
mod mariadb;
mod partner;
mod postgres;
mod subgraph;

use std::{fmt, time::Duration};

pub use audit::{AuditResult, AuditStatus, audit};
pub use composer::{ComposedElsewhere, Composer, ToCompose};
pub use events::{EventSubgraph, Over, Subscriber};
pub use fhir::{FhirOptions, FhirServer};
pub use mariadb::MariaDb;
pub use partner::ReceivedRequest;
pub use postgres::Postgres;
pub use subgraph::Subgraph;

/// How long a partner may take to be ready, and to answer its parent. Generous: the machine may be building too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a partner is not there for a test. `Debug` reads like `Display`, so that `unwrap` in a test explains itself.
#[derive(thiserror::Error)]
pub enum RealError {
    /// Something that `scripts/setup` installs isn't installed.
    #[error("{what} is missing: run `make setup` once")]
    Missing {
        /// The program or the packages.
        what: &'static str,
    },
    /// The partner's process could not be started, written to or waited for.
    #[error("{doing}: {cause}")]
    Process {
        /// What was being done.
        doing: String,
        /// The operating system's word.
        cause: std::io::Error,
    },
    /// The partner ended or stayed silent instead of being ready.
    #[error("{what} did not become ready; it said:\n{said}")]
    NotReady {
        /// Which partner.
        what: &'static str,
        /// The end of what it wrote.
        said: String,
    },
    /// A program ran and failed.
    #[error("{what} failed:\n{said}")]
    Failed {
        /// Which program.
        what: &'static str,
        /// The end of what it wrote.
        said: String,
    },
    /// What came back could not be read.
    #[error("{what} wrote something that is not the JSON expected: `{line}`")]
    Unreadable {
        /// Which partner.
        what: &'static str,
        /// The line as it came.
        line: String,
    },
}

impl fmt::Debug for RealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl RealError {
    fn process(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |cause| Self::Process { doing, cause }
    }
}
