//! The suite on CSV files in a folder and at an address, and on workbooks that openpyxl and odfpy write.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use raccordo_connector_api::conformance::{Harness, Record, Running};
use raccordo_connector_api::{Kind, Settings};
use raccordo_connector_sheet::KIND;
use tempfile::TempDir;

use crate::kit::settings;
use crate::web::Server;

const COLUMNS: [&str; 5] = ["id", "nome", "numero", "dal", "gruppo"];

fn sdl(file: &str) -> String {
    format!(
        r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from"])

scalar Date

type Query {{
  schede(gruppo: ID, numeroMin: Int, first: Int, after: String): SchedaConnection!
    @connect(
      sheet: {{ file: "{file}" }}
      filter: [{{ arg: "gruppo", column: "Gruppo" }}, {{ arg: "numeroMin", column: "Numero", op: GE }}]
      page: {{ first: "first", after: "after" }}
    )
  scheda(id: ID): Scheda @connect(sheet: {{ file: "{file}" }}, filter: [{{ arg: "id", column: "Codice" }}])
}}

type SchedaConnection {{ nodes: [Scheda!]! edges: [SchedaEdge!]! pageInfo: PageInfo! }}
type SchedaEdge {{ node: Scheda! cursor: String! }}
type PageInfo {{ hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }}

type Scheda @key(fields: "id") @connect(sheet: {{ file: "{file}" }}) {{
  id: ID! @from(header: ["Codice", "Cod."])
  nome: String
  numero: Int
  dal: Date @from(header: "Data d'inizio")
  gruppo: ID
}}

type Gruppo @key(fields: "id") {{
  id: ID!
  schede(first: Int): [Scheda!]! @connect(sheet: {{ file: "{file}", key: ["Gruppo"] }}, page: {{ first: "first" }})
}}
"#
    )
}

/// The header under its titles, and the records; without one column where it is withheld.
fn table(records: &[Record], withheld: Option<&str>) -> Vec<Vec<String>> {
    let kept: Vec<usize> = (0..COLUMNS.len()).filter(|at| Some(COLUMNS[*at]) != withheld).collect();
    let pick = |texts: [String; 5]| kept.iter().map(|at| texts[*at].clone()).collect();
    let header = ["COD.", "Nome", "Numero ", "Data\nd'inizio", "Gruppo"].map(str::to_owned);
    let mut rows = vec![vec!["Schede della prova".to_owned()], Vec::new(), pick(header)];
    for record in records {
        let day = record.dal.as_ref().map(|day| {
            let parts: Vec<&str> = day.split('-').collect();
            format!("{}/{}/{}", parts[2], parts[1], parts[0])
        });
        let none = String::new;
        rows.push(pick([
            record.id.clone(),
            record.nome.clone().unwrap_or_else(none),
            record.numero.clone().unwrap_or_else(none),
            day.unwrap_or_else(none),
            record.gruppo.clone(),
        ]));
    }
    rows
}

fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(";") + "\r\n";
    rows.iter().map(line).collect::<String>().into_bytes()
}

/// A folder with one file, whose format its ending says.
struct Folder(&'static str);

struct File {
    folder: TempDir,
    name: &'static str,
    records: Vec<Record>,
}

impl File {
    fn write(&self, withheld: Option<&str>) -> Result<(), String> {
        let rows = table(&self.records, withheld);
        let path = self.folder.path().join(self.name);
        if self.name.ends_with(".csv") {
            return std::fs::write(path, csv(&rows)).map_err(|error| error.to_string());
        }
        make(&serde_json::json!({ "rows": rows }), &path)
    }

    fn at(&self, folder: PathBuf) -> Settings {
        settings(&format!("file:{}", folder.display()), &[])
    }
}

/// Has a workbook written by a library that this project didn't write.
fn make(content: &serde_json::Value, path: &std::path::Path) -> Result<(), String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sheets/make.py");
    let input = path.with_extension("json");
    std::fs::write(&input, content.to_string()).map_err(|error| error.to_string())?;
    let made = Command::new(crate::files::python()).arg(script).arg(&input).arg(path).output();
    let made = made.map_err(|error| error.to_string())?;
    std::fs::remove_file(input).map_err(|error| error.to_string())?;
    match made.status.success() {
        true => Ok(()),
        false => Err(format!("no workbook was made: {}", String::from_utf8_lossy(&made.stderr))),
    }
}

/// What doesn't apply to any sheet.
fn never(case: &str) -> Option<&'static str> {
    match case {
        "batches_are_as_few_as_their_limit_allows" => {
            Some("a sheet is in memory: all keys are found at once")
        }
        "pages_bring_no_more_than_their_size" | "pages_are_limited" => Some("a page of a sheet is no call"),
        _ => None,
    }
}

impl Harness for Folder {
    fn kind(&self) -> &dyn Kind {
        KIND
    }

    fn sdl(&self) -> String {
        sdl(self.0)
    }

    fn batch(&self) -> usize {
        5_000
    }

    fn page_size(&self) -> Option<usize> {
        None
    }

    fn exempt(&self, case: &str) -> Option<&'static str> {
        never(case).or(match case {
            "silence_is_a_timeout" | "a_cancelled_question_leaves_the_source_usable" => {
                Some("a local file isn't silent; the suite is silent at an address")
            }
            _ => None,
        })
    }

    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>> {
        Box::pin(async move {
            let folder = tempfile::tempdir().unwrap();
            let file = File { folder, name: self.0, records: records.to_vec() };
            file.write(None)?;
            Ok(Box::new(file) as Box<dyn Running>)
        })
    }
}

impl Running for File {
    fn settings(&self) -> Settings {
        self.at(self.folder.path().to_owned())
    }

    fn nowhere(&self) -> Settings {
        self.at(self.folder.path().join("altrove"))
    }

    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move { self.write(Some(field)) })
    }

    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Err("a file can't be silent".to_owned()) })
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Err("a file can't be silent".to_owned()) })
    }
}

/// An address where the CSV is.
struct Address;

struct At {
    server: Server,
    records: Mutex<Vec<Record>>,
}

impl Harness for Address {
    fn kind(&self) -> &dyn Kind {
        KIND
    }

    fn sdl(&self) -> String {
        sdl("schede.csv")
    }

    fn batch(&self) -> usize {
        5_000
    }

    fn page_size(&self) -> Option<usize> {
        None
    }

    fn exempt(&self, case: &str) -> Option<&'static str> {
        never(case)
    }

    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>> {
        Box::pin(async move {
            let server = Server::start().await;
            server.put("/dati/schede.csv", &csv(&table(records, None)));
            Ok(Box::new(At { server, records: Mutex::new(records.to_vec()) }) as Box<dyn Running>)
        })
    }
}

impl Running for At {
    fn settings(&self) -> Settings {
        settings(&self.server.url("/dati"), &[])
    }

    /// Port 1 is nobody's.
    fn nowhere(&self) -> Settings {
        settings("http://127.0.0.1:1/dati", &[])
    }

    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>> {
        let records = self.records.lock().unwrap().clone();
        self.server.put("/dati/schede.csv", &csv(&table(&records, Some(field))));
        Box::pin(async { Ok(()) })
    }

    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        self.server.silence(true);
        Box::pin(async { Ok(()) })
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        self.server.silence(false);
        Box::pin(async { Ok(()) })
    }
}

mod on_a_csv {
    raccordo_connector_api::conformance_tests!(super::Folder("schede.csv"));
}

mod on_an_xlsx_of_openpyxl {
    raccordo_connector_api::conformance_tests!(super::Folder("schede.xlsx"));
}

mod on_an_ods_of_odfpy {
    raccordo_connector_api::conformance_tests!(super::Folder("schede.ods"));
}

mod at_an_address {
    raccordo_connector_api::conformance_tests!(super::Address);
}

/// Both are needed where a connector outlives its test.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<At>>();
};
