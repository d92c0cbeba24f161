//! Source SDL in; composed supergraph, mappings and the graph's catalogue out. Pure: it reads no file and opens no socket.

pub mod catalogue;
pub mod changes;
pub mod compose;
pub mod diagnostic;
pub mod mapping;
pub mod parallel;
pub mod scalars;
pub mod source;
pub mod suggest;

pub use diagnostic::{Diagnostic, Location, Severity};
pub use source::{Reader, check_kind, disagreements, read_source};

/// The text of the connector vocabulary, `schema/connect.graphql`.
pub const CONNECT_SDL: &str = include_str!("../connect.graphql");
