//! Registered operations from their manifests to the answer: judged by `check` and at start, asked for by id.

use serde_json::json;

use super::serving::Running;
use super::support::{Folder, Partner, raccordo};

const CHECK: [&str; 3] = ["check", "--config", "raccordo.yaml"];
const SERVE: [&str; 2] = ["--config", "raccordo.yaml"];

/// A folder whose gateway answers the operations of this manifest and no others.
fn folder(url: &str, manifest: &serde_json::Value) -> Folder {
    let folder = Folder::with(url);
    let configured = std::fs::read_to_string(folder.path("raccordo.yaml")).unwrap();
    let operations =
        "operations: { registered: required, manifests: [operazioni.json] }\nlimits: { depth: 2 }\n";
    folder.write("raccordo.yaml", &(configured + operations));
    folder.write("operazioni.json", &serde_json::to_string_pretty(manifest).unwrap());
    folder
}

#[test]
fn what_is_registered_is_answered_and_nothing_else() {
    let partner = Partner::start();
    let operation =
        json!({ "id": "a1", "name": "Linee", "type": "query", "body": "query Linee { linee { nome } }" });
    let manifest =
        json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation] });
    let folder = folder(&partner.url, &manifest);
    let good = raccordo(folder.root(), &CHECK);
    assert_eq!((good.code, good.out.as_str()), (Some(0), "good\n"), "{}", good.err);
    let running = Running::start(folder.root(), &SERVE);
    let whole = json!({ "data": { "linee": [{ "nome": "Linea 1" }] } });
    assert_eq!(running.send(r#"{"documentId":"a1"}"#), whole);
    assert_eq!(running.send(r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"a1"}}}"#), whole);
    for other in [r#"{"documentId":"a2"}"#, r#"{"query":"{ linee { id } }"}"#] {
        let refused = running.send(other);
        assert_eq!(refused["errors"][0]["extensions"]["code"], "OPERATION_NOT_REGISTERED", "{refused}");
    }
}

#[test]
fn check_and_start_tell_every_registered_operation_that_is_wrong() {
    let manifest = json!({
        "buona": "{ linee { nome } }",
        "campo": "{ linee { colore } }",
        "sintassi": "{ linee {",
        "profonda": "{ linee { ... { __typename } } a: __schema { types { name } } }",
    });
    let folder = folder("http://127.0.0.1:9/graphql", &manifest);
    let wrong = raccordo(folder.root(), &CHECK);
    assert_eq!(wrong.code, Some(1), "{}", wrong.out);
    for told in [
        "operazioni.json:3:",
        "operazioni.json:4:",
        "operazioni.json:5:",
        "`colore`",
        "3 levels deep",
        "6 mistakes",
    ] {
        assert!(wrong.out.contains(told), "{told}: {}", wrong.out);
    }
    assert!(!wrong.out.contains("`buona`"), "{}", wrong.out);
    let refused = raccordo(folder.root(), &["serve", SERVE[0], SERVE[1]]);
    assert_eq!(refused.code, Some(78));
    assert!(
        refused.err.contains("operazioni.json:3:") && refused.err.contains("operazioni.json:5:"),
        "{}",
        refused.err
    );
}
