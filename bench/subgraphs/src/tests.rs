//! The shop's files enter, and requests as gateways send them; the tests hold the answers to what they must be.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::replay::Subgraphs;
use crate::{made, shop};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shop/sources")
}

fn shop() -> Subgraphs {
    // One subgraph stands for the whole here: `/whole` isn't asked.
    Subgraphs::read(
        &folder(),
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whole.graphql"),
        shop::field,
    )
    .unwrap()
}

fn answer(reply: &[u8]) -> Value {
    let text = std::str::from_utf8(reply).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    serde_json::from_str(body).unwrap()
}

fn ask(subgraphs: &mut Subgraphs, path: &str, query: &str, variables: &Value) -> Value {
    let body = json!({ "query": query, "variables": variables }).to_string();
    answer(&subgraphs.reply(path, body.as_bytes()))
}

#[test]
fn fields_merge_in_order_through_fragments_and_conditions() {
    let query = "query Q($no: Boolean!) { first: me { id ...U } first: me { username ... on User { id } } \
                 users { name @skip(if: $no) birthday @include(if: $no) __typename } } fragment U on User { name }";
    let told = ask(&mut shop(), "/accounts", query, &json!({ "no": false }));
    let text = told.to_string();
    assert!(
        text.starts_with(r#"{"data":{"first":{"id":"1","name":"Ada Neri","username":"ada.neri"},"users":"#),
        "{text}"
    );
    assert_eq!(told["data"]["users"][5], json!({ "name": "Franco Ghezzi", "__typename": "User" }));
}

#[test]
fn an_entity_is_answered_only_with_what_its_field_requires() {
    let query =
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Product { shippingEstimate } } }";
    let right = json!({ "r": [{ "__typename": "Product", "upc": "1", "price": 899, "weight": 100 }] });
    let wrong = json!({ "r": [{ "__typename": "Product", "upc": "1" }] });
    let mut shop = shop();
    let told = ask(&mut shop, "/inventory", query, &right);
    assert_eq!(told, json!({ "data": { "_entities": [{ "shippingEstimate": 50 }] } }));
    assert!(ask(&mut shop, "/inventory", query, &wrong)["errors"].is_array());
    let counts = answer(&shop.reply("/counts", b""));
    assert_eq!(counts["inventory"]["requests"], 2);
    assert_eq!(counts["inventory"]["wrong"], 1);
    assert_eq!(answer(&shop.reply("/counts", b""))["inventory"]["requests"], 0, "counted from the last time");
}

#[test]
fn a_body_is_learnt_once_and_replayed_as_it_was() {
    let mut shop = shop();
    let body = json!({ "query": "{ topProducts(first: 2) { upc price } }" }).to_string();
    let (first, again) = (shop.reply("/products", body.as_bytes()), shop.reply("/products", body.as_bytes()));
    assert!(Rc::ptr_eq(&first, &again));
    let products = json!([{ "upc": "1", "price": 899 }, { "upc": "2", "price": 1299 }]);
    assert_eq!(answer(&first)["data"]["topProducts"], products);
}

#[test]
fn a_field_of_another_subgraph_is_refused() {
    let told = ask(&mut shop(), "/products", "{ topProducts { reviews { id } } }", &json!({}));
    assert!(told["errors"][0]["message"].as_str().unwrap().contains("reviews"), "{told}");
}

#[test]
fn made_values_are_the_same_in_every_subgraph() {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whole.graphql");
    let mut made = Subgraphs::read(&folder(), &whole, made::field).unwrap();
    let told = ask(&mut made, "/reviews", "{ __typename }", &json!({}));
    assert_eq!(told, json!({ "data": { "__typename": "Query" } }));
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { username } } }";
    let sent = json!({ "r": [{ "__typename": "User", "id": "7" }] });
    let there = ask(&mut made, "/accounts", query, &sent);
    assert_eq!(there, json!({ "data": { "_entities": [{ "username": "username of User 7" }] } }));
    assert_eq!(there, ask(&mut made, "/reviews", query, &sent));
}
