//! The suite on MariaDB: one server, a database of its own for each case.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::BoxFuture;
use raccordo_connector_api::conformance::{Harness, Record, Running, run};
use raccordo_connector_api::{Kind, Settings};
use raccordo_tests::real::MariaDb;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlConnection};
use tokio::sync::Mutex;

use crate::table;

struct Server {
    server: Arc<MariaDb>,
    databases: AtomicU32,
}

struct Database {
    _server: Arc<MariaDb>,
    url: String,
    owner: Mutex<MySqlConnection>,
}

impl Database {
    async fn run(&self, sql: String) -> Result<(), String> {
        let mut owner = self.owner.lock().await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *owner).await.map_err(|error| error.to_string())?;
        Ok(())
    }
}

impl Harness for Server {
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
            let name = format!("prova{}", self.databases.fetch_add(1, Ordering::Relaxed));
            let url = self.server.url();
            let mut first = connect(&url).await?;
            let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
            sqlx::raw_sql(create).execute(&mut first).await.map_err(|error| error.to_string())?;
            let url = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
            let owner = Mutex::new(connect(&url).await?);
            let database = Database { _server: self.server.clone(), url, owner };
            database.run("SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'".to_owned()).await?;
            database.run(table::script(records, "DATE")).await?;
            Ok(Box::new(database) as Box<dyn Running>)
        })
    }
}

async fn connect(url: &str) -> Result<MySqlConnection, String> {
    let options: MySqlConnectOptions = url.parse().unwrap();
    options.connect().await.map_err(|error| error.to_string())
}

impl Running for Database {
    fn settings(&self) -> Settings {
        table::settings(&self.url)
    }

    /// Port 1 is nobody's.
    fn nowhere(&self) -> Settings {
        table::settings("mysql://root@127.0.0.1:1/prova")
    }

    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.run(format!("ALTER TABLE schede DROP COLUMN {field}")))
    }

    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.run("LOCK TABLES schede WRITE".to_owned()))
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.run("UNLOCK TABLES".to_owned()))
    }
}

#[tokio::test]
async fn mariadb_passes_the_suite() {
    let harness = Server { server: Arc::new(MariaDb::start().unwrap()), databases: AtomicU32::new(0) };
    if let Err(broken) = run(&harness).await {
        assert_eq!(broken.join("\n"), "");
    }
}
