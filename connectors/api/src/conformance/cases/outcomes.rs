//! What isn't rows: a value of the wrong type, a limit, nobody there, no answer in time, nobody who waits.

use std::time::Duration;

use serde_json::{Value, json};

use super::{calls, fails, failure, holds, same, tells_nothing};
use crate::conformance::{Harness, Record, Stage, connect, records};
use crate::{FailureKind, Fetch, Limits};

/// How long a question to a silent source waits.
const SOON: Duration = Duration::from_millis(300);

pub(super) async fn wrong_type(harness: &dyn Harness) -> Result<(), String> {
    let mut records = records(3);
    if let Some(record) = records.get_mut(1) {
        record.numero = Some("molti".to_owned());
    }
    let stage = Stage::set(harness, &records).await?;
    let keys: Vec<Value> = records.iter().map(Record::key).collect();
    let fetch = stage.schede("id numero", &keys)?;
    let reply = stage.connector.fetch(&fetch).await.map_err(|failure| format!("all was lost: {failure}"))?;
    let expected = json!([
        { "id": "S00001", "numero": 1 },
        { "id": "S00002", "numero": "<Malformed Scheda.numero>" },
        { "id": "S00003", "numero": 3 },
    ]);
    same("a text where a number is declared", &super::render(&fetch, &reply), &expected)?;
    reply.problems().iter().try_for_each(|problem| tells_nothing(&problem.failure, &["molti", "S00002"]))
}

pub(super) async fn rows(harness: &dyn Harness) -> Result<(), String> {
    let records = records(6);
    let stage = Stage::set(harness, &records).await?;
    let keys: Vec<Value> = records.iter().map(Record::key).collect();
    for (rows, fits) in [(6, true), (5, false)] {
        let ask = stage.ask.clone().limits(Limits { rows, ..Limits::default() });
        let list = ask.roots("schede { nodes { id } }").map_err(|error| error.to_string())?;
        within(&stage, &list, fits, &format!("6 records in a list under a limit of {rows} rows")).await?;
        let entities = ask.entities("Scheda", "id nome", &keys).map_err(|error| error.to_string())?;
        within(&stage, &entities, fits, &format!("6 entities under a limit of {rows} rows")).await?;
    }
    Ok(())
}

pub(super) async fn pages(harness: &dyn Harness) -> Result<(), String> {
    let Some(size) = harness.page_size() else { return Err("the harness says no page size".to_owned()) };
    let stage = Stage::set(harness, &records(size * 2 + 1)).await?;
    for (pages, fits) in [(3, true), (2, false)] {
        let ask = stage.ask.clone().limits(Limits { pages, ..Limits::default() });
        let fetch = ask.roots("schede { nodes { id } }").map_err(|error| error.to_string())?;
        within(&stage, &fetch, fits, &format!("three pages under a limit of {pages}")).await?;
        let allowed = pages as u64;
        holds(calls(&fetch) <= allowed, || {
            format!("{} calls under a limit of {pages} pages", calls(&fetch))
        })?;
    }
    Ok(())
}

pub(super) async fn bytes(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(200)).await?;
    for (reply_bytes, fits) in [(1024 * 1024, true), (512, false)] {
        let ask = stage.ask.clone().limits(Limits { reply_bytes, ..Limits::default() });
        let fetch = ask.roots("schede { nodes { id nome } }").map_err(|error| error.to_string())?;
        within(&stage, &fetch, fits, &format!("200 records under a limit of {reply_bytes} bytes")).await?;
    }
    Ok(())
}

/// All comes, or nothing does and the limit is said: never a part.
async fn within(stage: &Stage, fetch: &Fetch, fits: bool, what: &str) -> Result<(), String> {
    match (failure(stage.connector.fetch(fetch).await), fits) {
        (None, true) => Ok(()),
        (Some(failure), false) if failure.kind == FailureKind::OverLimit => {
            tells_nothing(&failure, &["S0000", "Nome"])
        }
        (None, false) => Err(format!("{what}: it must be over the limit, and answered")),
        (Some(failure), _) => Err(format!("{what}: {failure}")),
    }
}

pub(super) async fn unreachable(harness: &dyn Harness) -> Result<(), String> {
    let mut stage = Stage::set(harness, &records(1)).await?;
    stage.connector = connect(harness, &stage.running.nowhere(), &stage.mapping)?;
    let fetch = stage.schede("nome", &[json!({ "id": "S00001" })])?;
    fails(&stage, &fetch, FailureKind::Unreachable, &["S00001"]).await?;
    let fetch =
        stage.ask.roots("schede(gruppo: \"segreto\") { nodes { id } }").map_err(|error| error.to_string())?;
    fails(&stage, &fetch, FailureKind::Unreachable, &["segreto"]).await
}

pub(super) async fn silence(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(1)).await?;
    stage.running.silence().await?;
    let ask = stage.ask.clone().patience(SOON);
    let fetch =
        ask.entities("Scheda", "nome", &[json!({ "id": "S00001" })]).map_err(|error| error.to_string())?;
    fails(&stage, &fetch, FailureKind::TimedOut, &["S00001"]).await?;
    stage.running.speak().await?;
    answers(&stage).await
}

pub(super) async fn deadline(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(1)).await?;
    let ask = stage.ask.clone().patience(Duration::ZERO);
    let fetch =
        ask.entities("Scheda", "nome", &[json!({ "id": "S00001" })]).map_err(|error| error.to_string())?;
    fails(&stage, &fetch, FailureKind::TimedOut, &["S00001"]).await?;
    holds(calls(&fetch) == 0, || "a call was made after the deadline".to_owned())
}

pub(super) async fn cancelled(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(1)).await?;
    answers(&stage).await?;
    stage.running.silence().await?;
    // More than any pool of a test holds: what a dropped question keeps would be missed.
    for _ in 0..8 {
        let fetch = stage.schede("nome", &[json!({ "id": "S00001" })])?;
        let waited = tokio::time::timeout(SOON / 10, stage.connector.fetch(&fetch)).await;
        holds(waited.is_err(), || "a silent source answered: the case proves nothing".to_owned())?;
    }
    stage.running.speak().await?;
    answers(&stage).await
}

async fn answers(stage: &Stage) -> Result<(), String> {
    let fetch = stage.schede("numero", &[json!({ "id": "S00001" })])?;
    same("a question while the source answers", &stage.answer(&fetch).await?, &json!([{ "numero": 1 }]))
}

pub(super) async fn probe(harness: &dyn Harness) -> Result<(), String> {
    let stage = Stage::set(harness, &records(1)).await?;
    stage.connector.probe().await.map_err(|failure| format!("a source that answers: {failure}"))?;
    let connector = connect(harness, &stage.running.nowhere(), &stage.mapping)?;
    match connector.probe().await {
        Err(failure) if failure.kind == FailureKind::Unreachable => Ok(()),
        Err(failure) => Err(format!("nobody there must be unreachable, and is: {failure}")),
        Ok(()) => Err("nobody there answered".to_owned()),
    }
}
