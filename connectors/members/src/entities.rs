//! Entities by key: each goes to the member that its key names, or that the locator says; to all where that is declared. What no member
//! has is absent; what no member has and one that was asked did not answer for is lost.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::{BoxFuture, join_all};
use futures::stream;
use raccordo_connector_api::graft::graft;
use raccordo_connector_api::{
    Asked, Cell, Failure, FailureKind, Fetch, Output, Reply, RepresentationType, Representations, Selection,
    What,
};
use raccordo_schema::mapping::Name;

use crate::connector::{Connected, MembersConnector};
use crate::gather::within_rows;
use crate::keepers::Found;
use crate::located::Located;
use crate::question::Questions;
use crate::route::Owners;

/// Whom the rows of one fetch are asked of.
struct Routed {
    /// For each member, its rows.
    rows: Vec<Vec<u32>>,
    /// Rows of which the locator did not say whose they are.
    lost: Vec<(u32, Failure)>,
}

/// What one member answered to one fetch.
struct Answered {
    member: usize,
    fetch: usize,
    reply: Result<Reply, Failure>,
}

impl MembersConnector {
    /// Entities of several questions, which go together to each member.
    pub(crate) async fn entities(&self, fetches: &[Fetch]) -> Vec<Result<Reply, Failure>> {
        let questions: Vec<Result<Arc<Questions>, Failure>> =
            fetches.iter().map(|fetch| self.questions(fetch)).collect();
        let routed = join_all(fetches.iter().map(|fetch| self.route(fetch))).await;
        let mut calls: Vec<BoxFuture<'_, Vec<Answered>>> = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            let of = |(place, fetch): (usize, &Fetch)| {
                let rows = routed.get(place)?.rows.get(index).filter(|rows| !rows.is_empty())?;
                let Ok(Questions::Entities(asked)) = questions.get(place)?.as_deref() else { return None };
                Some((place, member.entities(fetch, asked.get(index)?, rows)))
            };
            let inner: Vec<(usize, Fetch)> = fetches.iter().enumerate().filter_map(of).collect();
            if !inner.is_empty() {
                calls.push(Box::pin(member.answered(index, inner, fetches)));
            }
        }
        let answered: Vec<Vec<Answered>> =
            stream::iter(calls).buffer_unordered(self.whole.parallel.max(1)).collect().await;
        let mut by_fetch: Vec<Vec<Answered>> = fetches.iter().map(|_| Vec::new()).collect();
        for answer in answered.into_iter().flatten() {
            if let Some(answers) = by_fetch.get_mut(answer.fetch) {
                answers.push(answer);
            }
        }
        let mut outcomes = Vec::with_capacity(fetches.len());
        for (((fetch, question), routed), mut answers) in
            fetches.iter().zip(questions).zip(&routed).zip(by_fetch)
        {
            answers.sort_by_key(|answer| answer.member);
            outcomes.push(question.and_then(|_| self.joined(fetch, routed, &answers)));
        }
        outcomes
    }

    /// Decides for every row whom it is asked of.
    async fn route(&self, fetch: &Fetch) -> Routed {
        let mut routed = Routed { rows: self.members.iter().map(|_| Vec::new()).collect(), lost: Vec::new() };
        let mut untold = Vec::new();
        for row in 0..fetch.representations.len() {
            match self.owners(&fetch.representations, row) {
                Owners::Are(members) => routed.add(row, &members),
                Owners::Untold => untold.push(row),
            }
        }
        let everyone: Vec<usize> = (0..self.members.len()).collect();
        let by_default: &[usize] = if self.whole.broadcast || everyone.len() == 1 { &everyone } else { &[] };
        let types = match &fetch.asked.what {
            What::Entities { types, .. } if !untold.is_empty() => self.locate(fetch, types, &untold).await,
            _ => None,
        };
        match types {
            None => untold.into_iter().for_each(|row| routed.add(row, by_default)),
            Some(located) => {
                for (row, located) in untold.into_iter().zip(located) {
                    match located {
                        Located::At(value) => routed.add(row, &self.serving(&value)),
                        Located::Nowhere => routed.add(row, by_default),
                        Located::Failed(_) if self.whole.broadcast => routed.add(row, by_default),
                        Located::Failed(failure) => routed.lost.push((row as u32, failure)),
                    }
                }
            }
        }
        routed
    }

    /// Puts the members' answers together, one row for each representation.
    fn joined(&self, fetch: &Fetch, routed: &Routed, answers: &[Answered]) -> Result<Reply, Failure> {
        let (selection, types) = match &fetch.asked.what {
            What::Entities { selection, types } => (selection, types),
            What::Roots { .. } => return Err(Failure::internal("entities that were asked as root fields")),
        };
        let of_all = |failure: Failure| failure.of_members(&self.names);
        within_rows(fetch).map_err(of_all)?;
        // What passes a limit does so for the whole: never a part of it.
        let over = answers.iter().filter_map(|answer| Some((answer.member, answer.reply.as_ref().err()?)));
        if let Some((member, failure)) =
            over.into_iter().find(|(_, failure)| failure.kind == FailureKind::OverLimit)
        {
            return Err(of_all(self.blamed(member, failure)));
        }
        let mut rows: Vec<Row> = vec![Row::default(); fetch.representations.len()];
        let mut failures: Vec<Failure> = Vec::new();
        for (row, failure) in &routed.lost {
            fail(&mut rows, *row, failure.clone(), &mut failures);
        }
        for (place, answer) in answers.iter().enumerate() {
            let asked = routed.rows.get(answer.member).map_or(&[][..], |rows| rows);
            for (index, row) in asked.iter().enumerate() {
                match &answer.reply {
                    Err(failure) => fail(&mut rows, *row, self.blamed(answer.member, failure), &mut failures),
                    Ok(reply) => match reply.rows().get(index) {
                        Some(Cell::Failed(problem)) => {
                            let failure = reply
                                .problems()
                                .get(*problem as usize)
                                .map(|problem| problem.failure.clone());
                            let failure =
                                failure.unwrap_or_else(|| Failure::internal("a row was lost for no reason"));
                            fail(&mut rows, *row, self.blamed(answer.member, &failure), &mut failures);
                        }
                        Some(cell @ Cell::Object(_)) => {
                            if let Some(row) = rows.get_mut(*row as usize) {
                                row.hits.push((place as u32, *cell));
                            }
                        }
                        _ => {}
                    },
                }
            }
        }
        // Nothing came of all that was asked, and something went wrong: the fetch failed.
        if rows.iter().all(|row| row.hits.is_empty() && row.failure.is_some())
            && let Some(failure) = failures.into_iter().next()
        {
            return Err(of_all(failure));
        }
        let mut found = Found::new(&self.keepers);
        let mut writing = Joining { source: self, fetch, selection, types, answers, reply: Reply::new() };
        for (index, row) in rows.into_iter().enumerate() {
            let cell = writing.row(index, row, &mut found);
            writing.reply.push_row(cell);
        }
        found.tell(&self.whole.source);
        Ok(writing.reply)
    }

    fn blamed(&self, member: usize, failure: &Failure) -> Failure {
        self.members.get(member).map_or_else(|| failure.clone(), |member| member.blamed(failure))
    }
}

impl Routed {
    fn add(&mut self, row: usize, members: &[usize]) {
        for member in members {
            if let Some(rows) = self.rows.get_mut(*member) {
                rows.push(row as u32);
            }
        }
    }
}

/// What came for one representation.
#[derive(Default, Clone)]
struct Row {
    /// Answers that have it, in the members' declared order.
    hits: Vec<(u32, Cell)>,
    failure: Option<Failure>,
}

fn fail(rows: &mut [Row], row: u32, failure: Failure, failures: &mut Vec<Failure>) {
    let Some(row) = rows.get_mut(row as usize) else { return };
    if failures.is_empty() {
        failures.push(failure.clone());
    }
    row.failure.get_or_insert(failure);
}

struct Joining<'a> {
    source: &'a MembersConnector,
    fetch: &'a Fetch,
    selection: &'a Selection,
    types: &'a [RepresentationType],
    answers: &'a [Answered],
    reply: Reply,
}

impl Joining<'_> {
    fn row(&mut self, index: usize, row: Row, found: &mut Found<'_>) -> Cell {
        let ty = self.fetch.representations.type_index(index).and_then(|ty| self.types.get(ty as usize));
        let (first, others) = match (row.hits.split_first(), row.failure) {
            (None, Some(failure)) => return self.reply.failed(failure.of_members(&self.source.names)),
            (None, None) => return Cell::Null,
            (Some(split), failure) => {
                if ty.is_some_and(|ty| self.is_shared(&ty.name)) && (row.hits.len() > 1 || failure.is_some())
                {
                    return self.gathered(&row.hits, failure, ty);
                }
                split
            }
        };
        if let Some(ty) = ty.filter(|_| !others.is_empty()) {
            let key: Vec<Vec<u8>> = self.fetch.representations.values(index).map(<[u8]>::to_vec).collect();
            let members = row.hits.iter().filter_map(|(place, _)| self.name(*place)).collect();
            found.note(&ty.name, &key, members);
        }
        self.copied(*first, None)
    }

    fn name(&self, place: u32) -> Option<Name> {
        let answer = self.answers.get(place as usize)?;
        self.source.names.get(answer.member).cloned()
    }

    /// A type of which the source has no record, but only what belongs to one: every member may have some of it.
    fn is_shared(&self, type_name: &str) -> bool {
        let mapping = &self.source.whole.mapping;
        mapping.uses_connect && mapping.types.get(type_name).is_some_and(|ty| ty.connect.is_none())
    }

    /// A hit, whole or one field of it.
    fn copied(&mut self, (place, cell): (u32, Cell), slot: Option<(u32, Option<&Selection>)>) -> Cell {
        let answer = self.answers.get(place as usize).and_then(|answer| answer.reply.as_ref().ok());
        let Some(from) = answer else { return Cell::Null };
        let names = &self.source.names;
        let mut lost = |failure: &Failure| failure.clone().of_members(names);
        match (slot, cell) {
            (None, cell) => graft(&mut self.reply, from, cell, Some(self.selection), &mut lost),
            (Some((slot, below)), Cell::Object(at)) => {
                graft(&mut self.reply, from, from.slot(at, slot), below, &mut lost)
            }
            (Some(_), _) => Cell::Null,
        }
    }

    /// One object of several members' parts: their lists one after the other, of everything else the first.
    fn gathered(
        &mut self,
        hits: &[(u32, Cell)],
        failure: Option<Failure>,
        ty: Option<&RepresentationType>,
    ) -> Cell {
        let type_id = ty.map(|ty| ty.type_id);
        let object = self.reply.object(self.selection.width, type_id);
        let selection = self.selection;
        let applies = |field: &&raccordo_connector_api::Field| {
            field.slot < selection.width && type_id.is_none_or(|id| field.applies_to(id))
        };
        for field in selection.fields.iter().filter(applies) {
            let below = field.selection();
            let is_list = field.list_depth > 0 && matches!(field.output, Output::Object(_));
            let cell = match (is_list, &failure) {
                // What a list lacks can't be told from inside a record: without a part of it, it is lost.
                (true, Some(failure)) => self.reply.failed(failure.clone().of_members(&self.source.names)),
                (true, None) => self.concatenated(hits, field),
                (false, _) => {
                    hits.first().map_or(Cell::Null, |hit| self.copied(*hit, Some((field.slot, below))))
                }
            };
            self.reply.set(object, field.slot, cell);
        }
        Cell::Object(object)
    }

    fn concatenated(&mut self, hits: &[(u32, Cell)], field: &raccordo_connector_api::Field) -> Cell {
        let known = self
            .source
            .whole
            .mapping
            .types
            .get(&self.selection.type_name)
            .and_then(|ty| ty.fields.get(&field.name));
        let first = known.and_then(|known| known.connect.as_ref()?.page.as_ref()?.first.clone());
        let most = first
            .and_then(|name| self.fetch.argument(field, &name)?.as_int())
            .and_then(|most| usize::try_from(most).ok());
        let mut items = Vec::new();
        for hit in hits {
            let list = self.copied(*hit, Some((field.slot, field.selection())));
            match list {
                Cell::Failed(_) => return list,
                list => items.extend_from_slice(self.reply.items(list)),
            }
        }
        items.truncate(most.unwrap_or(usize::MAX));
        self.reply.list(&items)
    }
}

impl Connected {
    /// The rows of a fetch that are this member's.
    fn entities(&self, fetch: &Fetch, asked: &Arc<Asked>, rows: &[u32]) -> Fetch {
        let types = match &fetch.asked.what {
            What::Entities { types, .. } => types.clone(),
            What::Roots { .. } => Vec::new(),
        };
        let mut representations = Representations::new(types);
        for row in rows.iter().map(|row| *row as usize) {
            if let Some(ty) = fetch.representations.type_index(row) {
                representations.push(ty, fetch.representations.values(row));
            }
        }
        self.fetch(fetch, asked, Arc::clone(&fetch.values), representations)
    }

    async fn answered(&self, member: usize, inner: Vec<(usize, Fetch)>, fetches: &[Fetch]) -> Vec<Answered> {
        let (places, inner): (Vec<usize>, Vec<Fetch>) = inner.into_iter().unzip();
        let mut replies = self.ask_together(&inner).await.into_iter();
        let mut answered = Vec::with_capacity(places.len());
        for (fetch, inner) in places.into_iter().zip(&inner) {
            let none = || Err(Failure::internal("a question came back without an outcome"));
            let reply = replies.next().unwrap_or_else(none).and_then(|reply| {
                match reply.rows().len() == inner.representations.len() {
                    true => Ok(reply),
                    false => Err(Failure::malformed(format!(
                        "{} rows were asked for, {} came",
                        inner.representations.len(),
                        reply.rows().len()
                    ))),
                }
            });
            let failure = match &reply {
                Err(failure) => Some(failure.kind),
                Ok(reply) => reply.problems().first().map(|problem| problem.failure.kind),
            };
            if let Some(whole) = fetches.get(fetch) {
                whole.meter.member(self.cost(&inner.meter, inner.representations.len(), failure));
            }
            answered.push(Answered { member, fetch, reply });
        }
        answered
    }
}
