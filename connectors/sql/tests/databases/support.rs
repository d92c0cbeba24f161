//! One SDL over one script, on every database.

use std::sync::Arc;

use raccordo_connector_api::conformance::{Ask, render};
use raccordo_connector_api::{Connector, Failure, Fetch, SettingValue, Settings, Source};
use raccordo_schema::mapping::SourceMapping;
use raccordo_schema::{Diagnostic, Location, check_kind, read_source};
use raccordo_tests::real::{MariaDb, Postgres, RealError};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

const LINKS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from", "@code"])
scalar Date
scalar DateTime
scalar Dati
scalar CodiceFiscale
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
"#;

/// A source on one database.
pub(crate) struct Database {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) ask: Ask,
    _folder: Option<tempfile::TempDir>,
    pub(crate) server: Option<Server>,
}

/// A server that goes with its database.
pub(crate) enum Server {
    Postgres(Postgres),
    MariaDb(MariaDb),
}

impl Server {
    pub(crate) fn load(&self, sql: &str) -> Result<(), RealError> {
        match self {
            Self::Postgres(server) => server.load(sql),
            Self::MariaDb(server) => server.load(sql),
        }
    }

    pub(crate) fn stop(&mut self) {
        match self {
            Self::Postgres(server) => server.stop(),
            Self::MariaDb(server) => server.stop(),
        }
    }
}

impl Database {
    /// What fields of `Query` bring.
    pub(crate) async fn roots(&self, text: &str) -> Value {
        self.answer(&self.ask.roots(text).unwrap()).await
    }

    /// What entities bring.
    pub(crate) async fn entities(&self, of: &str, text: &str, keys: &[Value]) -> Value {
        self.answer(&self.ask.entities(of, text, keys).unwrap()).await
    }

    /// What a question brings.
    pub(crate) async fn answer(&self, fetch: &Fetch) -> Value {
        match self.connector.fetch(fetch).await {
            Ok(reply) => render(fetch, &reply),
            Err(failure) => panic!("{}: {failure}", self.name),
        }
    }

    /// How fields of `Query` fail.
    pub(crate) async fn failure(&self, text: &str) -> Failure {
        let fetch = self.ask.roots(text).unwrap();
        match self.connector.fetch(&fetch).await {
            Ok(reply) => panic!("{}: it answered {}", self.name, render(&fetch, &reply)),
            Err(failure) => failure,
        }
    }
}

/// The SDL, read.
pub(crate) fn mapping(sdl: &str) -> Arc<SourceMapping> {
    let read = read_source("prova", "prova.graphql", &format!("{LINKS}{sdl}"));
    let mapping = read.unwrap_or_else(|found| panic!("{found:#?}"));
    let mistakes: Vec<_> = check_kind(&mapping, "sql").into_iter().filter(Diagnostic::is_error).collect();
    assert_eq!(mistakes, []);
    Arc::new(mapping)
}

/// A connector over a database.
pub(crate) fn connect(url: &str, mapping: &Arc<SourceMapping>) -> Arc<dyn Connector> {
    let at = Location::file("raccordo.yaml");
    let settings = Settings::new(at.clone()).with("url", SettingValue::Text(url.into()), at);
    let source = Source { name: "prova", settings: &settings, mapping };
    let checked = raccordo_connector_sql::KIND.check(source).unwrap_or_else(|found| panic!("{found:#?}"));
    checked.open().unwrap()
}

/// SQLite, PostgreSQL and MariaDB, each with this SDL over this script.
pub(crate) async fn all(sdl: &str, script: &str) -> [Database; 3] {
    [sqlite(sdl, script).await, postgres(sdl, script), mariadb(sdl, script)]
}

pub(crate) async fn sqlite(sdl: &str, script: &str) -> Database {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prova.db");
    let mut owner =
        SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut owner).await.unwrap();
    let mapping = mapping(sdl);
    let url = format!("sqlite:{}", path.display());
    let connector = connect(&url, &mapping);
    Database { name: "SQLite", url, connector, ask: Ask::new(&mapping), _folder: Some(folder), server: None }
}

pub(crate) fn postgres(sdl: &str, script: &str) -> Database {
    let server = Postgres::start().unwrap();
    server.load(script).unwrap();
    let mapping = mapping(sdl);
    let connector = connect(&server.url(), &mapping);
    let ask = Ask::new(&mapping);
    Database {
        name: "PostgreSQL",
        url: server.url(),
        connector,
        ask,
        _folder: None,
        server: Some(Server::Postgres(server)),
    }
}

pub(crate) fn mariadb(sdl: &str, script: &str) -> Database {
    let server = MariaDb::start().unwrap();
    // The scripts are written for every database.
    server.load(&format!("SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'; {script}")).unwrap();
    let mapping = mapping(sdl);
    let connector = connect(&server.url(), &mapping);
    let ask = Ask::new(&mapping);
    let url = server.url();
    Database { name: "MariaDB", url, connector, ask, _folder: None, server: Some(Server::MariaDb(server)) }
}
