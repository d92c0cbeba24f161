//! Lists over several members: in declared order or by the declared one, page by page, with a member held, gone, or come later.

use std::sync::atomic::Ordering;
use std::time::Duration;

use raccordo_connector_api::{FailureKind, conformance::render};
use serde_json::{Value, json};

use crate::kit::{One, Union};

fn ids(nodes: &Value) -> Vec<String> {
    nodes.as_array().unwrap().iter().map(|node| node["codiceFiscale"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_the_members_one_after_the_other_with_what_is_theirs() {
    let union = Union::of_three().await;
    let one = union.open();
    let (got, failures) =
        one.roots("residenti { nodes { comune codiceFiscale cognome membro fonte } }").await;
    assert!(failures.is_empty());
    assert_eq!(ids(&got["residenti"]["nodes"]), ["B1", "B2", "T1", "T2", "T3", "V1"]);
    let third = json!({ "comune": "034006", "codiceFiscale": "T1", "cognome": "Testa", "membro": "borgotaro", "fonte": "anagrafe" });
    assert_eq!(got["residenti"]["nodes"][2], third);
    let (got, _) = one.roots("elenco(first: 3) { codiceFiscale }").await;
    assert_eq!(ids(&got["elenco"]), ["B1", "B2", "T1"]);
}

#[tokio::test]
async fn arguments_choose_members_and_nobody_else_is_asked() {
    let union = Union::of_three().await;
    let one = union.open();
    let (got, _) = one.roots("residenti(comune: [\"034044\", \"034003\"]) { nodes { codiceFiscale } }").await;
    assert_eq!(ids(&got["residenti"]["nodes"]), ["B1", "B2", "V1"]);
    let (got, _) = one.roots("elenco(comune: \"034006\") { codiceFiscale }").await;
    assert_eq!(ids(&got["elenco"]), ["T1", "T2", "T3"]);
    let (got, _) = one.roots("elenco(comune: \"999999\") { codiceFiscale }").await;
    assert_eq!(got["elenco"], json!([]), "nobody serves it");
    let calls: Vec<usize> = union.comuni.iter().map(|comune| comune.hand.calls()).collect();
    assert_eq!(calls, [1, 1, 1]);
    let (got, _) = one.roots("persona(comune: \"034006\", codiceFiscale: \"T2\") { cognome comune }").await;
    assert_eq!(got["persona"], json!({ "cognome": "Tosi", "comune": "034006" }));
    let fetch = one.ask.roots("persona(codiceFiscale: \"T2\") { cognome }").unwrap();
    let refused = one.connector.fetch(&fetch).await.unwrap_err();
    assert_eq!(
        refused.kind,
        FailureKind::BadInput,
        "a person isn't looked for everywhere unless that is declared"
    );
    assert!(!refused.detail.contains("T2"));
}

/// From page to page; gives what came.
async fn walk(one: &One, field: &str, first: usize) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let text = format!(
            "{field}(first: {first}, after: {after}) {{ nodes {{ codiceFiscale }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }}"
        );
        let (got, failures) = one.roots(&text).await;
        assert!(failures.is_empty(), "{failures:?}");
        let (nodes, info) = (ids(&got[field]["nodes"]), &got[field]["pageInfo"]);
        assert_eq!(info["hasPreviousPage"], json!(!seen.is_empty()));
        seen.extend(nodes.iter().cloned());
        if info["hasNextPage"] == json!(false) {
            return seen;
        }
        assert_eq!(nodes.len(), first, "a page is full as long as another follows");
        after = info["endCursor"].clone();
    }
}

#[tokio::test]
async fn pages_of_any_size_bring_everything_once_in_the_lists_order() {
    let union = Union::of_three().await;
    let one = union.open();
    for first in 1..=7 {
        assert_eq!(walk(&one, "residenti", first).await, ["B1", "B2", "T1", "T2", "T3", "V1"], "{first}");
        assert_eq!(walk(&one, "perNascita", first).await, ["T1", "B1", "V1", "T2", "B2", "T3"], "{first}");
    }
    let (got, _) = one.roots("perNascita(first: 4) { edges { cursor node { nato } } nodes { codiceFiscale } pageInfo { startCursor endCursor } }").await;
    let page = &got["perNascita"];
    assert_eq!(page["edges"][2]["node"], json!({ "nato": "1955-01-01" }));
    assert_eq!(page["edges"][0]["cursor"], page["pageInfo"]["startCursor"]);
    assert_eq!(page["edges"][3]["cursor"], page["pageInfo"]["endCursor"]);
    let (rest, _) = one
        .roots(&format!("perNascita(after: {}) {{ nodes {{ codiceFiscale }} }}", page["edges"][1]["cursor"]))
        .await;
    assert_eq!(ids(&rest["perNascita"]["nodes"]), ["V1", "T2", "B2", "T3"]);
}

#[tokio::test]
async fn a_member_that_comes_later_begins_at_its_beginning_and_one_that_left_is_stated() {
    let mut union = Union::of_three().await;
    let one = union.open();
    let page = |after: &Value| {
        format!(
            "perNascita(first: 2, after: {after}) {{ nodes {{ codiceFiscale }} pageInfo {{ endCursor }} }}"
        )
    };
    let (got, _) = one.roots(&page(&Value::Null)).await;
    assert_eq!(ids(&got["perNascita"]["nodes"]), ["T1", "B1"]);
    let after = got["perNascita"]["pageInfo"]["endCursor"].clone();
    union
        .add("tornolo", "034039", false, &[("O1", "Orsi", "1930-01-01"), ("O2", "Olmi", "1965-01-01")])
        .await;
    let (got, failures) =
        union.open().roots(&format!("perNascita(after: {after}) {{ nodes {{ codiceFiscale }} }}")).await;
    assert_eq!(ids(&got["perNascita"]["nodes"]), ["O1", "V1", "T2", "O2", "B2", "T3"]);
    assert!(failures.is_empty());
    union.comuni.remove(1);
    let (got, failures) =
        union.open().roots(&format!("perNascita(after: {after}) {{ nodes {{ codiceFiscale }} }}")).await;
    assert_eq!(ids(&got["perNascita"]["nodes"]), ["O1", "V1", "O2", "B2"]);
    assert_eq!(failures.len(), 1, "what the page lacks is stated");
    assert_eq!(failures[0].members.as_deref().unwrap().len(), 3);
}

#[tokio::test]
async fn a_failing_member_costs_its_part_and_no_error_says_which_it_was() {
    let union = Union::of_three().await;
    let one = union.open();
    union.hand("borgotaro").fail(FailureKind::Unreachable);
    let fetch = one
        .ask
        .roots("residenti(first: 3) { nodes { codiceFiscale } pageInfo { hasNextPage endCursor } }")
        .unwrap();
    let reply = one.connector.fetch(&fetch).await.unwrap();
    let got = render(&fetch, &reply);
    assert_eq!(ids(&got["residenti"]["nodes"]), ["B1", "B2", "V1"]);
    let [problem] = reply.problems() else { panic!("{:?}", reply.problems()) };
    assert_eq!(problem.incomplete, Some(fetch.asked.selection().fields[0].slot));
    assert_eq!(problem.failure.kind, FailureKind::Unreachable);
    let members = problem.failure.members.as_deref().unwrap();
    assert_eq!(members.iter().map(|name| &**name).collect::<Vec<_>>(), ["bedonia", "borgotaro", "varsi"]);
    let costs = fetch.meter.take_members();
    let failed: Vec<&str> =
        costs.iter().filter(|cost| cost.failure.is_some()).map(|cost| &*cost.member).collect();
    assert_eq!((costs.len(), failed), (3, vec!["borgotaro"]));
    // Back again, it goes on where it was: at its beginning.
    union.hand("borgotaro").fail(None);
    let after = &got["residenti"]["pageInfo"]["endCursor"];
    let (got, failures) =
        one.roots(&format!("residenti(after: {after}) {{ nodes {{ codiceFiscale }} }}")).await;
    assert_eq!(
        (ids(&got["residenti"]["nodes"]), failures.len()),
        (vec!["T1".into(), "T2".into(), "T3".into()], 0)
    );
    union.comuni.iter().for_each(|comune| comune.hand.fail(FailureKind::TimedOut));
    let all = one.connector.fetch(&one.ask.roots("elenco { codiceFiscale }").unwrap()).await.unwrap_err();
    assert_eq!((all.kind, all.members.unwrap().len()), (FailureKind::TimedOut, 3));
    let own = one
        .connector
        .fetch(&one.ask.roots("elenco(comune: \"034003\") { codiceFiscale }").unwrap())
        .await
        .unwrap_err();
    assert_eq!(own.members.unwrap().len(), 1, "the caller itself said which");
}

#[tokio::test]
async fn members_overlap_and_one_that_is_held_keeps_no_other() {
    let union = Union::of_three().await;
    let one = union.open();
    let gate = union.hand("bedonia").hold();
    let fetch = one.ask.roots("residenti { nodes { codiceFiscale } }").unwrap();
    let asked = one.connector.fetch(&fetch);
    let others_are_done = async {
        while ["borgotaro", "varsi"].iter().any(|name| union.hand(name).done.load(Ordering::SeqCst) == 0) {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(union.hand("bedonia").done.load(Ordering::SeqCst), 0);
        gate.add_permits(1);
    };
    let (reply, ()) = tokio::join!(asked, others_are_done);
    assert_eq!(ids(&render(&fetch, &reply.unwrap())["residenti"]["nodes"]).len(), 6);
}

#[tokio::test]
async fn a_dead_member_is_waited_for_no_longer_than_its_own_time() {
    let mut union = Union::of_three().await;
    union.patience("varsi", Duration::from_millis(50));
    let one = union.open();
    let _never = union.hand("varsi").hold();
    let (got, failures) = one.roots("residenti { nodes { codiceFiscale } }").await;
    assert_eq!(ids(&got["residenti"]["nodes"]).len(), 5);
    assert_eq!(failures[0].kind, FailureKind::TimedOut);
}

#[tokio::test]
async fn a_limit_of_rows_holds_for_all_members_together() {
    let union = Union::of_three().await;
    let one = union.open();
    for (rows, fits) in [(6, true), (5, false)] {
        let limits = raccordo_connector_api::Limits { rows, ..Default::default() };
        let fetch = one.ask.clone().limits(limits).roots("residenti { nodes { codiceFiscale } }").unwrap();
        let outcome = one.connector.fetch(&fetch).await;
        assert_eq!(outcome.as_ref().is_ok(), fits, "{outcome:?}");
        if let Err(failure) = outcome {
            assert_eq!(failure.kind, FailureKind::OverLimit);
        }
    }
}
