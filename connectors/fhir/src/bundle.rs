//! A reply read as FHIR: a searchset Bundle's JSON in, its matches and links out; an OperationOutcome in, its issue codes out.
//!
//! FHIR R4 §3.1.1.1 (search results), §2.27 (OperationOutcome). Included resources and outcomes are not matches. No text of the partner
//! comes out of here but the records themselves: `diagnostics` and `details` may hold values.

use raccordo_connector_api::Failure;
use serde_json::Value;

use crate::search::{Search, bare};

/// How many issue codes of an OperationOutcome are told.
const MAX_CODES: usize = 5;

/// One resource that came.
pub(crate) struct Resource {
    /// Its logical id. May be personal.
    pub(crate) id: String,
    /// All of it.
    pub(crate) json: Value,
}

/// One page of a search.
pub(crate) struct Page {
    /// The resources that match, in order.
    pub(crate) matches: Vec<Resource>,
    /// How many entries came in all, included resources too.
    pub(crate) entries: usize,
    /// How many match on all pages, where the server says.
    pub(crate) total: Option<u64>,
    /// The address of the next page, as given.
    pub(crate) next: Option<String>,
    /// The address that says which parameters were heeded.
    self_link: Option<String>,
}

impl Page {
    /// Reads a searchset of resources of this type.
    ///
    /// # Errors
    /// `Malformed`: not a searchset Bundle; a match without a resource, of another type or without an id.
    pub(crate) fn read(mut reply: Value, resource: &str) -> Result<Self, Failure> {
        let text = |reply: &Value, name: &str| reply.get(name).and_then(Value::as_str).map(str::to_owned);
        if text(&reply, "resourceType").as_deref() != Some("Bundle") {
            return Err(Failure::malformed("expected a Bundle"));
        }
        if text(&reply, "type").as_deref() != Some("searchset") {
            return Err(Failure::malformed("expected a Bundle of type `searchset`"));
        }
        let entries = match reply.get_mut("entry").map(Value::take) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(Failure::malformed("expected a Bundle whose `entry` is a list")),
        };
        let count = entries.len();
        let matches = entries.into_iter().filter_map(|entry| read_entry(entry, resource).transpose());
        Ok(Self {
            matches: matches.collect::<Result<_, _>>()?,
            entries: count,
            total: reply.get("total").and_then(Value::as_u64),
            next: link(&reply, "next"),
            self_link: link(&reply, "self"),
        })
    }

    /// A parameter of the search that the server says it didn't heed: its `self` link has parameters, and not this one.
    /// FHIR R4 §3.1.1.1: the link holds the parameters that were actually used. Without parameters in it nothing can be told.
    pub(crate) fn ignored<'a>(&self, search: &'a Search) -> Option<&'a str> {
        let (_, query) = self.self_link.as_deref()?.split_once('?')?;
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let heeded: Vec<String> = pairs.map(|(name, _)| bare(&name).to_owned()).collect();
        if heeded.is_empty() {
            return None;
        }
        search.to_be_told().find(|name| !heeded.iter().any(|heard| heard == name))
    }
}

/// The match that an entry holds, if it is one.
fn read_entry(mut entry: Value, resource: &str) -> Result<Option<Resource>, Failure> {
    let mode = entry.get("search").and_then(|search| search.get("mode")).and_then(Value::as_str);
    if matches!(mode, Some("include" | "outcome")) {
        return Ok(None);
    }
    let explicit = mode.is_some();
    let json = entry.get_mut("resource").map(Value::take).unwrap_or_default();
    match json.get("resourceType").and_then(Value::as_str) {
        Some("OperationOutcome") if !explicit => return Ok(None),
        Some(of) if of == resource => {}
        Some(_) => {
            return Err(Failure::malformed(format!("a match is of another type, expected `{resource}`")));
        }
        None => return Err(Failure::malformed(format!("a match without a resource, expected `{resource}`"))),
    }
    match json.get("id").and_then(Value::as_str).filter(|id| crate::reference::is_id(id)) {
        Some(id) => Ok(Some(Resource { id: id.to_owned(), json })),
        None => Err(Failure::malformed(format!("a `{resource}` without a valid `id`"))),
    }
}

fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle.get("link")?.as_array()?;
    let is = |link: &&Value| link.get("relation").and_then(Value::as_str) == Some(relation);
    links.iter().find(is)?.get("url")?.as_str().map(str::to_owned)
}

/// The issue codes of an OperationOutcome, for the operator's log: ` (issues: not-found, invalid)`, or nothing.
/// Codes come from a closed list of FHIR's; what isn't written as a code is left out.
pub(crate) fn issue_codes(body: &[u8]) -> String {
    let Ok(outcome) = serde_json::from_slice::<Value>(body) else { return String::new() };
    if outcome.get("resourceType").and_then(Value::as_str) != Some("OperationOutcome") {
        return String::new();
    }
    let issues = outcome.get("issue").and_then(Value::as_array);
    let codes = issues.into_iter().flatten().filter_map(|issue| issue.get("code")?.as_str());
    let known: Vec<&str> = codes.filter(|code| ISSUE_TYPES.contains(code)).take(MAX_CODES).collect();
    match known.is_empty() {
        true => String::new(),
        false => format!(" (issues: {})", known.join(", ")),
    }
}

/// FHIR R4, value set `issue-type`: all its codes.
const ISSUE_TYPES: &[&str] = &[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
];

#[cfg(test)]
mod tests {
    use super::*;
    use raccordo_connector_api::FailureKind;
    use serde_json::json;

    fn searchset(entries: Value) -> Value {
        json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries })
    }

    #[test]
    fn only_matches_are_data() {
        let bundle = searchset(json!([
            { "resource": { "resourceType": "Patient", "id": "p1" }, "search": { "mode": "match" } },
            { "resource": { "resourceType": "Organization", "id": "o1" }, "search": { "mode": "include" } },
            { "resource": { "resourceType": "OperationOutcome" }, "search": { "mode": "outcome" } },
            { "resource": { "resourceType": "OperationOutcome" } },
            { "resource": { "resourceType": "Patient", "id": "p2" } },
        ]));
        let page = Page::read(bundle, "Patient").unwrap();
        assert_eq!(
            page.matches.iter().map(|resource| resource.id.as_str()).collect::<Vec<_>>(),
            ["p1", "p2"]
        );
        assert_eq!(page.entries, 5);
    }

    #[test]
    fn what_is_not_a_searchset_of_the_type_is_malformed() {
        let patient = json!({ "resource": { "resourceType": "Patient", "id": "p1" } });
        assert!(Page::read(searchset(json!([patient])), "Patient").is_ok());
        for reply in [
            json!([]),
            json!({ "resourceType": "OperationOutcome" }),
            json!({ "resourceType": "Patient", "id": "p1" }),
            json!({ "resourceType": "Bundle", "type": "history" }),
            json!({ "resourceType": "Bundle", "type": "searchset", "entry": {} }),
            searchset(json!([{ "resource": { "resourceType": "Group", "id": "p1" } }])),
            searchset(json!([{ "resource": { "resourceType": "Patient" } }])),
            searchset(json!([{ "resource": { "resourceType": "Patient", "id": "a/../b" } }])),
            searchset(json!([{ "fullUrl": "http://x/Patient/p1" }])),
            searchset(json!([7])),
        ] {
            let failure = Page::read(reply, "Patient").err().unwrap();
            assert_eq!(failure.kind, FailureKind::Malformed);
        }
    }

    #[test]
    fn the_self_link_tells_what_was_ignored() {
        let search = Search::new(&"EpisodeOfCare".into()).with("status:not", "finished").with("_count", "9");
        let ignored = |url: Option<&str>| {
            let mut bundle = searchset(json!([]));
            if let Some(url) = url {
                bundle["link"] = json!([{ "relation": "self", "url": url }]);
            }
            Page::read(bundle, "EpisodeOfCare").unwrap().ignored(&search).map(str::to_owned)
        };
        assert_eq!(ignored(Some("http://x/EpisodeOfCare?_count=9")).as_deref(), Some("status"));
        assert_eq!(ignored(Some("http://x/EpisodeOfCare?status%3Anot=finished&_count=9")), None);
        assert_eq!(ignored(Some("http://x/EpisodeOfCare/_search")), None);
        assert_eq!(ignored(Some("http://x/EpisodeOfCare?")), None);
        assert_eq!(ignored(None), None);
    }

    #[test]
    fn of_an_outcome_only_known_codes_are_told() {
        let outcome = json!({ "resourceType": "OperationOutcome", "issue": [
            { "severity": "error", "code": "not-supported", "diagnostics": "identifier=RSSMRA80A01H501U" },
            { "severity": "error", "code": "RSSMRA80A01H501U" },
        ]});
        assert_eq!(issue_codes(outcome.to_string().as_bytes()), " (issues: not-supported)");
        assert_eq!(issue_codes(b"<html>"), "");
        assert_eq!(issue_codes(br#"{"issue":[{"code":"invalid"}]}"#), "");
    }
}
