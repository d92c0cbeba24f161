//! Entities by key: in order, absent, null, in batches, ambiguous, and no more than was asked.

use serde_json::{Value, json};

use super::{at, calls, fails, holds, same, wide};
use crate::conformance::{Harness, Record, Stage, records};
use crate::{Failure, FailureKind, Reply};

const ALL: &str = "id nome numero dal gruppo";

pub(super) async fn in_order(harness: &dyn Harness) -> Result<(), String> {
    let records = records(9);
    let stage = Stage::set(harness, &records).await?;
    let asked: Vec<&Record> = [8, 0, 5, 2].iter().filter_map(|at| records.get(*at)).collect();
    let keys: Vec<Value> = asked.iter().map(|record| record.key()).collect();
    let fetch = stage.schede(&format!("__typename {ALL}"), &keys)?;
    let reply = stage.connector.fetch(&fetch).await.map_err(|failure| format!("it failed: {failure}"))?;
    let expected = asked.iter().map(|record| {
        let mut json = record.json();
        json.as_object_mut().map(|members| members.insert("__typename".to_owned(), "Scheda".into()));
        json
    });
    same("entities in the order of their keys", &super::render(&fetch, &reply), &expected.collect())?;
    reply.rows().iter().try_for_each(|row| wide(&reply, *row, fetch.asked.selection()))
}

pub(super) async fn absent(harness: &dyn Harness) -> Result<(), String> {
    let records = records(3);
    let stage = Stage::set(harness, &records).await?;
    let keys = [json!({ "id": "S99999" }), json!({ "id": "S00002" }), json!({ "id": "' OR 1=1 --" })];
    let fetch = stage.schede("id", &keys)?;
    same(
        "keys that the source doesn't know",
        &stage.answer(&fetch).await?,
        &json!([null, { "id": "S00002" }, null]),
    )
}

pub(super) async fn nulls(harness: &dyn Harness) -> Result<(), String> {
    let records = records(5);
    let stage = Stage::set(harness, &records).await?;
    let fetch = stage.schede(ALL, &[json!({ "id": "S00005" })])?;
    let expected = json!([{ "id": "S00005", "nome": null, "numero": null, "dal": null, "gruppo": "A" }]);
    same("a record with nulls", &stage.answer(&fetch).await?, &expected)
}

pub(super) async fn texts(harness: &dyn Harness) -> Result<(), String> {
    let records = records(2);
    let stage = Stage::set(harness, &records).await?;
    let keys: Vec<Value> = records.iter().map(Record::key).collect();
    let fetch = stage.schede("nome", &keys)?;
    let expected = records.iter().map(|record| json!({ "nome": record.nome })).collect();
    same("texts with quotes, wildcards and letters beyond ASCII", &stage.answer(&fetch).await?, &expected)
}

pub(super) async fn batches(harness: &dyn Harness) -> Result<(), String> {
    let batch = harness.batch();
    let records = records(batch + 1);
    let stage = Stage::set(harness, &records).await?;
    for (count, expected) in [(batch, 1), (batch + 1, 2)] {
        batch_of(&stage, records.get(..count).unwrap_or_default(), expected).await?;
    }
    Ok(())
}

pub(super) async fn many(harness: &dyn Harness) -> Result<(), String> {
    let records = records(5_000);
    let stage = Stage::set(harness, &records).await?;
    for count in [1_usize, 50, 5_000] {
        let expected = count.div_ceil(harness.batch()) as u64;
        batch_of(&stage, records.get(..count).unwrap_or_default(), expected).await?;
    }
    Ok(())
}

async fn batch_of(stage: &Stage, records: &[Record], expected: u64) -> Result<(), String> {
    let keys: Vec<Value> = records.iter().map(Record::key).collect();
    let fetch = stage.schede("id numero", &keys)?;
    let got = stage.answer(&fetch).await?;
    let whole: Vec<Value> = records.iter().map(Record::json).collect();
    let wanted: Value =
        whole.iter().map(|all| json!({ "id": at(all, "/id"), "numero": at(all, "/numero") })).collect();
    holds(got == wanted, || format!("{} keys brought other entities than theirs", keys.len()))?;
    holds(calls(&fetch) == expected, || {
        format!("{} keys took {} calls, not {expected}", keys.len(), calls(&fetch))
    })
}

pub(super) async fn ambiguous(harness: &dyn Harness) -> Result<(), String> {
    let mut records = records(3);
    records.extend(records.first().cloned());
    let stage = Stage::set(harness, &records).await?;
    let fetch = stage.schede("nome", &[json!({ "id": "S00001" })])?;
    fails(&stage, &fetch, FailureKind::Malformed, &["S00001", "D'Angelo"]).await?;
    let fetch = stage.schede("id nome", &[json!({ "id": "S00001" }), json!({ "id": "S00003" })])?;
    let outcome: Result<Reply, Failure> = stage.connector.fetch(&fetch).await;
    let Ok(reply) = outcome else { return Ok(()) };
    let others = super::render(&fetch, &reply);
    same("the other entities", at(&others, "/1"), &json!({ "id": "S00003", "nome": "Nome 3" }))
}

pub(super) async fn projection(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(3)).await?;
    stage.running.withhold("nome").await?;
    let fetch = stage.schede("id numero", &[json!({ "id": "S00003" })])?;
    same(
        "an entity without the field that is withheld",
        &stage.answer(&fetch).await?,
        &json!([{ "id": "S00003", "numero": 3 }]),
    )?;
    let got = stage.roots("schede(first: 1) { nodes { numero } }").await?;
    same("a list without it", &got, &json!({ "schede": { "nodes": [{ "numero": 1 }] } }))?;
    let fetch = stage.schede("id nome", &[json!({ "id": "S00003" })])?;
    let reply = stage.connector.fetch(&fetch).await;
    let failed = reply.as_ref().map_or(true, |reply| !reply.problems().is_empty());
    holds(failed, || "the withheld field can be read after all: the case proves nothing".to_owned())
}
