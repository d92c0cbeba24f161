//! Kind `sql` through the suite of the contract, on SQLite files and on a real PostgreSQL server.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod postgres;
mod sqlite;
mod table;
