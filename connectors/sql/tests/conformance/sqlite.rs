//! The suite on SQLite: a file in a folder of its own for each case.

use futures::future::BoxFuture;
use raccordo_connector_api::conformance::{Harness, Record, Running};
use raccordo_connector_api::{Kind, Settings};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};
use tokio::sync::Mutex;

use crate::table;

struct Sqlite;

struct File {
    folder: tempfile::TempDir,
    owner: Mutex<SqliteConnection>,
}

impl File {
    fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.folder.path().join(name).display())
    }

    async fn run(&self, sql: String) -> Result<(), String> {
        let mut owner = self.owner.lock().await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *owner).await.map_err(|error| error.to_string())?;
        Ok(())
    }
}

impl Harness for Sqlite {
    fn kind(&self) -> &dyn Kind {
        raccordo_connector_sql::KIND
    }

    fn sdl(&self) -> String {
        table::SDL.to_owned()
    }

    fn batch(&self) -> usize {
        table::BATCH
    }

    fn page_size(&self) -> Option<usize> {
        Some(table::PAGE)
    }

    fn exempt(&self, _case: &str) -> Option<&'static str> {
        None
    }

    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>> {
        Box::pin(async move {
            let folder = tempfile::tempdir().unwrap();
            let options =
                SqliteConnectOptions::new().filename(folder.path().join("prova.db")).create_if_missing(true);
            let owner = Mutex::new(options.connect().await.unwrap());
            let file = File { folder, owner };
            file.run(format!("BEGIN; {} COMMIT;", table::script(records, "DATE"))).await?;
            Ok(Box::new(file) as Box<dyn Running>)
        })
    }
}

impl Running for File {
    fn settings(&self) -> Settings {
        table::settings(&self.url("prova.db"))
    }

    fn nowhere(&self) -> Settings {
        table::settings(&self.url("nessuno.db"))
    }

    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.run(format!("ALTER TABLE schede DROP COLUMN {field}")))
    }

    /// The owner writes: readers wait.
    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.run("BEGIN EXCLUSIVE".to_owned()))
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.run("COMMIT".to_owned()))
    }
}

raccordo_connector_api::conformance_tests!(Sqlite);

/// A source of members passes what one system does.
mod in_members {
    use raccordo_connector_members::conformance::InMembers;

    mod one {
        use super::*;

        raccordo_connector_api::conformance_tests!(InMembers::new(super::super::Sqlite, 1));
    }

    mod three {
        use super::*;

        raccordo_connector_api::conformance_tests!(InMembers::new(super::super::Sqlite, 3));
    }
}
