//! The command, as a person at a terminal uses it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::kit::{client, json as send};

fn demo(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raccordo-demo"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Everything on standard error, and the exit code.
fn ended(mut child: Child) -> (String, Option<i32>) {
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    (told, child.wait().unwrap().code())
}

#[tokio::test]
async fn it_says_what_it_does_answers_and_stops_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let mut child = demo(&["--listen", "127.0.0.1:0", "--residents", "60"]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut said = Vec::new();
        let address = loop {
            let line = lines.next().expect("an address to open");
            if let Some(rest) = line.strip_prefix("Apri ") {
                break rest.split(": ").next().unwrap().to_owned();
            }
            said.push(line);
        };
        assert!(said.iter().any(|line| line.contains("60 residenti")));
        let database = said.iter().find_map(|line| line.split("sqlite:").nth(1)).unwrap();
        assert!(std::fs::exists(database).unwrap());
        let query = json!({ "query": "{ quartieri { nome residenti { nodes { nome } } } fonti { nome } }" });
        let (status, answer) = send(client().post(address).json(&query)).await;
        assert_eq!((status, &answer["errors"]), (200, &json!(null)));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert!(lines.any(|line| line == "fermato"));
        assert_eq!(ended(child), (String::new(), Some(0)));
        assert!(!std::fs::exists(database).unwrap(), "the data goes");
    }
}

#[test]
fn a_port_in_use_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (told, code) = ended(demo(&["--listen", &address, "--residents", "1"]));
    assert_eq!(code, Some(1));
    assert!(told.contains(&address) && told.contains("choose another address"), "{told}");
}

#[test]
fn what_is_wrong_is_told_before_anything_listens() {
    let (told, code) = ended(demo(&["--residents", "0"]));
    assert!(code == Some(2) && told.contains("from 1 to 60000"), "{told}");
    let (told, code) = ended(demo(&["--residents", "1", "--listen", "0.0.0.0:0"]));
    assert!(code == Some(78) && told.contains("access"), "{told}");
    let (told, code) = ended(demo(&["--residents", "1", "--config", "nowhere.yaml"]));
    assert!(code == Some(78) && told.contains("nowhere.yaml"), "{told}");
}
