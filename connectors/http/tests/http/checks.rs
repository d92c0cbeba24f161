//! What `check` says of a file, beside the nearest one that is right.

use std::sync::Arc;

use raccordo_connector_api::Source;
use raccordo_schema::source::read_source;

use crate::api::settings;

/// The rules broken by a source whose `Query.x`, `Persona` and `Ente` are connected so.
fn mistakes(url: &str, query: &str, persona: &str, ente: &str) -> Vec<String> {
    let sdl = format!(
        r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from"])
scalar CodiceFiscale
type Query {{
  x(cf: CodiceFiscale, id: ID, first: Int): [Ente!] {query}
}}
type Persona @key(fields: "cf") {{
  cf: CodiceFiscale!
  id: ID
  enti: [Ente!] {persona}
}}
type Ente @key(fields: "id") {ente} {{
  id: ID!
  nome: String @from(jq: ".name")
}}
"#
    );
    let mapping = match read_source("prova", "prova.graphql", &sdl) {
        Ok(mapping) => Arc::new(mapping),
        Err(found) => panic!("{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    let checked = raccordo_connector_http::KIND.check(Source {
        name: "prova",
        settings: &settings(url),
        mapping: &mapping,
    });
    match checked {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().map(|mistake| format!("{} {}", mistake.rule, mistake.at)).collect(),
    }
}

const URL: &str = "https://servizi.example/hsds";
const QUERY: &str = r#"@connect(http: { post: "/x", body: "{cf: $args.cf}" }, filter: [{ arg: "id", param: "id" }], page: { first: "first", numberParam: "page" })"#;
const PERSONA: &str =
    r#"@connect(http: { post: "/enti", body: "{codes: $batch.cf}", joinBy: ".cf" }, batch: { maxSize: 9 })"#;
const ENTE: &str = r#"@connect(http: { get: "/enti", query: [{ name: "ids", value: "{$batch.id}" }] })"#;

#[test]
fn a_right_source_has_no_mistakes_and_wrong_ones_say_where() {
    assert_eq!(mistakes(URL, QUERY, PERSONA, ENTE), [""; 0]);
    for (url, query, persona, ente, expected) in [
        ("https://servizi.example/?a=b", QUERY, PERSONA, ENTE, "SETTING_INVALID raccordo.yaml"),
        ("nowhere", QUERY, PERSONA, ENTE, "SETTING_INVALID raccordo.yaml"),
        // A codice fiscale in a URL: as a filter, in the query, in the path.
        (
            URL,
            r#"@connect(http: { get: "/x" }, filter: [{ arg: "id", param: "id" }, { arg: "cf", param: "cf" }], page: { first: "first" })"#,
            PERSONA,
            ENTE,
            "HTTP_PERSONAL_URL prova.graphql:7:",
        ),
        (
            URL,
            r#"@connect(http: { get: "/x", query: [{ name: "cf", value: "{$args.cf}" }, { name: "id", value: "{$args.id}" }] }, page: { first: "first" })"#,
            PERSONA,
            ENTE,
            "HTTP_PERSONAL_URL prova.graphql:7:",
        ),
        (
            URL,
            QUERY,
            r#"@connect(http: { get: "/persone/{$this.cf}/enti" })"#,
            ENTE,
            "HTTP_PERSONAL_URL prova.graphql:12:",
        ),
        (
            URL,
            QUERY,
            r#"@connect(http: { get: "/enti", query: [{ name: "cf", value: "{$batch.cf}" }], joinBy: ".cf" })"#,
            ENTE,
            "HTTP_PERSONAL_URL prova.graphql:12:",
        ),
        // Batches that nothing joins, or that carry one key.
        (
            URL,
            QUERY,
            r#"@connect(http: { post: "/enti", body: "{codes: $batch.cf}" })"#,
            ENTE,
            "HTTP_KEY prova.graphql:12:",
        ),
        (
            URL,
            QUERY,
            r#"@connect(http: { post: "/enti", body: "{code: $this.cf}" }, batch: { maxSize: 9 })"#,
            ENTE,
            "BATCH prova.graphql:12:",
        ),
        (
            URL,
            QUERY,
            PERSONA,
            r#"@connect(http: { get: "/enti/{$this.id}", query: [{ name: "ids", value: "{$batch.id}" }] })"#,
            "HTTP_KEY prova.graphql:14:",
        ),
        // Programs outside the subset.
        (
            URL,
            QUERY,
            PERSONA,
            r#"@connect(http: { get: "/enti/{$this.id}", select: "recurse" })"#,
            "JQ prova.graphql:14:",
        ),
        (
            URL,
            QUERY,
            r#"@connect(http: { post: "/enti", body: "{codes: $batch.cf, x: env}", joinBy: ".cf" })"#,
            ENTE,
            "JQ prova.graphql:12:",
        ),
        (
            URL,
            QUERY,
            r#"@connect(http: { post: "/enti", body: "{codes: $batch.cf}", joinBy: "$this" })"#,
            ENTE,
            "JQ prova.graphql:12:",
        ),
        // Paths with queries, pages without a number, operators and orders that no parameter has.
        (
            URL,
            QUERY,
            PERSONA,
            r#"@connect(http: { get: "/enti?id={$this.id}" })"#,
            "HTTP_PATH prova.graphql:14:",
        ),
        (
            URL,
            r#"@connect(http: { post: "/x", body: "{cf: $args.cf}" }, filter: [{ arg: "id", param: "id" }], page: { first: "first", sizeParam: "size" })"#,
            PERSONA,
            ENTE,
            "PAGE_ARGUMENT prova.graphql:7:",
        ),
        (
            URL,
            r#"@connect(http: { post: "/x", body: "{cf: $args.cf}" }, filter: [{ arg: "id", param: "id", op: GE }], page: { first: "first" })"#,
            PERSONA,
            ENTE,
            "FILTER_OPERATOR prova.graphql:7:",
        ),
        (
            URL,
            r#"@connect(http: { post: "/x", body: "{cf: $args.cf}" }, filter: [{ arg: "id", param: "id" }], order: [{ param: "nome" }], page: { first: "first" })"#,
            PERSONA,
            ENTE,
            "ORDER prova.graphql:7:",
        ),
    ] {
        let found = mistakes(url, query, persona, ente);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{expected} expected of {query} {persona} {ente}\n{found:?}"
        );
    }
}

#[test]
fn all_mistakes_come_at_once() {
    let found = mistakes(
        "nowhere",
        r#"@connect(http: { get: "/x", select: "..", query: [{ name: "cf", value: "{$args.cf}" }, { name: "id", value: "{$args.id}" }] }, page: { first: "first" })"#,
        PERSONA,
        r#"@connect(http: { get: "/enti?id={$this.id}" })"#,
    );
    assert_eq!(found.len(), 4, "{found:?}");
}
