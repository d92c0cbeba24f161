//! Requests that are made to hurt, sent to a gateway in a process of its own: each is refused, and the most memory that the process
//! ever had grows by no more than a few bodies' worth.

use serde_json::{Value, json};

use super::serving::Running;
use super::support::Folder;

/// What the process may grow by: it does by 64 MiB at most, for what is freed is given back a moment later. Unbounded, single ones of these took 150 MiB and more.
const MOST_KIB: u64 = 96 * 1024;

fn repeat(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

/// The most memory that a process has had by now.
fn peak_kib(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Each with the code that it is refused with.
fn attacks() -> Vec<(&'static str, String)> {
    let asking = |query: String| json!({ "query": query }).to_string();
    let doubling = repeat(40, |step| format!("fragment f{step} on Linea {{ ...f{0} ...f{0} }} ", step + 1));
    let many = format!("fragment f on Query {{ {} }}", repeat(5_000, |_| "__typename ".into()));
    let named = |body: String| body.replacen('{', r#"{"operationName":"q0","#, 1);
    let variables =
        |values: &str| format!(r#"{{"query":"{{ linee {{ id }} }}","variables":{{"x":{values}}}}}"#);
    vec![
        (
            "REQUEST_LIMIT_EXCEEDED",
            asking(format!("{{ linee {{ ...f0 }} }} {doubling} fragment f40 on Linea {{ id }}")),
        ),
        (
            "REQUEST_LIMIT_EXCEEDED",
            named(asking(repeat(800, |index| format!("query q{index} {{ ...f }} ")) + &many)),
        ),
        ("REQUEST_LIMIT_EXCEEDED", variables(&format!("[{}[]]", "[],".repeat(330_000)))),
        ("REQUEST_LIMIT_EXCEEDED", variables(&format!("{}{}", "[".repeat(490_000), "]".repeat(490_000)))),
        ("REQUEST_LIMIT_EXCEEDED", asking("{ a ".repeat(250_000))),
        ("REQUEST_LIMIT_EXCEEDED", asking(format!("{{ {} }}", ",".repeat(900_000)))),
        ("REQUEST_LIMIT_EXCEEDED", asking(format!("{{ {} }}", "é".repeat(400_000)))),
        ("MAX_DEPTH_LIMIT", asking(format!("{{ linee(comune: {}", "[".repeat(9_000)))),
        (
            "MAX_ALIASES_LIMIT",
            asking(format!("{{ linee {{ {} }} }}", repeat(3_000, |index| format!("a{index}: id ")))),
        ),
        (
            "REQUEST_LIMIT_EXCEEDED",
            asking(format!(
                "{{ {} }}",
                repeat(99, |index| {
                    format!(
                        "s{index}: __schema {{ types {{ fields {{ name type {{ name kind }} args {{ name }} }} }} }} "
                    )
                })
            )),
        ),
        (
            "GRAPHQL_VALIDATION_FAILED",
            asking(format!("{{ linee {{ {} }} }}", repeat(9_000, |index| format!("z{index} ")))),
        ),
        ("GRAPHQL_PARSE_FAILED", asking(format!("{{ linee {}", "\"\n".repeat(4_000)))),
    ]
}

#[test]
fn hostile_requests_are_refused_in_bounded_memory() {
    let running =
        Running::start(Folder::with("http://127.0.0.1:9/graphql").root(), &["--config", "raccordo.yaml"]);
    assert_eq!(running.send(r#"{"query":"{ __schema { types { name } } }"}"#)["errors"], Value::Null);
    let before = peak_kib(&running);
    for _ in 0..3 {
        for (expected, body) in attacks() {
            let answer = running.send(&body);
            assert_eq!(code(&answer), expected, "{}", body.get(..200).unwrap_or(&body));
        }
    }
    let grown = peak_kib(&running) - before;
    assert!(grown < MOST_KIB, "the process grew by {grown} KiB");
    assert_eq!(running.send(r#"{"query":"{ __typename }"}"#), json!({ "data": { "__typename": "Query" } }));
}
