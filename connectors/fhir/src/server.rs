//! Calls to one FHIR server: a [`Search`] in, its pages out, each within the limits of the fetch.
//!
//! Every search is a `POST {base}/{type}/_search` with a form body: no key stands in a URL that we write. The server's own `next` links are
//! opaque: they are followed as given, by GET, on the same origin only, whatever the server wrote into them. They never go to a log or an error.
//!
//! `Prefer: handling=strict` asks the server to refuse a parameter it doesn't know instead of answering more than was asked
//! (FHIR R4 §3.1.1.1). Servers may pass over it, so replies are checked too: see [`Page::ignored`], and the joins of `load.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use raccordo_connector_api::{Failure, Fetch, Limits, Meter, Origin};
use raccordo_connector_web::{
    Answer, Call, Client, HeaderMap, HeaderName, HeaderValue, StatusCode, check_status, header, offload,
    parse_json,
};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::bundle::{Page, Resource, issue_codes};
use crate::search::Search;

const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const STRICT: HeaderValue = HeaderValue::from_static("handling=strict");
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const FORM: &str = "application/x-www-form-urlencoded";

/// One FHIR server.
pub(crate) struct Server {
    client: Client,
    /// Where everything hangs below; ends in a slash. May hold a password.
    base: Url,
    /// The same without user and password: how the server's own references begin.
    address: Url,
}

/// One fetch while it goes on: its calls take turns, its entries are counted.
pub(crate) struct Asking<'a> {
    pub(crate) fetch: &'a Fetch,
    entries: AtomicUsize,
    turns: Semaphore,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(fetch: &'a Fetch) -> Self {
        let turns = Semaphore::new(fetch.limits.parallel.max(1));
        Self { fetch, entries: AtomicUsize::new(0), turns }
    }

    /// Counts entries that came.
    fn count(&self, entries: usize) -> Result<(), Failure> {
        self.fetch.meter.rows(entries);
        let all = self.entries.fetch_add(entries, Ordering::Relaxed) + entries;
        match all > self.fetch.limits.rows {
            true => Err(Failure::over_limit(format!("more than {} records came", self.fetch.limits.rows))),
            false => Ok(()),
        }
    }
}

/// Which page.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// The first one.
    Search,
    /// The one behind a link that the server just gave.
    Follow(&'a str),
    /// The one behind a link out of a client's cursor: it may have expired.
    Resume(&'a str),
}

impl Server {
    /// A server at this base. Nothing is opened yet.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub(crate) fn open(base: Url, headers: HeaderMap) -> Result<Self, Failure> {
        let client = Client::new(&base, headers)?;
        let mut address = base.clone();
        let plain = address.set_username("").and_then(|()| address.set_password(None));
        plain.map_err(|()| Failure::internal("the source's `url` takes no credentials"))?;
        Ok(Self { client, base, address })
    }

    /// The server's address as its references spell it; ends in a slash.
    pub(crate) fn address(&self) -> &Url {
        &self.address
    }

    /// One page of a search.
    ///
    /// # Errors
    /// Every outcome; `Malformed` also when the server says it didn't heed a parameter, `BadInput` when a cursor has expired.
    pub(crate) async fn page(
        &self,
        asking: &Asking<'_>,
        search: &Search,
        step: Step<'_>,
    ) -> Result<Page, Failure> {
        let call = match step {
            Step::Search => Call::post(self.search_url(&search.resource)?, FORM, search.body()),
            Step::Follow(link) | Step::Resume(link) => Call::get(self.next_url(&search.resource, link)?),
        };
        let answer = self.call(asking, call).await?;
        if matches!((step, answer.status), (Step::Resume(_), StatusCode::GONE | StatusCode::NOT_FOUND)) {
            return Err(Failure::bad_input("the cursor has expired at the source: ask again from the start"));
        }
        accept(&answer)?;
        let resource = search.resource.clone();
        let body = answer.body;
        let page = offload(body.len(), move || Page::read(parse_json(&body)?, &resource)).await?;
        asking.count(page.entries)?;
        // Links of later pages name the page, not the search.
        match page.ignored(search).filter(|_| matches!(step, Step::Search)) {
            Some(name) => {
                Err(Failure::malformed(format!("the server ignored the search parameter `{name}`")))
            }
            None => Ok(page),
        }
    }

    /// All matches of a search, to the last page. Each must be one that was asked for: the first that isn't ends it.
    ///
    /// # Errors
    /// Those of [`Server::page`] and of `asked_for`; `OverLimit` for a bundle that never ends; `Malformed` when the server says that
    /// there is more than it gives.
    pub(crate) async fn all(
        &self,
        asking: &Asking<'_>,
        search: &Search,
        asked_for: &(dyn Fn(&Resource) -> Result<(), Failure> + Sync),
    ) -> Result<Vec<Resource>, Failure> {
        let (mut pages, mut all, mut link) = (Pages::default(), Vec::new(), None);
        let mut total = None;
        loop {
            let step = link.as_deref().map_or(Step::Search, Step::Follow);
            let mut page = self.page(asking, search, step).await?;
            page.matches.iter().try_for_each(asked_for)?;
            total = total.or(page.total);
            all.append(&mut page.matches);
            let Some(next) = page.next else { break };
            pages.go_to(&next, asking.fetch.limits.pages)?;
            link = Some(next);
        }
        check_total(total, all.len())?;
        Ok(all)
    }

    /// Whether a FHIR server answers: asks for its capability statement.
    ///
    /// # Errors
    /// Why not; `Malformed` when what answers speaks no FHIR.
    pub(crate) async fn probe(&self) -> Result<(), Failure> {
        let call = Call::get(self.join("metadata")?).header(header::ACCEPT, FHIR_JSON);
        let deadline = Instant::now() + PROBE_TIMEOUT;
        let answer = self
            .client
            .call(call, &Origin::default(), deadline, &Limits::default(), &Meter::default())
            .await?;
        accept(&answer)?;
        let body = answer.body;
        let statement = offload(body.len(), move || parse_json(&body)).await?;
        match statement.get("resourceType").and_then(serde_json::Value::as_str) {
            Some("CapabilityStatement") => Ok(()),
            _ => Err(Failure::malformed(
                "`metadata` isn't a CapabilityStatement: does `url` lead to a FHIR base?",
            )),
        }
    }

    async fn call(&self, asking: &Asking<'_>, call: Call) -> Result<Answer, Failure> {
        let fetch = asking.fetch;
        let late = || Failure::timed_out("no call was free before the deadline");
        let turn = tokio::time::timeout_at(fetch.deadline, asking.turns.acquire());
        let _turn = turn.await.map_err(|_| late())?;
        if Instant::now() >= fetch.deadline {
            return Err(late());
        }
        let call = call.header(header::ACCEPT, FHIR_JSON).header(PREFER, STRICT);
        self.client.call(call, &fetch.origin, fetch.deadline, &fetch.limits, &fetch.meter).await
    }

    fn search_url(&self, resource: &str) -> Result<Url, Failure> {
        self.join(&format!("{resource}/_search"))
    }

    fn join(&self, path: &str) -> Result<Url, Failure> {
        self.base.join(path).map_err(|_| Failure::internal("the source's `url` takes no path"))
    }

    /// A `next` link, absolute or relative to the search, on the server's own origin.
    fn next_url(&self, resource: &str, link: &str) -> Result<Url, Failure> {
        let misfit = || Failure::malformed("a `next` link that isn't a URL");
        let mut url = self.join(resource)?.join(link).map_err(|_| misfit())?;
        if url.origin() != self.base.origin() {
            return Err(Failure::malformed("a `next` link to another origin: it is not followed"));
        }
        url.set_username(self.base.username()).map_err(|()| misfit())?;
        url.set_password(self.base.password()).map_err(|()| misfit())?;
        Ok(url)
    }
}

/// What pages were followed so far, by the digests of their links.
#[derive(Default)]
pub(crate) struct Pages {
    seen: Vec<u64>,
}

impl Pages {
    /// Takes note of a link about to be followed; the first page counts too.
    ///
    /// # Errors
    /// `OverLimit` when there are more pages than allowed, or when the link was followed before: then they would never end.
    pub(crate) fn go_to(&mut self, link: &str, most: usize) -> Result<(), Failure> {
        use std::hash::{Hash, Hasher};
        let mut hasher = std::hash::DefaultHasher::new();
        link.hash(&mut hasher);
        let digest = hasher.finish();
        if self.seen.contains(&digest) {
            return Err(Failure::over_limit("a `next` link leads back: the pages never end"));
        }
        self.seen.push(digest);
        match self.seen.len() + 1 > most {
            true => Err(Failure::over_limit(format!("more than {most} pages"))),
            false => Ok(()),
        }
    }
}

/// What the server says it has must have come.
///
/// # Errors
/// `Malformed`: a server that doesn't page, or forgets its `next` link, must not look like one that has no more.
pub(crate) fn check_total(total: Option<u64>, came: usize) -> Result<(), Failure> {
    match total {
        Some(total) if total > came as u64 => Err(Failure::malformed(format!(
            "the Bundle's `total` is {total}, but {came} came and no `next` link leads on"
        ))),
        _ => Ok(()),
    }
}

/// A status that isn't a success is a failure, with the issue codes of its OperationOutcome.
fn accept(answer: &Answer) -> Result<(), Failure> {
    check_status(answer.status).map_err(|mut failure| {
        failure.detail.push_str(&issue_codes(&answer.body));
        failure
    })
}
