//! The union of comuni: each a SQLite file in one of two layouts, behind a connector that a test holds, refuses and counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use raccordo_connector_api::conformance::{Ask, render};
use raccordo_connector_api::{
    Checked, Connector, Failure, FailureKind, Fetch, Kind, Reply, SettingValue, Settings, Source,
};
use raccordo_connector_members::{CheckedMembers, Member, Whole, check};
use raccordo_schema::mapping::{self, SourceMapping};
use raccordo_schema::{Diagnostic, Location, Reader};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::sync::Semaphore;

/// The source's own SDL, and the first layout.
pub(crate) const SDL: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from"])

scalar Date

type Query {
  residenti(comune: [ID!], first: Int, after: String): PersonaConnection!
    @connect(sql: { table: "residenti" }, page: { first: "first", after: "after" })
  perNascita(first: Int, after: String): PersonaConnection!
    @connect(sql: { table: "residenti" }, order: [{ column: "nato" }, { column: "cod_fiscale" }], page: { first: "first", after: "after" })
  elenco(comune: ID, first: Int): [Persona!]! @connect(sql: { table: "residenti" }, page: { first: "first" })
  persona(comune: ID, codiceFiscale: ID!): Persona
    @connect(sql: { table: "residenti" }, filter: [{ arg: "codiceFiscale", column: "cod_fiscale" }])
}

type PersonaConnection { nodes: [Persona!]! edges: [PersonaEdge!]! pageInfo: PageInfo! }
type PersonaEdge { node: Persona! cursor: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

type Persona @key(fields: "comune codiceFiscale") @connect(sql: { table: "residenti", key: ["cod_fiscale"] }, batch: { maxSize: 100 }) {
  comune: ID! @from(meta: SERVES)
  codiceFiscale: ID! @from(column: "cod_fiscale")
  cognome: String
  nato: Date
  fonte: String! @from(meta: SOURCE)
  membro: String @from(meta: MEMBER)
  lettoIl: DateTime! @from(meta: AS_OF)
}

scalar DateTime
"#;

/// Another supplier's layout of the same.
pub(crate) fn other_layout() -> String {
    SDL.replace("\"residenti\"", "\"PERSONE\"")
        .replace("\"cod_fiscale\"", "\"CF\"")
        .replace("cognome: String", "cognome: String @from(column: \"COGN\")")
        .replace("nato: Date", "nato: Date @from(column: \"DT_NASC\")")
        .replace("column: \"nato\"", "column: \"DT_NASC\"")
}

/// What a test does with one comune.
#[derive(Default)]
pub(crate) struct Hand {
    /// Calls that were begun, and that came back.
    pub(crate) begun: AtomicUsize,
    pub(crate) done: AtomicUsize,
    fails: Mutex<Option<FailureKind>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
    pub(crate) keys: Mutex<Vec<usize>>,
}

impl Hand {
    /// From now on every call fails so.
    pub(crate) fn fail(&self, kind: impl Into<Option<FailureKind>>) {
        *self.fails.lock().unwrap() = kind.into();
    }

    /// From now on calls wait until the permit comes.
    pub(crate) fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    pub(crate) fn calls(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }
}

struct Handled {
    inner: Arc<dyn Connector>,
    hand: Arc<Hand>,
}

impl Connector for Handled {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        async move {
            self.hand.begun.fetch_add(1, Ordering::SeqCst);
            self.hand.keys.lock().unwrap().push(fetch.representations.len());
            let gate = self.hand.gate.lock().unwrap().clone();
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            let fails = *self.hand.fails.lock().unwrap();
            let reply = match fails {
                Some(kind) => Err(Failure::new(kind, "as the test has it")),
                None => self.inner.fetch(fetch).await,
            };
            self.hand.done.fetch_add(1, Ordering::SeqCst);
            reply
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let fails = *self.hand.fails.lock().unwrap();
        async move { fails.map_or(Ok(()), |kind| Err(Failure::new(kind, "as the test has it"))) }.boxed()
    }
}

struct CheckedHandled(Arc<dyn Checked>, Arc<Hand>);

impl Checked for CheckedHandled {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        Ok(Arc::new(Handled { inner: self.0.open()?, hand: Arc::clone(&self.1) }))
    }
}

/// One comune's residents: codice fiscale, surname, birth.
pub(crate) type Residents<'r> = &'r [(&'r str, &'r str, &'r str)];

/// A comune of the union.
pub(crate) struct Comune {
    name: &'static str,
    code: &'static str,
    timeout: Duration,
    checked: Arc<dyn Checked>,
    mapping: Arc<SourceMapping>,
    pub(crate) hand: Arc<Hand>,
}

/// A folder of files.
pub(crate) struct Union {
    folder: tempfile::TempDir,
    pub(crate) comuni: Vec<Comune>,
    pub(crate) route_by: Option<&'static str>,
    pub(crate) broadcast: bool,
    pub(crate) parallel: usize,
}

impl Union {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, comuni: Vec::new(), route_by: Some("comune"), broadcast: false, parallel: 32 }
    }

    /// Three comuni, the second of another layout.
    pub(crate) async fn of_three() -> Self {
        let mut union = Self::new();
        union
            .add(
                "bedonia",
                "034003",
                false,
                &[("B1", "Bianchi", "1950-01-01"), ("B2", "Bruni", "1970-01-01")],
            )
            .await;
        union
            .add(
                "borgotaro",
                "034006",
                true,
                &[
                    ("T1", "Testa", "1940-01-01"),
                    ("T2", "Tosi", "1960-01-01"),
                    ("T3", "Tedeschi", "1980-01-01"),
                ],
            )
            .await;
        union.add("varsi", "034044", false, &[("V1", "Verdi", "1955-01-01")]).await;
        union
    }

    /// One comune more.
    pub(crate) async fn add(
        &mut self,
        name: &'static str,
        code: &'static str,
        is_other: bool,
        residents: Residents<'_>,
    ) {
        let rows: Vec<String> =
            residents.iter().map(|(cf, cognome, nato)| format!("('{cf}', '{cognome}', '{nato}')")).collect();
        let (table, columns) = if is_other {
            ("PERSONE", "CF, COGN, DT_NASC")
        } else {
            ("residenti", "cod_fiscale, cognome, nato")
        };
        let column =
            columns.split(", ").map(|column| format!("{column} TEXT")).collect::<Vec<_>>().join(", ");
        let mut sql = format!("CREATE TABLE {table} ({column});");
        for rows in rows.chunks(500) {
            sql.push_str(&format!("INSERT INTO {table} VALUES {};", rows.join(",")));
        }
        let path = self.folder.path().join(format!("{name}.db"));
        let mut file =
            SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut file).await.unwrap();
        let sdl = if is_other { other_layout() } else { SDL.to_owned() };
        let serves = Some(code.into());
        let member = Some(mapping::Member { name: name.into(), serves });
        let reader = Reader { source: "anagrafe", member, route_by: Some("comune") };
        let mapping = Arc::new(reader.read("member.graphql", &sdl).unwrap());
        let at = Location::file("raccordo.yaml");
        let settings = Settings::new(at.clone())
            .with("url", SettingValue::Text(format!("sqlite:{}", path.display()).into()), at.clone())
            .with("pool", SettingValue::Integer(2), at.clone())
            .with("connect_timeout_ms", SettingValue::Integer(5_000), at);
        let kind: &dyn Kind = raccordo_connector_sql::KIND;
        let checked =
            kind.check(Source { name: "anagrafe", settings: &settings, mapping: &mapping }).unwrap();
        let hand = Arc::new(Hand::default());
        let checked = Arc::new(CheckedHandled(checked, Arc::clone(&hand)));
        self.comuni.push(Comune { name, code, timeout: Duration::from_secs(30), checked, mapping, hand });
    }

    /// A comune's hand.
    pub(crate) fn hand(&self, name: &str) -> &Arc<Hand> {
        &self.comuni.iter().find(|comune| comune.name == name).unwrap().hand
    }

    /// How long a comune is waited for.
    pub(crate) fn patience(&mut self, name: &str, timeout: Duration) {
        self.comuni.iter_mut().find(|comune| comune.name == name).unwrap().timeout = timeout;
    }

    pub(crate) fn mapping(&self) -> Arc<SourceMapping> {
        let reader = Reader { source: "anagrafe", member: None, route_by: Some("comune") };
        Arc::new(reader.read("anagrafe.graphql", SDL).unwrap())
    }

    fn whole(&self) -> Whole {
        Whole {
            source: "anagrafe".into(),
            mapping: self.mapping(),
            route_by: self.route_by.map(Into::into),
            broadcast: self.broadcast,
            parallel: self.parallel,
            keepers_key: Some("chiave dei titolari".into()),
            at: Location::file("raccordo.yaml"),
        }
    }

    fn members(&self) -> Vec<Member> {
        let of = |comune: &Comune| Member {
            name: comune.name.into(),
            kind: "sql",
            serves: self.route_by.map(|_| comune.code.into()).into_iter().collect(),
            timeout: comune.timeout,
            mapping: Arc::clone(&comune.mapping),
            checked: Arc::clone(&comune.checked),
            at: Location::file("raccordo.yaml"),
        };
        self.comuni.iter().map(of).collect()
    }

    /// What keeps them from being one source.
    pub(crate) fn check(&self) -> Vec<Diagnostic> {
        check(&self.whole(), &self.members(), None)
    }

    /// As one source.
    pub(crate) fn open(&self) -> One {
        let checked = CheckedMembers { whole: self.whole(), members: self.members(), locator: None };
        One { connector: checked.open().unwrap(), ask: Ask::new(&self.mapping()) }
    }
}

/// The source.
pub(crate) struct One {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) ask: Ask,
}

impl One {
    pub(crate) async fn roots(&self, text: &str) -> (Value, Vec<Failure>) {
        let fetch = self.ask.roots(text).unwrap();
        let reply = self.connector.fetch(&fetch).await.unwrap();
        let failures = reply.problems().iter().map(|problem| problem.failure.clone()).collect();
        (render(&fetch, &reply), failures)
    }
}
