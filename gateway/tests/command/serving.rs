//! `serve`: what it says, what it answers, what it logs, how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::support::{Folder, Partner, nobody, raccordo};

/// A gateway in a process of its own, killed when it is dropped.
pub(super) struct Running {
    pub(super) process: Child,
    said: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Running {
    pub(super) fn start(folder: &Path, words: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_raccordo"))
            .arg("serve")
            .args(words)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        let address =
            first.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let address = address.parse().unwrap_or_else(|_| panic!("no address in {first:?}"));
        Self { process, said, address }
    }

    /// The next line that it says with this in it.
    fn says(&mut self, words: &str) -> String {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "it ended without saying {words:?}");
        }
        line
    }

    fn ask(&self, query: &str, variables: &Value) -> Value {
        self.send(&serde_json::json!({ "query": query, "variables": variables }).to_string())
    }

    /// Sends a body as it is.
    pub(super) fn send(&self, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }

    /// Asks it to end.
    fn signal(&self) {
        let signal = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(signal.success());
    }

    /// Asks it to end; its exit code and its log.
    fn end(&mut self) -> (Option<i32>, String) {
        self.signal();
        let code = self.process.wait().unwrap().code();
        let mut log = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (code, log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn it_says_what_it_serves_answers_logs_no_value_and_ends_when_asked() {
    let partner = Partner::start();
    let folder = Folder::with(&partner.url);
    let mut running = Running::start(folder.root(), &["--config", "raccordo.yaml"]);
    running.says("access: open");
    running.says("trasporti (graphql): answers");
    let query = "query Segreta($c: String) { linee(comune: $c) { nome comune } }";
    let answer = running.ask(query, &serde_json::json!({ "c": "RSSMRA80A01H501U" }));
    assert_eq!(answer.pointer("/data/linee/0/comune").and_then(Value::as_str), Some("RSSMRA80A01H501U"));
    let sources = running.ask("{ fonti { nome raggiungibile } }", &Value::Null);
    assert_eq!(
        sources.pointer("/data/fonti/0"),
        Some(&serde_json::json!({ "nome": "trasporti", "raggiungibile": true }))
    );
    let (code, log) = running.end();
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |target: &str| {
        lines.iter().filter(|line| line.get("target").is_some_and(|own| own == target)).count()
    };
    assert_eq!((of("raccordo::http"), of("raccordo::trail")), (2, 2), "{log}");
    assert!(!log.contains("RSSMRA") && !log.contains("Segreta") && !log.contains("linee"), "{log}");
}

#[test]
fn a_source_that_is_down_keeps_nothing_from_starting() {
    let folder = Folder::with(&format!("http://{}/graphql", nobody()));
    let mut running = Running::start(folder.root(), &["--config", "raccordo.yaml", "--log", "error"]);
    let said = running.says("trasporti");
    assert!(
        said.contains("can't be reached: no connection")
            && said.contains("its fields are null until it does"),
        "{said}"
    );
    let answer = running.ask("{ linee { nome } }", &Value::Null);
    assert_eq!(
        answer.pointer("/errors/0/extensions/code"),
        Some(&Value::from("SOURCE_UNAVAILABLE")),
        "{answer}"
    );
    assert_eq!(
        running.ask("{ __typename }", &Value::Null),
        serde_json::json!({ "data": { "__typename": "Query" } })
    );
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn whoever_asks_twice_does_not_wait_for_a_source_that_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::with(&format!("http://{}/graphql", silent.local_addr().unwrap()));
    let mut running = Running::start(folder.root(), &["--config", "raccordo.yaml"]);
    let asked = {
        let mut stream = TcpStream::connect(running.address).unwrap();
        let body = r#"{"query":"{linee{nome}}"}"#;
        let head =
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length:";
        write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        stream
    };
    // The question has come to the source, which accepts it and says nothing.
    let kept: Vec<_> = silent.incoming().take(2).collect();
    running.signal();
    running.says("ending");
    let (code, _) = running.end();
    assert_eq!(code, Some(1));
    drop((asked, kept));
}

#[test]
fn a_supergraph_alone_is_served_too() {
    let partner = Partner::start();
    let folder = Folder::with(&partner.url);
    folder
        .write("supergraph.graphql", &raccordo(folder.root(), &["compose", "--config", "raccordo.yaml"]).out);
    let mut running =
        Running::start(folder.root(), &["--supergraph", "supergraph.graphql", "--listen", "127.0.0.1:0"]);
    let answer = running.ask("{ linee { nome } }", &Value::Null);
    assert_eq!(answer, serde_json::json!({ "data": { "linee": [{ "nome": "Linea 1" }] } }));
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn what_cannot_be_served_is_told_and_ends_at_once() {
    let folder = Folder::with("http://127.0.0.1:9/graphql");
    let beyond = raccordo(folder.root(), &["serve", "--config", "raccordo.yaml", "--listen", "0.0.0.0:4000"]);
    assert_eq!(
        (beyond.code, beyond.err.contains("ACCESS_BEYOND_LOOPBACK")),
        (Some(78), true),
        "{}",
        beyond.err
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = raccordo(folder.root(), &["serve", "--config", "raccordo.yaml", "--listen", &address]);
    assert_eq!(
        (told.code, told.err.contains("another program does already")),
        (Some(1), true),
        "{}",
        told.err
    );
    folder.write("raccordo.yaml", "access: open\nfonti: {}\n");
    assert_eq!(raccordo(folder.root(), &["serve", "--config", "raccordo.yaml"]).code, Some(78));
}
