//! Root fields: filters, pages, cursors, single records.

use raccordo_connector_api::{FailureKind, Limits};
use serde_json::{Value, json};

use crate::api::Api;

fn names(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_whole_list_takes_as_many_calls_as_it_has_pages() {
    let api = Api::start(65).await;
    let fetch = api.ask().roots("servizi { nodes { id } pageInfo { hasNextPage } }").unwrap();
    let reply = api.reply(&fetch).await.unwrap();
    let expected: Vec<String> = (0..65).map(|n| format!("s-{n}")).collect();
    assert_eq!(names(&reply["servizi"]["nodes"]), expected);
    assert_eq!(reply["servizi"]["pageInfo"]["hasNextPage"], json!(false));
    let asked = |page: usize| format!("GET /hsds/services?full=true&page={page}&per_page=30");
    assert_eq!(api.requests(), [asked(1), asked(2), asked(3)]);
    assert_eq!(fetch.meter.read().0, 3);
    assert_eq!(fetch.meter.read().2, 65);
}

#[tokio::test]
async fn arguments_become_parameters_encoded_and_null_leaves_them_out() {
    let api = Api::start(12).await;
    let reply =
        api.roots("servizi(cerca: \"o 1\", stati: [CHIUSO, ATTIVO]) { nodes { id stato } }").await.unwrap();
    assert_eq!(reply["servizi"]["nodes"], json!([{ "id": "s-1", "stato": "CHIUSO" }]));
    assert_eq!(
        api.requests(),
        ["GET /hsds/services?full=true&search=o%201&status=defunct,inactive,active&page=1&per_page=30"]
    );
    api.roots("servizi(cerca: \"&page=9#/?\") { nodes { id } }").await.unwrap();
    assert_eq!(
        api.requests(),
        ["GET /hsds/services?full=true&search=%26page%3D9%23%2F%3F&page=1&per_page=30"]
    );
    api.roots("servizi(cerca: null, stati: null) { nodes { id } }").await.unwrap();
    assert_eq!(api.requests(), ["GET /hsds/services?full=true&page=1&per_page=30"]);
    let failure = api.roots("servizi(stati: [ALTRO]) { nodes { id } }").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadInput);
    assert!(api.requests().is_empty());
}

#[tokio::test]
async fn cursors_go_through_a_list_without_gaps_and_ask_no_more_than_wanted() {
    let api = Api::start(7).await;
    let (mut after, mut seen) = ("null".to_owned(), Vec::new());
    for (first, next) in [(2, true), (3, true), (2, false)] {
        let text = format!(
            "servizi(first: {first}, after: {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }}"
        );
        let reply = api.roots(&text).await.unwrap();
        let page = &reply["servizi"];
        assert_eq!(page["pageInfo"]["hasNextPage"], json!(next));
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!seen.is_empty()));
        seen.extend(names(&page["nodes"]).iter().map(|id| (*id).to_owned()));
        after = page["pageInfo"]["endCursor"].to_string();
    }
    assert_eq!(seen, ["s-0", "s-1", "s-2", "s-3", "s-4", "s-5", "s-6"]);
    let asked = |page: usize| format!("GET /hsds/services?full=true&page={page}&per_page=2");
    // Pages keep the size that the cursor began with; the third question looks again at the page on which the second ended.
    assert_eq!(api.requests(), [asked(1), asked(2), asked(3), asked(3), asked(4)]);
}

/// The server's pages are of 25 where no size is asked, and never larger than 40.
#[tokio::test]
async fn pages_of_another_size_than_thought_lose_no_record() {
    let api = Api::start(90).await;
    for (field, first) in
        [("grandi", 10), ("grandi", 25), ("grandi", 30), ("piccole", 45), ("piccole", 50), ("piccole", 7)]
    {
        let (mut after, mut seen, mut pages) = ("null".to_owned(), Vec::new(), 0);
        while after != "end" && pages < 20 {
            let text = format!(
                "{field}(first: {first}, after: {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }}"
            );
            let reply = api.roots(&text).await.unwrap();
            seen.extend(names(&reply[field]["nodes"]).iter().map(|id| (*id).to_owned()));
            let info = &reply[field]["pageInfo"];
            after = if info["hasNextPage"] == json!(true) {
                info["endCursor"].to_string()
            } else {
                "end".to_owned()
            };
            pages += 1;
        }
        let expected: Vec<String> = (0..90).map(|n| format!("s-{n}")).collect();
        assert_eq!(seen, expected, "{field} by {first}");
        assert_eq!(pages, 90_usize.div_ceil(first), "{field} by {first}");
    }
}

#[tokio::test]
async fn edges_have_their_own_cursors() {
    let api = Api::start(3).await;
    let reply = api
        .roots("servizi { edges { cursor node { nome } } pageInfo { startCursor endCursor } }")
        .await
        .unwrap();
    let edges = reply["servizi"]["edges"].as_array().unwrap();
    assert_eq!(edges[1]["node"], json!({ "nome": "Servizio 1" }));
    assert_eq!(edges[0]["cursor"], reply["servizi"]["pageInfo"]["startCursor"]);
    assert_eq!(edges[2]["cursor"], reply["servizi"]["pageInfo"]["endCursor"]);
    let text = format!("servizi(after: {}) {{ nodes {{ id }} }}", edges[1]["cursor"]);
    assert_eq!(names(&api.roots(&text).await.unwrap()["servizi"]["nodes"]), ["s-2"]);
}

#[tokio::test]
async fn a_list_that_comes_whole_is_paged_here() {
    let api = Api::start(5).await;
    let reply =
        api.roots("tutti(first: 2) { nodes { id } pageInfo { hasNextPage endCursor } }").await.unwrap();
    assert_eq!(names(&reply["tutti"]["nodes"]), ["s-0", "s-1"]);
    assert_eq!(reply["tutti"]["pageInfo"]["hasNextPage"], json!(true));
    let text = format!(
        "tutti(first: 3, after: {}) {{ nodes {{ id }} pageInfo {{ hasNextPage }} }}",
        reply["tutti"]["pageInfo"]["endCursor"]
    );
    let reply = api.roots(&text).await.unwrap();
    assert_eq!(names(&reply["tutti"]["nodes"]), ["s-2", "s-3", "s-4"]);
    assert_eq!(reply["tutti"]["pageInfo"]["hasNextPage"], json!(false));
}

#[tokio::test]
async fn a_list_of_untold_length_ends_with_an_empty_page() {
    let api = Api::start(20).await;
    assert_eq!(names(&api.roots("elenco { id }").await.unwrap()["elenco"]).len(), 20);
    let asked = |page: usize| format!("GET /hsds/services?page={page}&per_page=10");
    assert_eq!(api.requests(), [asked(1), asked(2), asked(3)]);
    assert_eq!(names(&api.roots("elenco(first: 3) { id }").await.unwrap()["elenco"]), ["s-0", "s-1", "s-2"]);
    assert_eq!(api.requests(), ["GET /hsds/services?page=1&per_page=3"]);
    assert_eq!(api.roots("elenco(first: 0) { id }").await.unwrap(), json!({ "elenco": [] }));
    assert!(api.requests().is_empty());
}

#[tokio::test]
async fn one_record_with_everything_in_it() {
    let api = Api::start(2).await;
    let text = "servizio(id: \"s-1\") { __typename id nome stato posti telefoni organizzazione { id nome } aggiornatoIl fonte }";
    let expected = json!({ "servizio": {
        "__typename": "Servizio", "id": "s-1", "nome": "Servizio 1", "stato": "CHIUSO", "posti": 1, "telefoni": ["0525 1", "0525 2"],
        "organizzazione": { "id": "o-1", "nome": "Ente o-1" }, "aggiornatoIl": "2026-09-30T08:00:00Z", "fonte": "terzosettore",
    } });
    assert_eq!(api.roots(text).await.unwrap(), expected);
    let reply = api.roots("servizio(id: \"s-0\") { chiestoIl }").await.unwrap();
    assert!(reply["servizio"]["chiestoIl"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn what_is_not_found_is_null_where_the_path_names_it_and_a_mistake_elsewhere() {
    let api = Api::start(2).await;
    assert_eq!(api.roots("servizio(id: \"s-9\") { id }").await.unwrap(), json!({ "servizio": null }));
    // What would be another path asks nothing.
    api.requests();
    for id in ["", ".", ".."] {
        assert_eq!(
            api.roots(&format!("servizio(id: \"{id}\") {{ id }}")).await.unwrap(),
            json!({ "servizio": null })
        );
    }
    assert!(api.requests().is_empty());
    assert_eq!(api.roots("servizio(id: \"../all\") { id }").await.unwrap(), json!({ "servizio": null }));
    assert_eq!(api.requests(), ["GET /hsds/services/..%2Fall"]);
    assert_eq!(api.roots("mancante { id }").await.unwrap_err().kind, FailureKind::Refused);
}

#[tokio::test]
async fn one_root_field_lost_leaves_the_others() {
    let api = Api::start(2).await;
    let reply = api.roots("mancante { id } servizio(id: \"s-0\") { id }").await.unwrap();
    assert_eq!(reply, json!({ "mancante": "<Refused Query.mancante>", "servizio": { "id": "s-0" } }));
}

#[tokio::test]
async fn limits_of_rows_and_pages_hold_on_both_sides() {
    let api = Api::start(60).await;
    let ask = |rows, pages| {
        api.ask()
            .limits(Limits { rows, pages, ..Limits::default() })
            .roots("servizi { nodes { id } }")
            .unwrap()
    };
    for (rows, pages, good) in [(60, 2, true), (59, 2, false), (60, 1, false)] {
        let reply = api.reply(&ask(rows, pages)).await;
        match good {
            true => assert_eq!(names(&reply.unwrap()["servizi"]["nodes"]).len(), 60),
            false => assert_eq!(reply.unwrap_err().kind, FailureKind::OverLimit),
        }
    }
    let ask = |pages| api.ask().limits(Limits { pages, ..Limits::default() }).roots("elenco { id }").unwrap();
    assert!(api.reply(&ask(7)).await.is_ok());
    assert_eq!(api.reply(&ask(6)).await.unwrap_err().kind, FailureKind::OverLimit);
}

#[tokio::test]
async fn cursors_from_elsewhere_are_refused() {
    let api = Api::start(3).await;
    let reply = api.roots("tutti { pageInfo { endCursor } }").await.unwrap();
    let text = format!("servizi(after: {}) {{ nodes {{ id }} }}", reply["tutti"]["pageInfo"]["endCursor"]);
    assert_eq!(api.roots(&text).await.unwrap_err().kind, FailureKind::BadInput);
    assert_eq!(
        api.roots("servizi(first: -1) { nodes { id } }").await.unwrap_err().kind,
        FailureKind::BadInput
    );
}
