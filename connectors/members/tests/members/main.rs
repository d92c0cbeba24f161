//! Seven comuni as one source: real SQLite files behind connectors that can be held, refused and counted.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't be set up has failed")]

mod entities;
mod kit;
mod lists;
mod wrong;
