//! Root fields and relations: filtered, paged, batched.

use serde_json::{Value, json};

use super::{at, calls, fails, holds, same, wide};
use crate::FailureKind;
use crate::conformance::{Harness, Record, Stage, records};

pub(super) async fn filters(harness: &dyn Harness) -> Result<(), String> {
    let records = records(12);
    let stage = Stage::set(harness, &records).await?;
    let number =
        |record: &Record| record.numero.as_ref().and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(0);
    let in_b: Vec<&Record> = records.iter().filter(|record| record.gruppo == "B").collect();
    let high: Vec<&Record> = in_b.iter().copied().filter(|record| number(record) >= 6).collect();
    for (arguments, expected) in [
        ("gruppo: \"B\"", ids(in_b.iter().copied())),
        ("gruppo: \"B\", numeroMin: 6", ids(high.into_iter())),
        ("gruppo: null", ids(records.iter())),
        ("gruppo: \"B\", numeroMin: null", ids(in_b.into_iter())),
        ("gruppo: \"C\"", Vec::new()),
    ] {
        let got = stage.roots(&format!("schede({arguments}) {{ nodes {{ id }} }}")).await?;
        let got = sorted(at(&got, "/schede/nodes"));
        holds(got == expected, || format!("`schede({arguments})`\n   got {got:?}\n  want {expected:?}"))?;
    }
    Ok(())
}

pub(super) async fn single(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(3)).await?;
    let got = stage.roots("scheda(id: \"S00002\") { numero gruppo }").await?;
    same("a single record", &got, &json!({ "scheda": { "numero": 2, "gruppo": "B" } }))?;
    let got = stage.roots("scheda(id: \"S00009\") { numero }").await?;
    same("a single record that isn't there", &got, &json!({ "scheda": null }))
}

pub(super) async fn pages(harness: &dyn Harness) -> Result<(), String> {
    let records = records(7);
    let stage = Stage::set(harness, &records).await?;
    for first in [1, 2, 3, 6, 7, 8] {
        walk(&stage, &records, first).await?;
    }
    let text = "schede(first: 7) { nodes { id nome } edges { node { numero } cursor } pageInfo { hasNextPage endCursor } }";
    let fetch = stage.ask.roots(text).map_err(|error| error.to_string())?;
    let reply = stage.connector.fetch(&fetch).await.map_err(|failure| format!("it failed: {failure}"))?;
    reply.rows().iter().try_for_each(|row| wide(&reply, *row, fetch.asked.selection()))?;
    let got = super::render(&fetch, &reply);
    let (last, end) = (at(&got, "/schede/edges/6/cursor"), at(&got, "/schede/pageInfo/endCursor"));
    holds(last.is_string(), || "the last of seven edges has no cursor".to_owned())?;
    same("the last edge's cursor and `endCursor`", last, end)
}

/// From page to page until there is no next one.
async fn walk(stage: &Stage, records: &[Record], first: usize) -> Result<(), String> {
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    for page in 0..records.len().div_ceil(first) {
        let text = format!(
            "schede(first: {first}, after: {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }}"
        );
        let got = stage.roots(&text).await?;
        let (nodes, info) = (at(&got, "/schede/nodes"), at(&got, "/schede/pageInfo"));
        let count = nodes.as_array().map_or(0, Vec::len);
        let expected = first.min(records.len() - seen.len());
        holds(count == expected, || {
            format!("page {page} of {first} brought {count} records, not {expected}")
        })?;
        seen.extend(texts(nodes));
        let has_next = seen.len() < records.len();
        same("hasNextPage", at(info, "/hasNextPage"), &Value::from(has_next))?;
        same("hasPreviousPage", at(info, "/hasPreviousPage"), &Value::from(page > 0))?;
        after = at(info, "/endCursor").clone();
    }
    seen.sort();
    holds(seen == ids(records.iter()), || format!("pages of {first} brought {seen:?}"))
}

pub(super) async fn page_size(harness: &dyn Harness) -> Result<(), String> {
    let Some(size) = harness.page_size() else { return Err("the harness says no page size".to_owned()) };
    let records = records(size * 2 + 1);
    let stage = Stage::set(harness, &records).await?;
    for (count, expected) in [(size - 1, 1), (size, 1), (size + 1, 2), (size * 2, 2), (size * 2 + 1, 3)] {
        let fetch = stage
            .ask
            .roots(&format!("schede(first: {count}) {{ nodes {{ id }} }}"))
            .map_err(|e| e.to_string())?;
        let got = stage.answer(&fetch).await?;
        let came = texts(at(&got, "/schede/nodes")).len();
        holds(came == count, || format!("`first: {count}` brought {came}"))?;
        holds(calls(&fetch) == expected, || {
            format!("`first: {count}` took {} calls, not {expected}", calls(&fetch))
        })?;
    }
    let got = stage.roots("schede { nodes { id } }").await?;
    holds(sorted(at(&got, "/schede/nodes")) == ids(records.iter()), || {
        "without `first` all records must come".to_owned()
    })
}

pub(super) async fn foreign_cursor(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(3)).await?;
    for cursor in ["x", "", "53303030303200"] {
        let text = format!("schede(first: 1, after: \"{cursor}\") {{ nodes {{ id }} }}");
        let fetch = stage.ask.roots(&text).map_err(|error| error.to_string())?;
        fails(&stage, &fetch, FailureKind::BadInput, &["53303030303200"]).await?;
    }
    let fetch = stage.ask.roots("schede(first: -1) { nodes { id } }").map_err(|error| error.to_string())?;
    fails(&stage, &fetch, FailureKind::BadInput, &[]).await
}

pub(super) async fn relation(harness: &dyn Harness) -> Result<(), String> {
    let records = records(9);
    let stage = Stage::set(harness, &records).await?;
    let groups = ["B", "C", "A"].map(|id| json!({ "id": id }));
    let ask = |text: &str| stage.ask.entities("Gruppo", text, &groups).map_err(|error| error.to_string());
    let fetch = ask("id schede { id }")?;
    let got = stage.answer(&fetch).await?;
    for (row, group) in ["B", "C", "A"].iter().enumerate() {
        let expected = ids(records.iter().filter(|record| record.gruppo == *group));
        let came = sorted(at(&got, &format!("/{row}/schede")));
        holds(came == expected, || format!("group {group}\n   got {came:?}\n  want {expected:?}"))?;
    }
    let fetch = ask("schede(first: 2) { id }")?;
    let got = stage.answer(&fetch).await?;
    let counts: Vec<usize> = (0..3).map(|row| texts(at(&got, &format!("/{row}/schede"))).len()).collect();
    holds(counts == [2, 0, 2], || {
        format!("`first: 2` brought {counts:?} records for each parent, not [2, 0, 2]")
    })
}

fn ids<'r>(records: impl Iterator<Item = &'r Record>) -> Vec<String> {
    let mut ids: Vec<String> = records.map(|record| record.id.clone()).collect();
    ids.sort();
    ids
}

/// The ids of nodes.
fn texts(nodes: &Value) -> Vec<String> {
    let id = |node: &Value| node["id"].as_str().unwrap_or_default().to_owned();
    nodes.as_array().map(|nodes| nodes.iter().map(id).collect()).unwrap_or_default()
}

fn sorted(nodes: &Value) -> Vec<String> {
    let mut texts = texts(nodes);
    texts.sort();
    texts
}
