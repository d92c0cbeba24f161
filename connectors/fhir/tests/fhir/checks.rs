//! Mistakes in a mapping, each beside the mapping that is right.

use raccordo_connector_api::Source;

use crate::kit::{SDL, mapping, settings};

/// The rules and lines that a changed mapping breaks, and the messages.
fn mistakes(from: &str, to: &str) -> (Vec<String>, String) {
    assert!(SDL.contains(from), "`{from}` is in the mapping");
    found(&SDL.replacen(from, to, 1), "http://asl.example/r4")
}

fn found(sdl: &str, url: &str) -> (Vec<String>, String) {
    let settings = settings(url);
    let mapping = mapping(sdl);
    let checked =
        raccordo_connector_fhir::KIND.check(Source { name: "asl", settings: &settings, mapping: &mapping });
    let found = checked.err().unwrap_or_default();
    assert!(found.iter().all(|mistake| mistake.help.is_some()), "every mistake says what to do");
    let messages = found.iter().map(|mistake| mistake.to_string()).collect::<Vec<_>>().join("\n");
    (found.iter().map(|mistake| mistake.rule.to_owned()).collect(), messages)
}

#[test]
fn the_tests_mapping_is_right() {
    assert_eq!(found(SDL, "http://asl.example/r4"), (Vec::new(), String::new()));
}

#[test]
fn each_mistake_is_told_at_its_line() {
    let systems = r#"systems: ["http://hl7.it/sid/codiceFiscale", "urn:oid:2.16.840.1.113883.2.9.4.3.2"]"#;
    for (from, to, rule, says) in [
        (systems, "", "KEY_PARAMETER", "names no systems"),
        (
            r#"key: { param: "_id" }"#,
            r#"key: { param: "_id", systems: ["x"] }"#,
            "KEY_PARAMETER",
            "an id has none",
        ),
        (
            r#"key: { param: "_id" }"#,
            r#"key: { param: "code" }"#,
            "KEY_PARAMETER",
            "by `identifier` or by `_id`",
        ),
        (".name[0].family", ".name[0", "JQ_PROGRAM", "`Persona.cognome`"),
        (".name[0].family", "recurse(.)", "JQ_PROGRAM", "`Persona.cognome`"),
        (r#"@from(jq: ".birthDate")"#, r#"@from(column: "nato")"#, "FROM_KIND_MISMATCH", "`Persona.nascita`"),
        (r#"param: "date", op: GE"#, r#"param: "date", op: CONTAINS"#, "FHIR_FILTER", "`op: CONTAINS`"),
        (
            r#"[{ arg: "codiceFiscale", param: "identifier" }]"#,
            r#"[{ arg: "codiceFiscale", param: "identifier", op: GT }]"#,
            "FHIR_FILTER",
            "has no order",
        ),
        (
            r#"{ arg: "testo", param: "type" }"#,
            r#"{ arg: "testo", param: "identifier" }"#,
            "FHIR_FILTER",
            "names no systems",
        ),
        (
            r#"{ arg: "testo", param: "type" }"#,
            r#"{ arg: "testo", param: "_count" }"#,
            "FHIR_PARAMETER",
            "shapes the result",
        ),
        (
            r#"{ arg: "testo", param: "type" }"#,
            r#"{ arg: "testo", param: "a b" }"#,
            "FHIR_PARAMETER",
            "`a b`",
        ),
        (r#"value: "active""#, r#"value: " ""#, "FHIR_PARAMETER", "`status` has no value"),
        (
            r#"reference: "patient", where"#,
            r#"reference: "patient:Patient", where"#,
            "FHIR_REFERENCE",
            "modifier or a chain",
        ),
        (
            r#"piani(first: Int): [Piano!]! @connect(fhir: { resource: "CarePlan" }"#,
            r#"piani(first: Int): [Episodio!]! @connect(fhir: { resource: "CarePlan" }"#,
            "FHIR_RESOURCE",
            "`EpisodeOfCare`",
        ),
        (
            r#"contatti: [Contatto!]! @from(jq: ".telecom")"#,
            r#"contatti: [Episodio!]! @from(jq: ".telecom")"#,
            "FHIR_EMBEDDED",
            "`Persona.contatti`",
        ),
    ] {
        let (rules, messages) = mistakes(from, to);
        assert!(rules.contains(&rule.to_owned()), "`{to}` breaks {rules:?}\n{messages}");
        assert!(messages.contains(says), "{messages}");
        assert!(messages.contains("asl.graphql:"), "{messages}");
    }
}

#[test]
fn a_relation_needs_a_parent_that_is_a_resource() {
    let sdl = r#"
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
          @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect"])
        type Persona @key(fields: "id") { id: ID! piani: [Piano!]! @connect(fhir: { resource: "CarePlan", reference: "patient" }) }
        type Piano { id: ID! }
    "#;
    let (rules, messages) = found(sdl, "http://asl.example/r4");
    assert_eq!(rules, ["FHIR_REFERENCE"], "{messages}");
}

#[test]
fn a_relation_is_no_connection() {
    let pages = r#"pagine(first: Int, after: String): EpisodioConnection!
        @connect(fhir: { resource: "EpisodeOfCare", reference: "patient" }, page: { first: "first", after: "after" })
      piano: Piano @connect("#;
    let (rules, messages) = mistakes("piano: Piano @connect(", pages);
    assert_eq!(rules, ["FHIR_PAGE"], "{messages}");
}

#[test]
fn another_kinds_mapping_is_refused() {
    let sdl = r#"
        extend schema @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect"])
        type Query { piani: [Piano!]! @connect(sql: { table: "piani" }) }
        type Piano { id: ID! }
    "#;
    assert_eq!(found(sdl, "http://asl.example/r4").0, ["CONNECT_KIND_MISMATCH"]);
}

#[test]
fn all_mistakes_come_at_once() {
    let sdl = SDL.replace(".name[0].family", "nope(").replace(".birthDate", "also nope(");
    assert_eq!(found(&sdl, "not a url").0, ["SETTING_INVALID", "JQ_PROGRAM", "JQ_PROGRAM"]);
}
