//! Kind `sql` through the suite of the contract, on SQLite files and on real servers of PostgreSQL and MariaDB.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod mariadb;
mod postgres;
mod sqlite;
mod table;
