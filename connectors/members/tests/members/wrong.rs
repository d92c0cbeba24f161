//! Members that can't be one source: each said with its place and what to do.

use raccordo_schema::disagreements;

use crate::kit::{SDL, Union, other_layout};

#[tokio::test]
async fn good_members_are_good() {
    assert_eq!(Union::of_three().await.check(), []);
    assert_eq!(disagreements(("a.graphql", SDL), ("b.graphql", &other_layout())), []);
}

#[tokio::test]
async fn a_source_that_nothing_routes_is_refused_until_that_is_declared() {
    let mut union = Union::of_three().await;
    union.route_by = None;
    let rules: Vec<(&str, usize)> = union.check().iter().map(|told| (told.rule, told.at.line)).collect();
    let line = |text: &str| SDL.lines().position(|line| line.contains(text)).unwrap() + 1;
    assert!(rules.contains(&("MEMBERS_ROUTE", line("persona(comune"))), "{rules:?}");
    assert!(rules.contains(&("MEMBERS_ROUTE", line("type Persona @key"))), "{rules:?}");
    union.broadcast = true;
    assert!(!union.check().iter().any(|told| told.rule == "MEMBERS_ROUTE"));
}
