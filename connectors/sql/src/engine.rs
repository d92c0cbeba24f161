//! What differs between the drivers of the databases: connecting, one statement, columns' types. One implementation a database.

use std::time::Duration;

use raccordo_schema::mapping::Name;
use sqlx::Error;

use crate::rows::Rows;
use crate::statement::{Statement, Table, Types};

/// One database's driver.
pub(crate) trait Engine {
    /// Where the database is, and how it is reached.
    type Options: Send + Sync;
    /// An open session, for reading only. One that is dropped in the middle of a statement leaves nothing running at the server.
    type Connection: Send;

    /// Opens a session whose statements end after `longest` by themselves, where the server can.
    fn connect(
        options: &Self::Options,
        longest: Duration,
    ) -> impl Future<Output = Result<Self::Connection, Error>> + Send;

    /// Runs a statement, giving up on bytes beyond `most`.
    fn select(
        own: &mut Self::Connection,
        statement: &Statement,
        most: usize,
    ) -> impl Future<Output = Result<Rows, Error>> + Send;

    /// What is to be known of these columns of a table.
    fn types(
        own: &mut Self::Connection,
        table: &Table,
        columns: &[&Name],
    ) -> impl Future<Output = Result<Types, Error>> + Send;

    /// Whether an outcome says that a session that was kept is dead, so that the same is worth asking in a new one.
    fn is_stale<T>(outcome: &Result<T, Error>) -> bool;
}
