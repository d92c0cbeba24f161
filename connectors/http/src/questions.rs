//! What waits to be asked in; what came for it out. What asks the same is one question, its keys are distinct, and all calls go together.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::join_all;
use raccordo_connector_api::page::page_asked;
use raccordo_connector_api::{Failure, Field};
use raccordo_connector_web::in_place;

use crate::keys::Key;
use crate::model::{Endpoint, Form};
use crate::pages::{Asker, Listing, Position, Wanted};
use crate::request::{Arguments, Filling};
use crate::run::{Pending, Run};

/// Pendings that ask the same endpoint the same, but for their keys.
struct Group<'f> {
    endpoint: &'f Arc<Endpoint>,
    arguments: Arguments,
    wanted: Wanted,
    keys: Vec<Key>,
    places: HashMap<Key, usize>,
}

/// The index of a question and of a key of it.
type Place = Result<(usize, usize), Failure>;

/// What came for pendings: for each the index of its group and its key there, and the listings by these.
pub(crate) struct Wave {
    of: Vec<Place>,
    listings: Vec<Vec<Result<Listing, Failure>>>,
}

impl Wave {
    /// What came for a pending.
    ///
    /// # Errors
    /// Why nothing came.
    pub(crate) fn listing(&self, pending: usize) -> Result<&Listing, Failure> {
        match self.of.get(pending) {
            Some(Ok((group, key))) => match self.listings.get(*group).and_then(|listings| listings.get(*key))
            {
                Some(listing) => listing.as_ref().map_err(Clone::clone),
                None => Err(Failure::internal("a question without an answer")),
            },
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(Failure::internal("a question without an answer")),
        }
    }

    /// Bytes that came in all.
    pub(crate) fn bytes(&self) -> usize {
        self.listings.iter().flatten().flatten().map(|listing| listing.bytes).sum()
    }
}

impl<'f> Run<'f> {
    /// Asks for everything that waits: what asks the same is one question, keys are distinct, calls go together.
    pub(crate) async fn wave(&self, queue: &[Pending<'f>]) -> Wave {
        let (groups, of) = self.groups(queue);
        let listings = join_all(groups.iter().map(|group| self.ask(group))).await;
        Wave { of, listings }
    }

    /// The questions, and which of them, with which key, each pending waits for.
    fn groups(&self, queue: &[Pending<'f>]) -> (Vec<Group<'f>>, Vec<Place>) {
        let mut groups: Vec<Group<'f>> = Vec::new();
        let mut of_fields: HashMap<(*const Endpoint, *const Field), Result<usize, Failure>> = HashMap::new();
        let mut of = Vec::with_capacity(queue.len());
        for pending in queue {
            let field = pending.field.map_or(std::ptr::null(), std::ptr::from_ref);
            let known = of_fields.entry((Arc::as_ptr(pending.endpoint), field));
            let group = known.or_insert_with(|| self.group(pending, &mut groups)).clone();
            of.push(group.map(|index| {
                let key = groups.get_mut(index).map_or(0, |group| group.place(&pending.key));
                (index, key)
            }));
        }
        (groups, of)
    }

    fn group(&self, pending: &Pending<'f>, groups: &mut Vec<Group<'f>>) -> Result<usize, Failure> {
        let (arguments, wanted) = match pending.field {
            Some(field) => (
                Arguments::of(self.fetch, field, &self.model.mapping)?,
                self.wanted(pending.endpoint, field)?,
            ),
            None => (Arguments::default(), Wanted::default()),
        };
        let same = |group: &Group<'f>| {
            Arc::ptr_eq(group.endpoint, pending.endpoint)
                && group.arguments == arguments
                && group.wanted == wanted
        };
        if let Some(index) = groups.iter().position(same) {
            return Ok(index);
        }
        groups.push(Group {
            endpoint: pending.endpoint,
            arguments,
            wanted,
            keys: Vec::new(),
            places: HashMap::new(),
        });
        Ok(groups.len() - 1)
    }

    fn wanted(&self, endpoint: &Endpoint, field: &Field) -> Result<Wanted, Failure> {
        let Some(paging) = endpoint.paging.as_ref().filter(|_| endpoint.form != Form::Single) else {
            return Ok(Wanted::default());
        };
        let asked = page_asked(self.fetch, field, &paging.arguments, &self.context(endpoint))?;
        let after = asked.after.map(|bytes| {
            Position::read(&bytes)
                .ok_or_else(|| Failure::bad_input("a cursor that was not made for this field"))
        });
        let info =
            field.selection().and_then(|below| below.fields.iter().find(|field| &*field.name == "pageInfo"));
        let info = info.and_then(Field::selection);
        let next = info.is_some_and(|info| info.fields.iter().any(|field| &*field.name == "hasNextPage"));
        Ok(Wanted { first: asked.first, after: after.transpose()?, next })
    }

    /// The listing of each key of a group.
    async fn ask(&self, group: &Group<'f>) -> Vec<Result<Listing, Failure>> {
        let chunks = group.keys.chunks(group.endpoint.batch.unwrap_or(1).max(1));
        let answers = join_all(chunks.map(|keys| self.chunk(group, keys))).await;
        answers.into_iter().flatten().collect()
    }

    async fn chunk(&self, group: &Group<'f>, keys: &[Key]) -> Vec<Result<Listing, Failure>> {
        let whole: Vec<&Key> = keys.iter().filter(|key| key.is_whole()).collect();
        if whole.is_empty() && !keys.is_empty() {
            return keys.iter().map(|_| Ok(Listing::default())).collect();
        }
        let asker = Asker {
            client: self.client,
            base: self.base,
            fetch: self.fetch,
            places: &self.places,
            source: &self.source,
        };
        let endpoint = group.endpoint;
        let filling = Filling {
            endpoint,
            arguments: &group.arguments,
            keys: whole.clone(),
            source: &self.model.mapping.source,
        };
        let answer = asker.ask(endpoint, &filling, group.wanted).await;
        match answer.and_then(|listing| in_place(listing.bytes, || self.attribute(endpoint, listing, &whole)))
        {
            Err(failure) => keys.iter().map(|_| Err(failure.clone())).collect(),
            Ok(mut of) => keys
                .iter()
                .map(|key| {
                    let listing = of.remove(key).unwrap_or_default();
                    match endpoint.paging.as_ref().is_some_and(|paging| paging.number_param.is_some()) {
                        true if endpoint.batch.is_none() => Ok(listing),
                        _ => Ok(listing.part(group.wanted)),
                    }
                })
                .collect(),
        }
    }
}

impl Group<'_> {
    fn place(&mut self, key: &Key) -> usize {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        self.keys.push(key.clone());
        self.places.insert(key.clone(), self.keys.len() - 1);
        self.keys.len() - 1
    }
}
