//! A source's entry in, the address of its database out, or every mistake in it. A URL's text is never told: it may hold a password.

use std::str::FromStr;
use std::time::Duration;

use raccordo_connector_api::{Key, KeyKind, Source};
use raccordo_schema::Diagnostic;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use url::Url;

use crate::database::{Address, Place};
use crate::statement::Dialect;

/// The keys of kind `sql`.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "url",
        kind: KeyKind::Url(&["sqlite", "postgres", "postgresql", "mysql", "mariadb"]),
        required: true,
        doc: "Where the database is: `sqlite:data/registry.db`, `postgres://user:password@host/database?sslmode=verify-full`, or \
              `mysql://user:password@host/database?ssl-mode=VERIFY_IDENTITY` (`mariadb:` is the same). \
              It is only read: an SQLite file is opened for reading, any other session is read-only. \
              SQL Server joins through another of these: docs/kinds/sql.md says how.",
    },
    Key {
        name: "pool",
        kind: KeyKind::Integer { min: 1, max: 64, default: 4 },
        required: false,
        doc: "How many connections are open at most.",
    },
    Key {
        name: "connect_timeout_ms",
        kind: KeyKind::Integer { min: 100, max: 60_000, default: 5_000 },
        required: false,
        doc: "How long connecting may take; for SQLite also how long a file locked by its owner is waited for.",
    },
    Key {
        name: "statement_timeout_ms",
        kind: KeyKind::Integer { min: 100, max: 600_000, default: 30_000 },
        required: false,
        doc: "PostgreSQL, MySQL, MariaDB: after how long the server itself ends a statement, even when nobody waits any more.",
    },
];

/// Reads the settings; mistakes go to `found`.
pub(crate) fn read(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Option<Address> {
    let settings = source.settings;
    let at = || settings.at("url");
    let Some(url) = settings.text("url") else {
        let message = format!("source `{}` has no `url`", source.name);
        found.push(
            Diagnostic::error("SETTING_MISSING", at(), message)
                .help("add `url: \"sqlite:data/x.db\"` or `url: \"postgres://…\"`"),
        );
        return None;
    };
    let place = place(url);
    let millis = |name: &str, default| settings.millis(name).unwrap_or(Duration::from_millis(default));
    match place {
        Ok(place) => Some(Address {
            place,
            pool: settings.integer("pool").and_then(|pool| pool.try_into().ok()).unwrap_or(4),
            connect: millis("connect_timeout_ms", 5_000),
            statement: millis("statement_timeout_ms", 30_000),
        }),
        Err(why) => {
            found.push(
                Diagnostic::error("SETTING_INVALID", at(), why)
                    .help("write `sqlite:path/to/file.db`, `postgres://user:password@host:port/database` or `mysql://user:password@host:port/database`"),
            );
            None
        }
    }
}

fn place(url: &str) -> Result<Place, &'static str> {
    match url.split_once(':').map_or("", |(scheme, _)| scheme) {
        "sqlite" => sqlite(url),
        "postgres" | "postgresql" => postgres(url),
        "mysql" | "mariadb" => mysql(url),
        "mssql" | "sqlserver" => Err(
            "`url` is of SQL Server, which this kind doesn't speak by itself: docs/kinds/sql.md says how it joins",
        ),
        _ => Err("the scheme of `url` is none of `sqlite`, `postgres`, `postgresql`, `mysql`, `mariadb`"),
    }
}

/// The address behind a URL, with the defaults of every setting.
pub(crate) fn address(url: &str) -> Result<Address, &'static str> {
    Ok(Address {
        place: place(url)?,
        pool: 1,
        connect: Duration::from_secs(5),
        statement: Duration::from_secs(60),
    })
}

/// Which SQL is spoken at a URL, by its scheme.
pub(crate) fn dialect(url: &str) -> Option<Dialect> {
    match url.split_once(':')?.0 {
        "sqlite" => Some(Dialect::Sqlite),
        "postgres" | "postgresql" => Some(Dialect::Postgres),
        "mysql" | "mariadb" => Some(Dialect::MySql),
        _ => None,
    }
}

fn sqlite(url: &str) -> Result<Place, &'static str> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err("`url` names a database in memory, which nobody else can have filled");
    }
    let options =
        SqliteConnectOptions::from_str(url).map_err(|_| "`url` isn't one that SQLite's driver can read")?;
    Ok(Place::Sqlite(Box::new(options)))
}

/// What a PostgreSQL URL may say after `?`. Session options aren't among them: the session is ours, and read-only.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
];

/// The driver fills what a URL leaves out from the environment (`PGHOST`, `PGPASSWORD`, `~/.pgpass`, …). The configuration alone says where a
/// source is and who asks there: what matters must be in the URL, the rest gets its default here.
fn postgres(url: &str) -> Result<Place, &'static str> {
    let url = Url::parse(url).map_err(|_| "`url` isn't a URL")?;
    let given = |name: &str| url.query_pairs().any(|(key, value)| key == name && !value.is_empty());
    if url.query_pairs().any(|(key, _)| !PARAMETERS.contains(&&*key)) {
        return Err(
            "`url` has a parameter that is none of `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `host`, `hostaddr`, `port`, `dbname`, `user`, `password`",
        );
    }
    if url.host_str().is_none_or(str::is_empty) && !given("host") && !given("hostaddr") {
        return Err("`url` names no host");
    }
    if url.username().is_empty() && !given("user") {
        return Err("`url` names no user");
    }
    if url.path().trim_start_matches('/').is_empty() && !given("dbname") {
        return Err("`url` names no database");
    }
    let mut whole = url.clone();
    let defaults = [
        ("port", "5432", url.port().is_some()),
        ("sslmode", "prefer", false),
        ("password", "", url.password().is_some()),
    ];
    for (name, default, said) in defaults {
        if !said && !given(name) {
            whole.query_pairs_mut().append_pair(name, default);
        }
    }
    let options = PgConnectOptions::from_str(whole.as_str());
    let options = options.map_err(|_| "`url` isn't one that PostgreSQL's driver can read")?;
    Ok(Place::Postgres(Box::new(options)))
}

/// What a URL of MySQL or MariaDB may say after `?`. The session is ours: character set, zone and modes aren't among them.
const MYSQL_PARAMETERS: &[&str] = &["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"];

/// Nothing is taken from the environment or from `~/.my.cnf`: host, user and database must be in the URL.
fn mysql(url: &str) -> Result<Place, &'static str> {
    let url = Url::parse(url).map_err(|_| "`url` isn't a URL")?;
    let given = |name: &str| url.query_pairs().any(|(key, value)| key == name && !value.is_empty());
    if url.query_pairs().any(|(key, _)| !MYSQL_PARAMETERS.contains(&&*key)) {
        return Err(
            "`url` has a parameter that is none of `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`, `socket`",
        );
    }
    if url.host_str().is_none_or(str::is_empty) && !given("socket") {
        return Err("`url` names no host");
    }
    if url.username().is_empty() {
        return Err("`url` names no user");
    }
    if url.path().trim_start_matches('/').is_empty() {
        return Err("`url` names no database");
    }
    let options = MySqlConnectOptions::from_str(url.as_str());
    options.map(|options| Place::MySql(Box::new(options))).map_err(|_| {
        "`url` isn't one that MySQL's driver can read: `ssl-mode` is `DISABLED`, `PREFERRED`, `REQUIRED`, `VERIFY_CA` or `VERIFY_IDENTITY`"
    })
}
