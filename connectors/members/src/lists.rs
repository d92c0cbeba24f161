//! Root fields: asked of the members that their arguments choose, all at once up to a limit, and written as if one system had answered.
//! What a member doesn't give is stated at the field; the rest is served.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream;
use raccordo_connector_api::graft::graft;
use raccordo_connector_api::page::{Connection, page_asked, write_connection};
use raccordo_connector_api::{
    Cell, Failure, FailureKind, Fetch, Meter, Operation, Reply, Representations, Value, What,
};
use raccordo_schema::mapping::Name;

use crate::connector::{Connected, MembersConnector};
use crate::cursor::{Position, Positions};
use crate::gather::within_rows;
use crate::keepers::Found;
use crate::merge::{Item, Merged, Merging, marks};
use crate::question::{Questions, Reads, Returns, RootQuestion, address};

/// A root field of one fetch: whom it is asked of, and from where on.
struct Asking<'q> {
    question: &'q RootQuestion,
    chosen: Vec<usize>,
    first: Option<usize>,
    start: Positions,
    goes_on: bool,
    /// The cursor goes on in a member that is gone.
    misses_one: bool,
}

/// What one member answered to one root field.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) member: usize,
    pub(crate) pages: Vec<Reply>,
    pub(crate) items: Vec<Item>,
    pub(crate) has_next: bool,
    total: Option<u64>,
    failure: Option<Failure>,
}

impl MembersConnector {
    /// Root fields. One that fails alone is lost alone; where there is no other, the fetch fails.
    pub(crate) async fn roots(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        let questions = self.questions(fetch)?;
        let (Questions::Roots(questions), What::Roots { operation, selection }) =
            (&*questions, &fetch.asked.what)
        else {
            return Err(Failure::internal("root fields that were prepared as entities"));
        };
        let askings: Vec<Result<Asking<'_>, Failure>> =
            questions.iter().map(|question| self.asking(fetch, question, *operation)).collect();
        let parts = self.parts(fetch, &askings, *operation).await;
        within_rows(fetch).map_err(|failure| failure.of_members(&self.names))?;
        let (mut reply, mut found) = (Reply::new(), Found::new(&self.keepers));
        let root = reply.object(selection.width, selection.type_id);
        let mut failures = Vec::new();
        for ((question, asking), parts) in questions.iter().zip(askings).zip(parts) {
            let written = asking.and_then(|asking| self.write(fetch, &asking, parts, &mut reply, &mut found));
            let cell = written.unwrap_or_else(|failure| {
                failures.push(failure.clone());
                reply.failed(failure)
            });
            reply.set(root, question.field.slot, cell);
        }
        found.tell(&self.whole.source);
        if let ([_], Some(failure)) = (questions.as_slice(), failures.pop()) {
            return Err(failure);
        }
        reply.push_row(Cell::Object(root));
        Ok(reply)
    }

    fn asking<'q>(
        &self,
        fetch: &Fetch,
        question: &'q RootQuestion,
        operation: Operation,
    ) -> Result<Asking<'q>, Failure> {
        let field = &question.field;
        let chosen = self.chosen(fetch, field);
        if operation == Operation::Mutation {
            self.only(field, &chosen)?;
        }
        let mut asking = Asking {
            question,
            chosen,
            first: None,
            start: Positions::default(),
            goes_on: false,
            misses_one: false,
        };
        match &question.returns {
            Returns::One(_) => {
                if asking.chosen.len() > 1 && !self.whole.broadcast {
                    let by = self.whole.route_by.as_deref().unwrap_or("?");
                    return Err(Failure::bad_input(format!(
                        "`{by}` must be given to `{}`: it tells whom to ask",
                        field.name
                    )));
                }
            }
            Returns::Many { page, .. } | Returns::Page { page, .. } => {
                let asked = page_asked(fetch, field, page, &question.context)?;
                asking.first = asked.first;
                if let Some(position) = asked.after {
                    asking.start = Positions::decode(&position)?;
                    asking.goes_on = true;
                    asking.misses_one = asking.start.names_others(&self.names);
                    asking.start.0.retain(|name, _| self.names.contains(name));
                }
            }
        }
        Ok(asking)
    }

    /// Asks: what a query has all at once, a mutation's fields one after the other.
    async fn parts(
        &self,
        fetch: &Fetch,
        askings: &[Result<Asking<'_>, Failure>],
        operation: Operation,
    ) -> Vec<Vec<Part>> {
        let limit = if operation == Operation::Mutation { 1 } else { self.whole.parallel.max(1) };
        let mut calls: Vec<BoxFuture<'_, (usize, Part)>> = Vec::new();
        for (index, asking) in
            askings.iter().enumerate().filter_map(|(index, asking)| Some((index, asking.as_ref().ok()?)))
        {
            for member in &asking.chosen {
                let Some(connected) = self.members.get(*member) else { continue };
                if let Some(place) = asking.place(&connected.name) {
                    let asked = connected.part(fetch, asking.question, *member, place);
                    calls.push(Box::pin(async move { (index, asked.await) }));
                }
            }
        }
        let mut parts: Vec<Vec<Part>> = askings.iter().map(|_| Vec::new()).collect();
        let answered: Vec<(usize, Part)> = stream::iter(calls).buffer_unordered(limit).collect().await;
        for (index, mut part) in answered {
            parts.get_mut(index).into_iter().for_each(|parts| parts.push(std::mem::take(&mut part)));
        }
        parts.iter_mut().for_each(|parts| parts.sort_by_key(|part| part.member));
        parts
    }

    /// Writes one field.
    fn write(
        &self,
        fetch: &Fetch,
        asking: &Asking<'_>,
        parts: Vec<Part>,
        reply: &mut Reply,
        found: &mut Found<'_>,
    ) -> Result<Cell, Failure> {
        let could = self.named(&asking.chosen);
        let (failed, good): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|part| part.failure.is_some());
        let lost = self.what_was_lost(&failed, &could);
        if let Some(failure) = &lost {
            // What passes a limit, or can't be used, is so for the whole: never a part of it.
            let of_whole = matches!(
                failure.kind,
                FailureKind::OverLimit | FailureKind::BadInput | FailureKind::Internal
            );
            if good.is_empty() || of_whole {
                return Err(failure.clone());
            }
        }
        let slot = asking.question.field.slot;
        let cell = match &asking.question.returns {
            Returns::One(sorting) => {
                let cell = self.one(asking, &good, sorting.type_name.as_ref(), reply, found, &could);
                match (cell, lost) {
                    (Cell::Null, Some(failure)) => return Err(failure),
                    (cell, _) => return Ok(cell),
                }
            }
            Returns::Many { sorting, .. } => {
                let merging =
                    Merging { names: &self.names, sorting, first: asking.first, seal: None, every: false };
                let merged = merging.merge(&good, asking.start.clone(), found);
                let below = asking.question.field.selection();
                let mut cells = Vec::with_capacity(merged.chosen.len());
                for (part, item) in &merged.chosen {
                    cells.push(record(&good, *part, *item, reply, &could, &mut |reply, from, cell, lost| {
                        graft(reply, from, cell, below, lost)
                    }));
                }
                reply.list(&cells)
            }
            Returns::Page { sorting, reads, .. } => {
                let seal =
                    |positions: &Positions| fetch.cursors.seal(&asking.question.context, &positions.encode());
                let sealing = (reads.every_cursor || reads.end_cursors)
                    .then_some(&seal as &dyn Fn(&Positions) -> String);
                let every = reads.every_cursor;
                let merging =
                    Merging { names: &self.names, sorting, first: asking.first, seal: sealing, every };
                let merged = merging.merge(&good, asking.start.clone(), found);
                self.connection(asking, &good, &merged, reply, &could)?
            }
        };
        if let Some(failure) = lost {
            reply.incomplete(slot, failure);
        } else if asking.misses_one {
            let gone = "the cursor goes on in a member that is no longer configured";
            reply.incomplete(slot, Failure::unreachable(gone).of_members(&could));
        }
        Ok(cell)
    }

    /// The failure that stands for all that members did not give, with all that could have been asked.
    fn what_was_lost(&self, failed: &[Part], could: &Arc<[Name]>) -> Option<Failure> {
        let rank = |failure: &Failure| match failure.kind {
            FailureKind::BadInput => 0,
            FailureKind::OverLimit => 1,
            FailureKind::Internal => 2,
            FailureKind::Unreachable | FailureKind::TimedOut => 3,
            FailureKind::Refused | FailureKind::Malformed => 4,
        };
        let failures = failed.iter().filter_map(|part| {
            let failure = part.failure.as_ref()?;
            Some(
                self.members
                    .get(part.member)
                    .map_or_else(|| failure.clone(), |member| member.blamed(failure)),
            )
        });
        let all: Vec<Failure> = failures.collect();
        let mut worst = all.iter().min_by_key(|failure| rank(failure))?.clone();
        if worst.kind != FailureKind::BadInput {
            worst.detail = all.iter().map(|failure| &*failure.detail).collect::<Vec<_>>().join("; ");
        }
        Some(worst.of_members(could))
    }

    /// A single record: the first member's in declared order that has one.
    fn one(
        &self,
        asking: &Asking<'_>,
        good: &[Part],
        type_name: Option<&Name>,
        reply: &mut Reply,
        found: &mut Found<'_>,
        could: &Arc<[Name]>,
    ) -> Cell {
        let has = |part: &&Part| part.items.iter().any(|item| item.is_there);
        let mut having = good.iter().enumerate().filter(|(_, part)| has(part));
        let Some((first, part)) = having.next() else { return Cell::Null };
        let key = part.items.first().and_then(|item| item.key.as_ref());
        if let (Some(key), Some(type_name)) = (key, type_name) {
            let others =
                having.filter(|(_, other)| other.items.iter().any(|item| item.key.as_ref() == Some(key)));
            let mut members: Vec<Name> = self.names.get(part.member).cloned().into_iter().collect();
            members.extend(others.filter_map(|(_, other)| self.names.get(other.member).cloned()));
            if members.len() > 1 {
                found.note(type_name, key, members);
            }
        }
        let below = asking.question.field.selection();
        record(good, first, 0, reply, could, &mut |reply, from, cell, lost| {
            graft(reply, from, cell, below, lost)
        })
    }

    fn connection(
        &self,
        asking: &Asking<'_>,
        good: &[Part],
        merged: &Merged,
        reply: &mut Reply,
        could: &Arc<[Name]>,
    ) -> Result<Cell, Failure> {
        let question = asking.question;
        let (Returns::Page { mapping, reads, .. }, Some(selection)) =
            (&question.returns, question.field.selection())
        else {
            return Err(Failure::internal("a connection without a selection"));
        };
        let totals: Option<Vec<u64>> = good.iter().map(|part| part.total).collect();
        let connection = Connection {
            mapping,
            cursors: &merged.cursors,
            has_next: merged.has_next,
            has_previous: asking.goes_on,
            total: totals.map(|totals| totals.iter().sum()),
        };
        write_connection(reply, selection, &connection, &mut |reply, index, below| {
            let Some((part, item)) = merged.chosen.get(index) else { return Ok(Cell::Null) };
            let place = reads.nodes.iter().find(|(node, _, _)| *node == address(below));
            let (_, list, node) = place.ok_or_else(|| Failure::internal("nodes that nobody asked for"))?;
            let of =
                |from: &Reply, connection: Cell, index: usize| node_at(from, connection, index, *list, *node);
            Ok(nodes(good, *part, *item, reply, could, &of, below))
        })
    }
}

impl Asking<'_> {
    /// From where on a member is asked, and for how many; none where nothing of it is wanted.
    fn place(&self, member: &Name) -> Option<Place> {
        match self.start.0.get(member) {
            None => Some(Place { first: self.first, after: None, counts_only: false }),
            Some(Position::After(cursor)) => {
                Some(Place { first: self.first, after: Some(cursor.clone()), counts_only: false })
            }
            Some(Position::Done) => match &self.question.returns {
                Returns::Page { reads, .. } if reads.total.is_some() => {
                    Some(Place { first: Some(0), after: None, counts_only: true })
                }
                _ => None,
            },
        }
    }
}

/// From where on a member is asked, and for how many.
struct Place {
    first: Option<usize>,
    after: Option<String>,
    /// It has nothing more, but still counts.
    counts_only: bool,
}

/// How a value is put from one reply into another.
type Put<'p> = dyn FnMut(&mut Reply, &Reply, Cell, &mut dyn FnMut(&Failure) -> Failure) -> Cell + 'p;

/// A record of a plain list, or a single one.
fn record(
    parts: &[Part],
    part: usize,
    item: usize,
    reply: &mut Reply,
    could: &Arc<[Name]>,
    put: &mut Put<'_>,
) -> Cell {
    let part = parts.get(part);
    let item = part.and_then(|part| part.items.get(item));
    let Some((part, item)) = part.zip(item) else { return Cell::Null };
    let Some(from) = part.pages.get(item.page) else { return Cell::Null };
    let Some(value) = top(from) else { return Cell::Null };
    let value = match value {
        Cell::List { .. } => from.items(value).get(item.index).copied().unwrap_or(Cell::Null),
        single => single,
    };
    put(reply, from, value, &mut |failure| failure.clone().of_members(could))
}

/// A node of a connection.
fn nodes(
    parts: &[Part],
    part: usize,
    item: usize,
    reply: &mut Reply,
    could: &Arc<[Name]>,
    of: &dyn Fn(&Reply, Cell, usize) -> Cell,
    below: &raccordo_connector_api::Selection,
) -> Cell {
    let part = parts.get(part);
    let item = part.and_then(|part| part.items.get(item));
    let Some((part, item)) = part.zip(item) else { return Cell::Null };
    let Some(from) = part.pages.get(item.page) else { return Cell::Null };
    let cell = top(from).map_or(Cell::Null, |connection| of(from, connection, item.index));
    graft(reply, from, cell, Some(below), &mut |failure| failure.clone().of_members(could))
}

fn node_at(from: &Reply, connection: Cell, index: usize, list: u32, node: Option<u32>) -> Cell {
    let Cell::Object(at) = connection else { return Cell::Null };
    let item = from.items(from.slot(at, list)).get(index).copied().unwrap_or(Cell::Null);
    match (node, item) {
        (None, item) => item,
        (Some(node), Cell::Object(edge)) => from.slot(edge, node),
        (Some(_), other) => other,
    }
}

/// What came for the one root field of a member's reply.
fn top(reply: &Reply) -> Option<Cell> {
    match reply.rows().first()? {
        Cell::Object(root) => Some(reply.slot(*root, 0)),
        other => Some(*other),
    }
}

impl Connected {
    /// Asks this member for one root field: once, or page by page where it gives fewer than it was asked for.
    async fn part(&self, fetch: &Fetch, question: &RootQuestion, member: usize, place: Place) -> Part {
        let Place { first, mut after, counts_only } = place;
        let mut part = Part { member, ..Part::default() };
        let meter = Arc::new(Meter::part_of(&fetch.meter));
        for _ in 0..fetch.limits.pages.max(1) {
            let left = first.map(|first| first.saturating_sub(part.items.len()));
            match self.page(fetch, question, &meter, left, after.take(), member).await {
                Err(failure) => part.failure = Some(failure),
                Ok(reply) => part.take(reply, question, first),
            }
            let wants_more = part.has_next && first.is_none_or(|first| part.items.len() < first);
            after = part.items.last().and_then(|item| item.cursor.clone());
            if part.failure.is_some() || self.kind != "graphql" || !wants_more || after.is_none() {
                after = None;
                break;
            }
        }
        if after.is_some() {
            part.failure = Some(Failure::over_limit(format!("more than {} pages", fetch.limits.pages)));
        }
        if counts_only {
            part.items.clear();
            part.has_next = false;
        }
        let failure = part.failure.as_ref().map(|failure| failure.kind);
        fetch.meter.member(self.cost(&meter, 0, failure));
        part
    }

    async fn page(
        &self,
        fetch: &Fetch,
        question: &RootQuestion,
        meter: &Arc<Meter>,
        first: Option<usize>,
        after: Option<String>,
        member: usize,
    ) -> Result<Reply, Failure> {
        let none = || Failure::internal("a member without a question");
        let asked = question.asked.get(member).ok_or_else(none)?;
        let mut values: Vec<Value> = fetch.values.to_vec();
        values.resize(question.values as usize, Value::Null);
        values.push(first.map_or(Value::Null, |first| Value::Int(first as i64)));
        values.push(after.map_or(Value::Null, |after| Value::Text(after.into())));
        let mut inner = self.fetch(fetch, asked, values.into(), Representations::default());
        inner.meter = Arc::clone(meter);
        self.ask(&inner).await
    }
}

impl Part {
    /// Takes one reply in.
    fn take(&mut self, reply: Reply, question: &RootQuestion, first: Option<usize>) {
        let page = self.pages.len();
        match top(&reply) {
            Some(Cell::Failed(problem)) => {
                let failure = reply.problems().get(problem as usize).map(|problem| problem.failure.clone());
                self.failure =
                    Some(failure.unwrap_or_else(|| Failure::internal("a value was lost for no reason")));
            }
            Some(value) => {
                match &question.returns {
                    Returns::One(sorting) => self.items.push(marks(&reply, page, 0, value, sorting)),
                    Returns::Many { sorting, .. } => {
                        let items = reply.items(value).iter().enumerate();
                        self.items
                            .extend(items.map(|(index, item)| marks(&reply, page, index, *item, sorting)));
                        self.has_next = first.is_some_and(|first| self.items.len() >= first);
                    }
                    Returns::Page { sorting, reads, .. } => {
                        self.connection(&reply, value, sorting, reads, first)
                    }
                }
                // A list that may be cut is asked for its first records alone: what follows isn't known, and doesn't matter.
                if !matches!(question.returns, Returns::Page { .. }) {
                    self.has_next = false;
                }
            }
            None => {}
        }
        self.pages.push(reply);
    }

    fn connection(
        &mut self,
        reply: &Reply,
        value: Cell,
        sorting: &crate::question::Sorting,
        reads: &Reads,
        first: Option<usize>,
    ) {
        let Cell::Object(at) = value else {
            self.has_next = false;
            return;
        };
        let page = self.pages.len();
        let json = |cell: Cell| reply.json(cell);
        if let Some(total) = reads.total.and_then(|slot| json(reply.slot(at, slot))) {
            self.total = std::str::from_utf8(total).ok().and_then(|digits| digits.parse().ok());
        }
        match (reads.edges, reads.nodes.first()) {
            (Some(edges), _) => {
                for (index, edge) in reply.items(reply.slot(at, edges)).iter().enumerate() {
                    let Cell::Object(edge) = edge else {
                        self.items.push(Item::bare(page, index));
                        continue;
                    };
                    let cursor =
                        json(reply.slot(*edge, 0)).and_then(|json| serde_json::from_slice(json).ok());
                    let item = marks(reply, page, index, reply.slot(*edge, 1), sorting);
                    self.items.push(Item { cursor, ..item });
                }
            }
            (None, Some((_, list, _))) => {
                let count = reply.items(reply.slot(at, *list)).len();
                self.items.extend((0..count).map(|index| Item::bare(page, index)));
            }
            (None, None) => {}
        }
        let info = reads.info.map(|slot| reply.slot(at, slot));
        self.has_next = match info {
            Some(Cell::Object(info)) => json(reply.slot(info, 0)) == Some(b"true"),
            _ => reads.records && first.is_some_and(|first| first > 0 && self.items.len() >= first),
        };
    }
}
