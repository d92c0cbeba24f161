//! The GraphQL-over-HTTP audit of the npm package `graphql-http`, against the gateway of the district: all of it, MAY included.

use raccordo_tests::real::{AuditStatus, audit};

use crate::kit::Whole;

/// How many audits the package has.
const AUDITS: usize = 61;

#[test]
fn graphql_over_http_holds_whole() {
    let whole = Whole::of(60);
    let serving = whole.serve_shipped();
    let results = audit(&serving.url).unwrap();
    let not_done: Vec<_> = results.iter().filter(|result| result.status != AuditStatus::Ok).collect();
    assert!(not_done.is_empty(), "{not_done:#?}");
    assert_eq!(results.len(), AUDITS);
}
