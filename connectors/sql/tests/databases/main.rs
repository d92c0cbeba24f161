//! What is kind `sql`'s own: keys, orders, filters, types and failures, on SQLite and on a real PostgreSQL server.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up has failed"
)]

mod failures;
mod filters;
mod keys;
mod order;
mod rows;
mod support;
mod types;
