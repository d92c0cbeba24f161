//! Kind sql: SQLite and PostgreSQL.
