//! Enters: the hits of a search and a page's offset. Leaves: a `searchset` bundle with its `self` and `next` links.
//! Next links are opaque: they name a search that the server remembers, never what was searched for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::outcome;
use super::resources::resource;
use super::search::Wanted;
use crate::district::District;
use crate::district::prng::Prng;

/// How many searches are remembered; the oldest goes first.
const REMEMBERED: usize = 1_000;

/// A search that has more pages.
#[derive(Clone)]
pub(super) struct Remembered {
    pub(super) hits: Arc<[usize]>,
    pub(super) wanted: Wanted,
}

/// The searches that have more pages, by their opaque name.
#[derive(Default)]
pub(super) struct Memory(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    serial: u64,
    searches: HashMap<String, Remembered>,
    order: VecDeque<String>,
}

impl Memory {
    pub(super) fn keep(&self, search: Remembered) -> String {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.serial += 1;
        let name = format!("{:016x}", Prng::of("search", inner.serial).draw());
        inner.searches.insert(name.clone(), search);
        inner.order.push_back(name.clone());
        if inner.order.len() > REMEMBERED
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.searches.remove(&oldest);
        }
        name
    }

    pub(super) fn recall(&self, name: &str) -> Option<Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).searches.get(name).cloned()
    }
}

/// Where a page stands.
pub(super) struct Page<'a> {
    pub(super) base: &'a str,
    pub(super) self_link: String,
    /// The name of the remembered search, when there is one.
    pub(super) name: Option<String>,
    pub(super) offset: usize,
    /// There is always a next page.
    pub(super) endless: bool,
    pub(super) ignored: &'a [String],
}

/// One page.
pub(super) fn bundle(district: &District, search: &Remembered, page: &Page<'_>) -> Value {
    let Wanted { kind, count, elements } = &search.wanted;
    let shown = search.hits.iter().skip(page.offset).take(*count);
    let mut entries: Vec<Value> = shown
        .filter_map(|number| resource(district, *kind, *number, elements))
        .map(|resource| {
            let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
            let full = format!("{}/{}/{id}", page.base, kind.name());
            json!({ "fullUrl": full, "resource": resource, "search": { "mode": "match" } })
        })
        .collect();
    if !page.ignored.is_empty() {
        let text = format!("ignored search parameters: {}", page.ignored.join(", "));
        let warning = outcome::resource("warning", "not-supported", &text);
        entries.push(json!({ "resource": warning, "search": { "mode": "outcome" } }));
    }
    let mut links = vec![json!({ "relation": "self", "url": page.self_link })];
    if let (Some(name), Some(next)) = (&page.name, next_offset(search, page)) {
        let url = format!("{}?_getpages={name}&_getpagesoffset={next}&_count={count}", page.base);
        links.push(json!({ "relation": "next", "url": url }));
    }
    json!({ "resourceType": "Bundle", "type": "searchset", "total": search.hits.len(), "link": links, "entry": entries })
}

fn next_offset(search: &Remembered, page: &Page<'_>) -> Option<usize> {
    let next = page.offset + search.wanted.count;
    match (search.wanted.count > 0 && next < search.hits.len(), page.endless) {
        (true, _) => Some(next),
        (false, true) => Some(0),
        (false, false) => None,
    }
}
