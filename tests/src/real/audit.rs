//! The GraphQL-over-HTTP audit of the npm package `graphql-http`. In: an endpoint's address. Out: the verdict of each of
//! its audits. It judges nothing itself: the test that calls it says which statuses it accepts.

use serde_json::Value;

use super::{RealError, partner::node};

const WHAT: &str = "the GraphQL-over-HTTP audit";

/// The verdict of one audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditStatus {
    /// Passed.
    Ok,
    /// A MAY that is not done.
    Notice,
    /// A SHOULD that is not done.
    Warn,
    /// A MUST that is not done.
    Error,
}

/// One audit and its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditResult {
    /// Four hexadecimal digits, stable between versions.
    pub id: String,
    /// What the audit checks, starting with MUST, SHOULD or MAY where it says so.
    pub name: String,
    /// The verdict.
    pub status: AuditStatus,
    /// Why it isn't [`AuditStatus::Ok`]; empty where it is.
    pub reason: String,
}

/// Runs all audits against the endpoint at `url`, which must be up already. Blocks: call it off the async threads.
pub fn audit(url: &str) -> Result<Vec<AuditResult>, RealError> {
    let output =
        node("audit.mjs")?.arg(url).output().map_err(RealError::process(format!("starting {WHAT}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(RealError::Failed { what: WHAT, said });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let unreadable = || RealError::Unreadable { what: WHAT, line: text.chars().take(300).collect() };
    let list: Vec<Value> = serde_json::from_str(&text).map_err(|_| unreadable())?;
    list.iter().map(|one| result(one).ok_or_else(unreadable)).collect()
}

fn result(one: &Value) -> Option<AuditResult> {
    let text = |name: &str| one.get(name).and_then(Value::as_str);
    let status = match text("status")? {
        "ok" => AuditStatus::Ok,
        "notice" => AuditStatus::Notice,
        "warn" => AuditStatus::Warn,
        "error" => AuditStatus::Error,
        _ => return None,
    };
    let reason = text("reason").unwrap_or_default().to_owned();
    Some(AuditResult { id: text("id")?.to_owned(), name: text("name")?.to_owned(), status, reason })
}
