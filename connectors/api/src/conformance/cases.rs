//! The cases of the suite, and what they share: asking, and saying what is broken.

mod entities;
mod lists;
mod outcomes;

use serde_json::Value;

use super::{Case, Stage, render};
use crate::{Cell, Failure, FailureKind, Fetch, Field, Reply, Selection};

/// Every case of the suite.
pub const CASES: &[Case] = &[
    Case { name: "entities_come_by_key_in_the_order_asked", run: |h| Box::pin(entities::in_order(h)) },
    Case { name: "absent_keys_are_null", run: |h| Box::pin(entities::absent(h)) },
    Case { name: "nulls_are_null", run: |h| Box::pin(entities::nulls(h)) },
    Case { name: "texts_come_whole", run: |h| Box::pin(entities::texts(h)) },
    Case { name: "batches_are_as_few_as_their_limit_allows", run: |h| Box::pin(entities::batches(h)) },
    Case { name: "one_fifty_and_five_thousand_keys", run: |h| Box::pin(entities::many(h)) },
    Case { name: "two_records_of_one_key_are_malformed", run: |h| Box::pin(entities::ambiguous(h)) },
    Case { name: "what_is_not_asked_is_not_read", run: |h| Box::pin(entities::projection(h)) },
    Case { name: "filters_narrow_and_null_does_not", run: |h| Box::pin(lists::filters(h)) },
    Case { name: "a_single_record_is_found_or_null", run: |h| Box::pin(lists::single(h)) },
    Case { name: "pages_lead_to_the_last_record", run: |h| Box::pin(lists::pages(h)) },
    Case { name: "pages_bring_no_more_than_their_size", run: |h| Box::pin(lists::page_size(h)) },
    Case { name: "foreign_cursors_are_refused", run: |h| Box::pin(lists::foreign_cursor(h)) },
    Case { name: "records_of_a_parent_come_in_batches", run: |h| Box::pin(lists::relation(h)) },
    Case { name: "one_wrong_value_is_lost_alone", run: |h| Box::pin(outcomes::wrong_type(h)) },
    Case { name: "rows_are_limited", run: |h| Box::pin(outcomes::rows(h)) },
    Case { name: "pages_are_limited", run: |h| Box::pin(outcomes::pages(h)) },
    Case { name: "bytes_are_limited", run: |h| Box::pin(outcomes::bytes(h)) },
    Case { name: "nobody_there_is_unreachable", run: |h| Box::pin(outcomes::unreachable(h)) },
    Case { name: "silence_is_a_timeout", run: |h| Box::pin(outcomes::silence(h)) },
    Case { name: "a_passed_deadline_makes_no_call", run: |h| Box::pin(outcomes::deadline(h)) },
    Case { name: "a_cancelled_question_leaves_the_source_usable", run: |h| Box::pin(outcomes::cancelled(h)) },
    Case { name: "a_probe_asks_whether_anybody_answers", run: |h| Box::pin(outcomes::probe(h)) },
];

impl Stage {
    /// Asks for fields of `Query`.
    async fn roots(&self, text: &str) -> Result<Value, String> {
        let fetch = self.ask.roots(text).map_err(|error| error.to_string())?;
        self.answer(&fetch).await
    }

    /// A question for entities `Scheda`.
    fn schede(&self, text: &str, keys: &[Value]) -> Result<Fetch, String> {
        self.ask.entities("Scheda", text, keys).map_err(|error| error.to_string())
    }

    /// What the source answers, as JSON.
    async fn answer(&self, fetch: &Fetch) -> Result<Value, String> {
        let reply = self.connector.fetch(fetch).await.map_err(|failure| format!("it failed: {failure}"))?;
        Ok(render(fetch, &reply))
    }
}

/// What is at a JSON pointer (RFC 6901); null where nothing is.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Says what is broken unless the two are the same.
fn same(what: &str, got: &Value, expected: &Value) -> Result<(), String> {
    match got == expected {
        true => Ok(()),
        false => Err(format!("{what}\n   got {got}\n  want {expected}")),
    }
}

/// Says what is broken unless every object has the width that was asked: its last slot, which [`super::Ask`] leaves to other steps, is empty.
fn wide(reply: &Reply, cell: Cell, selection: &Selection) -> Result<(), String> {
    match cell {
        Cell::List { .. } => reply.items(cell).iter().try_for_each(|item| wide(reply, *item, selection)),
        Cell::Object(at) => {
            holds(reply.slot(at, selection.width - 1) == Cell::Absent, || {
                format!(
                    "an object of `{}` must have the width that was asked, its other slots empty",
                    selection.type_name
                )
            })?;
            let below = |field: &Field| match field.selection() {
                Some(below) => wide(reply, reply.slot(at, field.slot), below),
                None => Ok(()),
            };
            selection.fields.iter().try_for_each(below)
        }
        _ => Ok(()),
    }
}

/// Says what is broken unless it holds.
fn holds(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// The failure of the fetch, or of everything that it brought.
fn failure(outcome: Result<Reply, Failure>) -> Option<Failure> {
    match outcome {
        Err(failure) => Some(failure),
        Ok(reply) => {
            let lost = |cell: &Cell| matches!(cell, Cell::Failed(_));
            let field = |cell: &Cell| match cell {
                Cell::Object(object) => lost(&reply.slot(*object, 0)),
                other => lost(other),
            };
            let all = !reply.rows().is_empty() && reply.rows().iter().all(field);
            reply.problems().first().filter(|_| all).map(|problem| problem.failure.clone())
        }
    }
}

/// Asks, and says what is broken unless it fails in this way, without telling any of these values.
async fn fails(stage: &Stage, fetch: &Fetch, kind: FailureKind, values: &[&str]) -> Result<(), String> {
    let outcome = stage.connector.fetch(fetch).await;
    match failure(outcome) {
        Some(failure) if failure.kind == kind => tells_nothing(&failure, values),
        Some(failure) => Err(format!("it must fail as `{kind}`, and failed: {failure}")),
        None => Err(format!("it must fail as `{kind}`, and answered")),
    }
}

/// A failure goes into logs.
fn tells_nothing(failure: &Failure, values: &[&str]) -> Result<(), String> {
    let text = failure.to_string();
    match values.iter().find(|value| text.contains(**value)) {
        Some(value) => Err(format!("the failure tells the value `{value}`: {text}")),
        None => Ok(()),
    }
}

/// The calls that a fetch was counted for.
fn calls(fetch: &Fetch) -> u64 {
    fetch.meter.read().0
}
