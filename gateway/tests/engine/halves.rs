//! Values that two sources complete between them, of which one fails: what it would have brought is told, never null in silence.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::kit::Bench;

fn halves() -> Bench {
    Bench::new(&[
        (
            "alfa",
            "type Query { righe: [Riga!]! @shareable } type Riga { a: Int @shareable }",
            json!({ "Query": { "righe": [{ "a": 1 }, { "a": 2 }] } }),
        ),
        (
            "beta",
            "type Query { righe: [Riga!]! @shareable } type Riga { b: Int @shareable }",
            json!({ "Query": { "righe": [{ "b": 3 }, { "b": 4 }] } }),
        ),
    ])
}

#[test]
fn both_halves_are_there_and_a_half_that_is_lost_is_told() {
    let query = "{ righe { a b } }";
    assert_eq!(halves().ask(query), json!({ "data": { "righe": [{ "a": 1, "b": 3 }, { "a": 2, "b": 4 }] } }));
    for (down, rows, field) in [
        ("beta", json!([{ "a": 1, "b": null }, { "a": 2, "b": null }]), "b"),
        ("alfa", json!([{ "a": null, "b": 3 }, { "a": null, "b": 4 }]), "a"),
    ] {
        let bench = halves();
        bench.sources[down].down.store(true, Ordering::Relaxed);
        let answer = bench.ask(query);
        assert_eq!(answer["data"]["righe"], rows, "{down}");
        let errors =
            answer["errors"].as_array().unwrap_or_else(|| panic!("{down}: nothing is told: {answer}"));
        assert_eq!(errors.len(), 1, "{answer}");
        assert_eq!(errors[0]["path"], json!(["righe", 0, field]));
        assert_eq!(errors[0]["extensions"]["code"], "SOURCE_UNAVAILABLE");
        assert_eq!(errors[0]["extensions"]["affected"], 2);
    }
}
