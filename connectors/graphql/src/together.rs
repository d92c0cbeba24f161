//! Several questions of entities in; one call with one document, a lookup of each under its alias; for each question its own outcome out.
//!
//! Limits hold for each question by itself: one that asks too many keys isn't sent, one that brings too much is lost alone.

use std::sync::{Arc, Mutex, PoisonError};

use raccordo_connector_api::document::Document;
use raccordo_connector_api::read::read_together;
use raccordo_connector_api::{Asked, Failure, Fetch, Limits, Reply};
use raccordo_connector_web::{Endpoint, offload};

use crate::connector::{check_answer, over_rows, records_of};

/// What is kept with the first of the questions that went together: their documents, by which others went with it.
///
/// Which go together is settled by the plan; how many of them have something to ask, by the data.
#[derive(Default)]
pub(crate) struct Joined(Mutex<Vec<(Vec<usize>, Arc<Document>)>>);

/// How many documents are kept with one question: with more, as only many independent questions have, they are printed anew.
const KEPT: usize = 16;

impl Joined {
    fn document(&self, asked: &[&Asked]) -> Arc<Document> {
        // Questions of one plan live as long as one another: their addresses tell them apart.
        let others: Vec<usize> = asked.iter().map(|asked| std::ptr::from_ref(*asked).addr()).collect();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, document)) = kept.iter().find(|(own, _)| *own == others) {
            return Arc::clone(document);
        }
        let document = Arc::new(Document::together(asked));
        if kept.len() < KEPT {
            kept.push((others, Arc::clone(&document)));
        }
        document
    }
}

/// Asks several questions in one call.
pub(crate) async fn ask(
    endpoint: &Endpoint,
    joined: &Joined,
    fetches: &[Fetch],
) -> Vec<Result<Reply, Failure>> {
    let fits = |fetch: &&Fetch| fetch.representations.len() <= fetch.limits.rows;
    let sent: Vec<&Fetch> = fetches.iter().filter(fits).collect();
    let mut outcomes = match ask_fitting(endpoint, joined, &sent).await {
        Ok(outcomes) => outcomes,
        Err(failure) => sent.iter().map(|_| Err(failure.clone())).collect(),
    }
    .into_iter();
    let missing = || Err(Failure::internal("a question that went with others has no outcome"));
    let outcome = |fetch: &Fetch| match fits(&fetch) {
        true => outcomes.next().unwrap_or_else(missing),
        false => Err(over_rows(fetch)),
    };
    fetches.iter().map(outcome).collect()
}

async fn ask_fitting(
    endpoint: &Endpoint,
    joined: &Joined,
    sent: &[&Fetch],
) -> Result<Vec<Result<Reply, Failure>>, Failure> {
    let Some(first) = sent.first() else { return Ok(Vec::new()) };
    let asked: Vec<&Asked> = sent.iter().map(|fetch| &*fetch.asked).collect();
    let document = joined.document(&asked);
    let body = document.body(&first.values, sent.iter().map(|fetch| &fetch.representations));
    let limits = Limits { reply_bytes: first.limits.reply_bytes.saturating_mul(sent.len()), ..first.limits };
    let deadline = sent.iter().map(|fetch| fetch.deadline).min().unwrap_or(first.deadline);
    let answer = endpoint.post(body.into(), &first.origin, deadline, &limits, &first.meter).await?;
    check_answer(&answer)?;
    let length = answer.body.len();
    let parts: Vec<(Arc<Asked>, usize)> =
        sent.iter().map(|fetch| (Arc::clone(&fetch.asked), fetch.representations.len())).collect();
    let read = move || {
        let parts: Vec<(&Asked, usize)> = parts.iter().map(|(asked, rows)| (&**asked, *rows)).collect();
        let counted = |(reply, (asked, _)): (Result<Reply, Failure>, &(&Asked, usize))| {
            reply.map(|reply| {
                let records = records_of(&reply, asked);
                (reply, records)
            })
        };
        let replies = read_together(answer.body, &parts)?;
        Ok(replies.into_iter().zip(&parts).map(counted).collect::<Vec<_>>())
    };
    let read: Vec<Result<(Reply, usize), Failure>> = offload(length, read).await?;
    let limited = |(reply, fetch): (Result<(Reply, usize), Failure>, &&Fetch)| {
        let (reply, records) = reply?;
        match fetch.meter.rows(records) > fetch.limits.rows as u64 {
            true => Err(over_rows(fetch)),
            false => Ok(reply),
        }
    };
    Ok(read.into_iter().zip(sent).map(limited).collect())
}
