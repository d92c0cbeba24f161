//! One question to an endpoint in; its records out, page by page to the end, or until enough have come.
//!
//! Nothing is cut in silence: a list that doesn't end within the limits of pages and rows is a failure.

use std::sync::Arc;

use futures::future::try_join_all;
use raccordo_connector_api::{Failure, Fetch};
use raccordo_connector_web::{Answer, Client, Program, StatusCode, check_status, offload, parse_json};
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use crate::model::{Endpoint, Paging};
use crate::request::{Filling, PageAt};

/// Where a list goes on after a record: the size of its pages, the number of a page from 1, and how many of its records came already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) size: usize,
    pub(crate) page: u64,
    pub(crate) skip: usize,
}

impl Position {
    /// As bytes to be sealed.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        format!("{} {} {}", self.size, self.page, self.skip).into_bytes()
    }

    /// Of opened bytes.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut numbers = std::str::from_utf8(bytes).ok()?.split(' ');
        let position = Self {
            size: numbers.next()?.parse().ok()?,
            page: numbers.next()?.parse().ok()?,
            skip: numbers.next()?.parse().ok()?,
        };
        (numbers.next().is_none() && position.size > 0 && (1..u64::MAX).contains(&position.page))
            .then_some(position)
    }
}

/// How much of a list is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// At most so many; `None`: all.
    pub(crate) first: Option<usize>,
    pub(crate) after: Option<Position>,
    /// Whether there are more must be known.
    pub(crate) next: bool,
}

/// Records with their places.
#[derive(Default)]
pub(crate) struct Listing {
    pub(crate) records: Vec<Value>,
    pub(crate) positions: Vec<Position>,
    pub(crate) has_next: bool,
    /// Bytes they came in.
    pub(crate) bytes: usize,
}

/// One page as it came.
struct Page {
    records: Vec<Value>,
    total_pages: Option<u64>,
    bytes: usize,
}

/// Asks one endpoint within one fetch.
pub(crate) struct Asker<'a> {
    pub(crate) client: &'a Client,
    pub(crate) base: &'a Url,
    pub(crate) fetch: &'a Fetch,
    /// Calls under way together.
    pub(crate) places: &'a Semaphore,
    pub(crate) source: &'a [Value],
}

impl Asker<'_> {
    /// The records that answer a question.
    ///
    /// # Errors
    /// One of the outcomes.
    pub(crate) async fn ask(
        &self,
        endpoint: &Arc<Endpoint>,
        filling: &Filling<'_>,
        wanted: Wanted,
    ) -> Result<Listing, Failure> {
        match endpoint.paging.as_ref().filter(|paging| paging.number_param.is_some()) {
            Some(_) if endpoint.batch.is_some() => self.all(endpoint, filling, None).await,
            Some(paging) if wanted.first.is_some() => self.some(endpoint, paging, filling, wanted).await,
            Some(_) => self.all(endpoint, filling, wanted.after).await,
            None => self.whole(endpoint, filling).await,
        }
    }

    /// Everything in one call.
    async fn whole(&self, endpoint: &Arc<Endpoint>, filling: &Filling<'_>) -> Result<Listing, Failure> {
        let mut listing = Listing::default();
        if let Some(page) = self.page(endpoint, filling, None).await? {
            listing.add(page, PageAt { number: 1, size: usize::MAX }, 0);
        }
        Ok(listing)
    }

    /// All pages, from a place on; in parallel as soon as the source has said how many there are.
    async fn all(
        &self,
        endpoint: &Arc<Endpoint>,
        filling: &Filling<'_>,
        after: Option<Position>,
    ) -> Result<Listing, Failure> {
        let size = after
            .map_or_else(|| endpoint.paging.as_ref().map_or(1, |paging| paging.size), |after| after.size);
        let start = after.map_or(1, |after| after.page);
        let mut listing = Listing::default();
        let (mut next, mut total) = (start, None);
        loop {
            // Until the source says how many pages there are, one at a time, to the first that is empty.
            let until = total.unwrap_or(next);
            self.within_pages(until.saturating_sub(start).saturating_add(1))?;
            let at = |number| PageAt { number, size };
            let pages = (next..=until).map(|number| self.page(endpoint, filling, Some(at(number))));
            let mut empty = false;
            for (number, page) in (next..).zip(try_join_all(pages).await?) {
                let Some(page) = page else { return Ok(listing) };
                ended_early(&page, number)?;
                empty = page.records.is_empty();
                total = total.max(page.total_pages);
                listing.add(page, at(number), skipped(after, number));
            }
            next = until.saturating_add(1);
            if total.map_or(empty, |total| next > total) {
                return Ok(listing);
            }
        }
    }

    /// So many records, from a place on: one page after the other.
    async fn some(
        &self,
        endpoint: &Arc<Endpoint>,
        paging: &Paging,
        filling: &Filling<'_>,
        wanted: Wanted,
    ) -> Result<Listing, Failure> {
        let first = wanted.first.unwrap_or_default();
        let size = wanted.after.map_or_else(|| page_size(paging, first), |after| after.size);
        let start = wanted.after.map_or(1, |after| after.page);
        let mut listing = Listing::default();
        if first == 0 && !wanted.next {
            return Ok(listing);
        }
        let mut number = start;
        loop {
            self.within_pages(number - start + 1)?;
            let at = PageAt { number, size };
            let Some(page) = self.page(endpoint, filling, Some(at)).await? else { break };
            ended_early(&page, number)?;
            let (empty, total) = (page.records.is_empty(), page.total_pages);
            listing.add(page, at, skipped(wanted.after, number));
            let ended = total.map_or(empty, |total| number >= total);
            let enough = listing.records.len() > first
                || (listing.records.len() == first && (total.is_some() || !wanted.next));
            if enough || ended {
                listing.has_next = listing.records.len() > first || !ended;
                break;
            }
            number += 1;
        }
        listing.cut(first);
        Ok(listing)
    }

    fn within_pages(&self, pages: u64) -> Result<(), Failure> {
        let most = self.fetch.limits.pages as u64;
        match pages <= most {
            true => Ok(()),
            false => Err(Failure::over_limit(format!("the list has more than {most} pages"))),
        }
    }

    /// One call; `None` where nothing can be asked, or the path's subject doesn't exist.
    async fn page(
        &self,
        endpoint: &Arc<Endpoint>,
        filling: &Filling<'_>,
        at: Option<PageAt>,
    ) -> Result<Option<Page>, Failure> {
        let Some(call) = filling.call(self.base, at)? else { return Ok(None) };
        let fetch = self.fetch;
        let place =
            self.places.acquire().await.map_err(|_| Failure::internal("the calls' places are closed"))?;
        let answer =
            self.client.call(call, &fetch.origin, fetch.deadline, &fetch.limits, &fetch.meter).await?;
        drop(place);
        if answer.status == StatusCode::NOT_FOUND && endpoint.path.variables().next().is_some() {
            return Ok(None);
        }
        check_status(answer.status)?;
        let bytes = answer.body.len();
        let (endpoint, source) = (endpoint.clone(), self.source.to_vec());
        let page = offload(bytes, move || read(&endpoint, &answer, &source)).await?;
        if fetch.meter.rows(page.records.len()) > fetch.limits.rows as u64 {
            return Err(Failure::over_limit(format!("more than {} records came", fetch.limits.rows)));
        }
        Ok(Some(page))
    }
}

/// The size of pages that brings the first so many, and as few more as can be.
fn page_size(paging: &Paging, first: usize) -> usize {
    match paging.size_param {
        Some(_) => paging.size.min(first.max(1)),
        None => paging.size,
    }
}

fn skipped(after: Option<Position>, number: u64) -> usize {
    after.filter(|after| after.page == number).map_or(0, |after| after.skip)
}

/// A page that the source counts but leaves empty would be a cut.
fn ended_early(page: &Page, number: u64) -> Result<(), Failure> {
    match page.total_pages {
        Some(total) if page.records.is_empty() && number < total => {
            Err(Failure::malformed("a page is empty, and by the source's own count more follow"))
        }
        _ => Ok(()),
    }
}

impl Listing {
    /// Adds a page's records. After the last one of a full page the list goes on with the next page; one that isn't full may still grow.
    fn add(&mut self, page: Page, PageAt { number, size }: PageAt, skipped: usize) {
        self.bytes += page.bytes;
        let count = page.records.len();
        for (index, record) in page.records.into_iter().enumerate().skip(skipped) {
            let (page, skip) = match index + 1 == count && count >= size {
                true => (number.saturating_add(1), 0),
                false => (number, index + 1),
            };
            self.positions.push(Position { size, page, skip });
            self.records.push(record);
        }
    }

    fn cut(&mut self, first: usize) {
        self.records.truncate(first);
        self.positions.truncate(first);
    }

    /// The part of a list that came whole.
    pub(crate) fn part(mut self, wanted: Wanted) -> Self {
        if let Some(after) = wanted.after {
            let keep = self.positions.iter().position(|at| (at.page, at.skip) > (after.page, after.skip));
            let from = keep.unwrap_or(self.positions.len());
            self.records.drain(..from);
            self.positions.drain(..from);
        }
        if let Some(first) = wanted.first {
            self.has_next = self.records.len() > first;
            self.cut(first);
        }
        self
    }
}

/// A reply's records: what `select` gives; an array stands for its items.
fn read(endpoint: &Endpoint, answer: &Answer, source: &[Value]) -> Result<Page, Failure> {
    let bytes = answer.body.len();
    if answer.status == StatusCode::NO_CONTENT {
        return Ok(Page { records: Vec::new(), total_pages: Some(1), bytes });
    }
    let reply = parse_json(&answer.body)?;
    let totals = endpoint.paging.as_ref().and_then(|paging| paging.total_pages.as_ref());
    let total_pages = totals.map(|program| total(program, &reply, source)).transpose()?;
    let outputs = match &endpoint.select {
        Some(select) => select.take(reply, source)?,
        None => vec![reply],
    };
    let mut records = Vec::new();
    for output in outputs {
        match output {
            Value::Null => {}
            Value::Array(items) => records.extend(items),
            record => records.push(record),
        }
    }
    Ok(Page { records, total_pages, bytes })
}

fn total(program: &Program, reply: &Value, source: &[Value]) -> Result<u64, Failure> {
    let outputs = program.run(reply, source)?;
    let total = match outputs.as_slice() {
        [total] => total.as_u64(),
        _ => None,
    };
    total.ok_or_else(|| Failure::malformed("`totalPages` gives no whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_as_they_went_and_others_not_at_all() {
        let position = Position { size: 25, page: 3, skip: 7 };
        assert_eq!(Position::read(&position.to_bytes()), Some(position));
        for bytes in [&b""[..], b"1 2", b"0 1 1", b"1 0 1", b"1 1 1 1", b"a b c", b"\xff"] {
            assert_eq!(Position::read(bytes), None);
        }
    }
}
