//! Why a source gave nothing, by cause and blame. The caller gets a code; the detail is for the operator's log.

use std::sync::Arc;

use raccordo_schema::mapping::Name;
use thiserror::Error;

/// What went wrong at a source. Neither part ever holds a personal value, a key, a URL's query or the partner's own text.
#[derive(Debug, Clone, Error)]
#[error("{kind}: {detail}")]
pub struct Failure {
    /// The outcome.
    pub kind: FailureKind,
    /// For the operator's log: what was expected, what came, without values.
    pub detail: String,
    /// The coordinate at fault, type and field, where there is one.
    pub coordinate: Option<(Name, Name)>,
    /// Of a source with members: those that the question could have been asked of, whichever of them failed, so that a failure doesn't say
    /// where a record is. None for a source that is one system.
    pub members: Option<Arc<[Name]>>,
}

/// The outcomes that are not rows. Absence is not among them: it is a row that is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum FailureKind {
    /// Nobody answered, or with a failure of their own.
    #[error("the source can't be reached")]
    Unreachable,
    /// No answer in time.
    #[error("the source did not answer in time")]
    TimedOut,
    /// The answer is not what the declared types or the protocol say.
    #[error("the source's answer is malformed")]
    Malformed,
    /// The answer is larger than a limit: rows, pages, bytes.
    #[error("the source's answer is over a limit")]
    OverLimit,
    /// The partner refused: its authentication, its rules.
    #[error("the source refused")]
    Refused,
    /// The caller's argument can't be used: a cursor from elsewhere, a page too large.
    #[error("the argument can't be used")]
    BadInput,
    /// A fault of ours.
    #[error("internal fault")]
    Internal,
}

impl Failure {
    /// A failure with its detail for the log.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), coordinate: None, members: None }
    }

    /// Nobody answered.
    pub fn unreachable(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Unreachable, detail)
    }

    /// Not in time.
    pub fn timed_out(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::TimedOut, detail)
    }

    /// Not what was declared.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Malformed, detail)
    }

    /// Over a limit.
    pub fn over_limit(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::OverLimit, detail)
    }

    /// The partner refused.
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, detail)
    }

    /// The caller's argument. This detail *is* told to the caller: it names the argument and what was expected, never the value.
    pub fn bad_input(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::BadInput, detail)
    }

    /// Ours.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Internal, detail)
    }

    /// The same, of a source with these members.
    #[must_use]
    pub fn of_members(mut self, members: &Arc<[Name]>) -> Self {
        self.members = Some(Arc::clone(members));
        self
    }

    /// The same, at a coordinate.
    #[must_use]
    pub fn at(mut self, type_name: &Name, field: &Name) -> Self {
        self.coordinate = Some((type_name.clone(), field.clone()));
        self
    }
}
