//! A root field in; the page, list or single record that answers it out.
//!
//! FHIR pages are behind the server's opaque links. A position in such a list is the link of a page and an offset in it, so a cursor after
//! any record leads on without asking the pages before. It holds a digest of the search too: a cursor isn't good for other arguments.

use std::collections::HashSet;

use raccordo_connector_api::page::{PageAsked, page_asked};
use raccordo_connector_api::{Failure, Field, Selection};
use serde_json::json;

use crate::bundle::Resource;
use crate::elements::elements;
use crate::filter::{Narrowed, narrow};
use crate::load::{Level, Loader, context, selections_of};
use crate::model::{Finder, Form};
use crate::search::Search;
use crate::server::{Pages, Step, check_total};

/// What a root field brought.
#[derive(Default)]
pub(crate) struct Root {
    pub(crate) level: Level,
    /// The sealed cursor of each record, for connections.
    pub(crate) cursors: Vec<String>,
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
}

impl<'a> Loader<'a> {
    /// Finds what a root field wants.
    ///
    /// # Errors
    /// Every outcome, at the field.
    pub(crate) async fn root(self, finder: &'a Finder, field: &'a Field) -> Result<Root, Failure> {
        let root = self.find(finder, field).await;
        root.map_err(|failure| finder.blame(failure))
    }

    async fn find(self, finder: &'a Finder, field: &'a Field) -> Result<Root, Failure> {
        let fetch = self.asking.fetch;
        let context = context(&self.model.mapping.source, finder);
        let asked = page_asked(fetch, field, &finder.page, &context)?;
        let narrowed = narrow(finder.search(), &finder.filters, fetch, field, &self.model.mapping)?;
        let start = Start::new(&asked, narrowed.search.digest())?;
        if narrowed.empty || (asked.first == Some(0) && finder.form == Form::List) {
            return Ok(Root { has_previous: start.after, ..Root::default() });
        }
        if asked.first == Some(0) {
            return self.glance(narrowed.search, start.after).await;
        }
        let most = if finder.form == Form::Single { Some(2) } else { asked.first };
        let selections = selections_of(finder, field);
        let search = self.search(finder, &narrowed, &selections, most);
        let walk = self.walk(finder, &narrowed, &search, &start, most.unwrap_or(usize::MAX)).await?;
        if finder.form == Form::Single && walk.resources.len() > 1 {
            return Err(Failure::malformed("more than one resource answers a field that holds one"));
        }
        let seal = |position: &Position| fetch.cursors.seal(&context, &position.write(start.digest));
        let cursors = match finder.form {
            Form::Connection => walk.positions.iter().map(seal).collect(),
            Form::Single | Form::List => Vec::new(),
        };
        let of = selections.first().and_then(|selection| selection.type_id);
        let level = self.level(&finder.node, of, selections, walk.resources).await;
        Ok(Root { level, cursors, has_next: walk.has_next, has_previous: start.after })
    }

    /// The narrowed search with its order, the size of its pages and the elements that are wanted.
    fn search(
        self,
        finder: &Finder,
        narrowed: &Narrowed,
        wanted: &[&Selection],
        most: Option<usize>,
    ) -> Search {
        let key = finder.key.as_ref().filter(|_| narrowed.keys.is_some());
        let elements = match key {
            Some(key) => elements(self.model, &finder.node, None, wanted, &[key.element()]),
            None => elements(self.model, &finder.node, None, wanted, &[]),
        };
        (narrowed.search.clone())
            .with_some("_sort", finder.sort.clone())
            .with("_count", most.unwrap_or(finder.page_size).min(finder.page_size).to_string())
            .with_some("_elements", elements)
    }

    /// A page of none: whether there are any, without a record of them.
    async fn glance(self, search: Search, has_previous: bool) -> Result<Root, Failure> {
        let search = search.with("_summary", "count");
        let page = self.server.page(self.asking, &search, Step::Search).await?;
        let total = page.total.ok_or_else(|| Failure::malformed("expected a Bundle with its `total`"))?;
        Ok(Root { has_next: total > 0, has_previous, ..Root::default() })
    }

    /// Goes through pages until there are enough.
    async fn walk(
        self,
        finder: &Finder,
        narrowed: &Narrowed,
        search: &Search,
        start: &Start,
        most: usize,
    ) -> Result<Walk, Failure> {
        let wanted = narrowed.keys.as_ref().map(|keys| keys.iter().map(String::as_str).collect());
        let mut walk = Walk { most, skip: start.offset, ..Walk::default() };
        let (mut pages, mut came, mut total) = (Pages::default(), 0, None);
        let mut link: Option<String> = None;
        loop {
            let step = match (&link, &start.link) {
                (Some(link), _) => Step::Follow(link),
                (None, Some(link)) => Step::Resume(link),
                (None, None) => Step::Search,
            };
            let page = self.server.page(self.asking, search, step).await?;
            if let Some(wanted) = &wanted {
                page.matches.iter().try_for_each(|resource| asked_for(finder, wanted, resource))?;
            }
            (total, came) = (total.or(page.total), came + page.matches.len());
            let here = link.as_deref().or(start.link.as_deref());
            if walk.take(page.matches, here, page.next.as_deref()) {
                return Ok(walk);
            }
            let Some(next) = page.next else { break };
            pages.go_to(&next, self.asking.fetch.limits.pages)?;
            link = Some(next);
        }
        match start.link {
            None => check_total(total, came).map(|()| walk),
            Some(_) => Ok(walk),
        }
    }
}

/// What was gone through.
#[derive(Default)]
struct Walk {
    resources: Vec<Resource>,
    positions: Vec<Position>,
    has_next: bool,
    /// When there are enough.
    most: usize,
    /// How many of the next matches were seen before.
    skip: usize,
}

impl Walk {
    /// Takes a page's matches. Whether there are enough, and more to come.
    fn take(&mut self, matches: Vec<Resource>, link: Option<&str>, next: Option<&str>) -> bool {
        let on_page = matches.len();
        for (index, resource) in matches.into_iter().enumerate().skip(self.skip) {
            if self.resources.len() == self.most {
                self.has_next = true;
                return true;
            }
            self.positions.push(Position::after(index, on_page, link, next));
            self.resources.push(resource);
        }
        self.skip = self.skip.saturating_sub(on_page);
        self.has_next = self.resources.len() == self.most && next.is_some();
        self.has_next
    }
}

/// A resource that a search by key brought carries one of the keys.
fn asked_for(finder: &Finder, wanted: &HashSet<&str>, resource: &Resource) -> Result<(), Failure> {
    let values = finder.key.as_ref().map(|key| key.values(resource)).unwrap_or_default();
    match values.iter().any(|value| wanted.contains(value.as_str())) {
        true => Ok(()),
        false => Err(Failure::malformed(
            "the server answered resources that were not asked for: it seems to ignore the key's search parameter",
        )),
    }
}

/// Where a walk starts.
struct Start {
    /// The page; the first one of the search when there is none.
    link: Option<String>,
    /// How many of its matches were seen before.
    offset: usize,
    digest: u64,
    after: bool,
}

impl Start {
    fn new(asked: &PageAsked, digest: u64) -> Result<Self, Failure> {
        let Some(position) = &asked.after else {
            return Ok(Self { link: None, offset: 0, digest, after: false });
        };
        let foreign = || Failure::bad_input("a cursor of another search: ask again from the start");
        let position: serde_json::Value = serde_json::from_slice(position).map_err(|_| foreign())?;
        let offset = position.get("offset").and_then(serde_json::Value::as_u64);
        let same = position.get("search").and_then(serde_json::Value::as_u64) == Some(digest);
        let link = position.get("link").and_then(serde_json::Value::as_str).map(str::to_owned);
        match offset {
            Some(offset) if same => Ok(Self { link, offset: offset as usize, digest, after: true }),
            _ => Err(foreign()),
        }
    }
}

/// A place in a list.
struct Position {
    link: Option<String>,
    offset: usize,
}

impl Position {
    /// After the match at an index of a page: after the last one that is the start of the next page.
    fn after(index: usize, on_page: usize, link: Option<&str>, next: Option<&str>) -> Self {
        match next {
            Some(next) if index + 1 == on_page => Self { link: Some(next.to_owned()), offset: 0 },
            _ => Self { link: link.map(str::to_owned), offset: index + 1 },
        }
    }

    fn write(&self, digest: u64) -> Vec<u8> {
        json!({ "link": self.link, "offset": self.offset, "search": digest }).to_string().into_bytes()
    }
}
