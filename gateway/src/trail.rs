//! The trail's record: what every request closes with. It holds no value that was disclosed, no clear identifier and none of the
//! client's own words: an unregistered operation is known by the digest of its lifted form.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use raccordo_connector_api::{FailureKind, MemberCost};
use thiserror::Error;

use crate::code::Code;

/// One request.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it came.
    pub at: SystemTime,
    /// Its trace id.
    pub trace: Arc<str>,
    /// The caller's organisation, where it is known.
    pub organisation: Option<Arc<str>>,
    /// Which set of decisions permitted it; none when it was refused before.
    pub permit: Option<Arc<str>>,
    /// SHA-256 of the lifted operation, in hexadecimal; none when it was refused before.
    pub operation: Option<Arc<str>>,
    /// The name of a registered operation; none for others, whose names are the client's words.
    pub name: Option<Arc<str>>,
    /// What it was estimated to cost, where that is configured.
    pub cost: Option<u64>,
    /// The sources that were asked, in the order in which they answered.
    pub asked: Vec<Asked>,
    /// The codes of its errors; of its refusal, when it was refused.
    pub codes: Vec<&'static str>,
    /// It was refused whole.
    pub refused: bool,
    /// Where a subscription was; none for a request with one answer.
    pub streamed: Option<Streamed>,
    /// Its caller went away before the answer: what was asked of sources by then isn't told here.
    pub abandoned: bool,
    /// How long it took.
    pub took: Duration,
}

/// A subscription has two records: one before its first event leaves, one when it ended. Both have its trace id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streamed {
    /// Its source's stream is open.
    Opened,
    /// It ended; `abandoned` tells that the caller went away, or the gateway stopped, before its source ended it.
    Ended {
        /// Events that were answered.
        events: u64,
    },
}

/// One source asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The source.
    pub source: Arc<str>,
    /// Calls made to it.
    pub calls: u64,
    /// Entities asked for by key.
    pub keys: usize,
    /// Records that came.
    pub rows: u64,
    /// What went wrong.
    pub failure: Option<Code>,
    /// Of a source with members: each that was asked.
    pub members: Vec<AskedMember>,
}

/// One member of a source, asked.
#[derive(Debug, Clone)]
pub struct AskedMember {
    /// The member.
    pub member: Arc<str>,
    /// Calls made to it.
    pub calls: u64,
    /// Entities asked for by key.
    pub keys: usize,
    /// Records that came.
    pub rows: u64,
    /// What went wrong.
    pub failure: Option<Code>,
}

impl Asked {
    /// A source asked, from how its step went.
    pub fn new(source: Arc<str>, calls: u64, keys: usize, rows: u64, failure: Option<FailureKind>) -> Self {
        Self { source, calls, keys, rows, failure: failure.map(Code::from), members: Vec::new() }
    }

    /// The same, with what each of the source's members cost: once for each member.
    #[must_use]
    pub fn with_members(mut self, costs: &[MemberCost]) -> Self {
        let members = costs.iter().map(|cost| AskedMember {
            member: Arc::clone(&cost.member),
            calls: cost.calls,
            keys: cost.keys,
            rows: cost.rows,
            failure: cost.failure.map(Code::from),
        });
        self.add_members(members);
        self
    }

    /// Adds what members cost to what is known of them.
    pub fn add_members(&mut self, members: impl IntoIterator<Item = AskedMember>) {
        for more in members {
            match self.members.iter_mut().find(|known| known.member == more.member) {
                Some(known) => {
                    known.calls += more.calls;
                    known.keys += more.keys;
                    known.rows += more.rows;
                    known.failure = known.failure.or(more.failure);
                }
                None => self.members.push(more),
            }
        }
    }
}

/// The trail can't be written: there is no answer then.
#[derive(Debug, Clone, Error)]
#[error("the trail can't be written: {0}")]
pub struct TrailError(pub String);

/// Where records go.
pub trait Trail: Send + Sync {
    /// Writes a record. When this returns, the record is kept.
    ///
    /// # Errors
    /// [`TrailError`].
    fn record(&self, record: &Record) -> Result<(), TrailError>;
}

/// The trail as lines of the log, target `raccordo::trail`: what there is until the trail that can be proved.
#[derive(Debug, Default, Clone, Copy)]
pub struct LogTrail;

impl Trail for LogTrail {
    fn record(&self, record: &Record) -> Result<(), TrailError> {
        let asked: Vec<String> = record
            .asked
            .iter()
            .map(|asked| {
                let failure = asked.failure.map_or("ok", |code| code.name);
                let members: String = asked.members.iter().map(told_member).collect();
                format!(
                    "{}:{} calls,{} keys,{} rows,{failure}{members}",
                    asked.source, asked.calls, asked.keys, asked.rows
                )
            })
            .collect();
        tracing::info!(
            target: "raccordo::trail",
            trace = %record.trace,
            organisation = record.organisation.as_deref(),
            permit = record.permit.as_deref(),
            operation = record.operation.as_deref(),
            name = record.name.as_deref(),
            cost = record.cost,
            asked = %asked.join("; "),
            codes = %record.codes.join(","),
            refused = record.refused,
            streamed = record.streamed.map(|streamed| match streamed {
                Streamed::Opened => "opened",
                Streamed::Ended { .. } => "ended",
            }),
            events = record.streamed.and_then(|streamed| match streamed {
                Streamed::Opened => None,
                Streamed::Ended { events } => Some(events),
            }),
            abandoned = record.abandoned,
            took_us = record.took.as_micros() as u64,
            "request"
        );
        Ok(())
    }
}

/// A member, as the log has it: after its source.
fn told_member(asked: &AskedMember) -> String {
    let failure = asked.failure.map_or("ok", |code| code.name);
    format!(" {}:{} calls,{} keys,{} rows,{failure}", asked.member, asked.calls, asked.keys, asked.rows)
}
