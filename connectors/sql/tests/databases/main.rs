//! What is kind `sql`'s own: keys, orders, filters, types and failures, on SQLite and on real servers of PostgreSQL and MariaDB.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up has failed"
)]

mod failures;
mod filters;
mod inspect;
mod keys;
mod live;
mod mariadb;
mod order;
mod rows;
mod support;
mod types;
