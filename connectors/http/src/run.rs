//! One fetch from its question to its reply: what can be asked is asked together, its records are written, and what hangs below them is asked next.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::join_all;
use raccordo_connector_api::page::page_asked;
use raccordo_connector_api::{
    Cell, Failure, Fetch, Field, ObjectAt, Operation, Reply, RepresentationType, Selection, What,
};
use raccordo_connector_web::{Client, in_place};
use raccordo_schema::mapping::Name;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use crate::keys::{self, Key};
use crate::model::{Endpoint, Form, Model};
use crate::pages::{Asker, Listing, Position, Wanted};
use crate::request::{Arguments, Filling};

/// One fetch under way.
pub(crate) struct Run<'f> {
    pub(crate) model: &'f Model,
    client: &'f Client,
    base: &'f Url,
    pub(crate) fetch: &'f Fetch,
    places: Semaphore,
    /// What `$source` is in jq programs.
    pub(crate) source: Vec<Value>,
    /// When it was asked, RFC 3339.
    pub(crate) as_of: String,
}

/// Records that are still to be asked.
pub(crate) struct Pending<'f> {
    pub(crate) endpoint: &'f Arc<Endpoint>,
    /// None for entities.
    pub(crate) field: Option<&'f Field>,
    /// Whose slot the records go to; for entities nobody's.
    pub(crate) object: Option<ObjectAt>,
    pub(crate) key: Key,
}

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
struct Wave {
    of: Vec<Place>,
    listings: Vec<Vec<Result<Listing, Failure>>>,
}

impl Wave {
    fn listing(&self, pending: usize) -> Result<&Listing, Failure> {
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

    fn bytes(&self) -> usize {
        self.listings.iter().flatten().flatten().map(|listing| listing.bytes).sum()
    }
}

impl<'f> Run<'f> {
    pub(crate) fn new(model: &'f Model, client: &'f Client, base: &'f Url, fetch: &'f Fetch) -> Self {
        Self {
            model,
            client,
            base,
            fetch,
            places: Semaphore::new(fetch.limits.parallel.max(1)),
            source: vec![Value::from(&*model.mapping.source)],
            as_of: chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    /// The reply.
    ///
    /// # Errors
    /// One of the outcomes, when nothing at all came.
    pub(crate) async fn answer(&self) -> Result<Reply, Failure> {
        match &self.fetch.asked.what {
            What::Roots { operation: Operation::Query, selection } => self.roots(selection).await,
            What::Roots { operation: Operation::Mutation, .. } => {
                Err(Failure::internal("kind `http` only reads in this version"))
            }
            What::Entities { types, selection } => self.entities(types, selection).await,
        }
    }

    async fn roots(&self, selection: &'f Selection) -> Result<Reply, Failure> {
        let mut reply = Reply::new();
        let root = reply.object(selection.width, selection.type_id);
        let mut queue = Vec::new();
        for field in selection.fields.iter().filter(|field| &*field.name != "__typename") {
            let endpoint = self.model.endpoint(&selection.type_name, &field.name);
            let endpoint =
                endpoint.ok_or_else(|| Failure::internal("a root field that the mapping doesn't know"))?;
            queue.push(Pending {
                endpoint,
                field: Some(field),
                object: Some(root),
                key: Key::new(Vec::new()),
            });
        }
        let wave = self.wave(&queue).await;
        let failed: Vec<Failure> = (0..queue.len()).filter_map(|index| wave.listing(index).err()).collect();
        if let Some(failure) = failed.first().filter(|_| failed.len() == queue.len()) {
            return Err(failure.clone());
        }
        let below = self.write(&wave, &queue, &mut reply);
        self.drain(below, &mut reply).await;
        reply.push_row(Cell::Object(root));
        Ok(reply)
    }

    async fn entities(
        &self,
        types: &'f [RepresentationType],
        selection: &'f Selection,
    ) -> Result<Reply, Failure> {
        let mut reply = Reply::new();
        let rows = self.fetch.representations.len();
        let (mut queue, mut lookups) = (Vec::new(), Vec::with_capacity(rows));
        for row in 0..rows {
            let of = self
                .fetch
                .representations
                .type_of(row)
                .ok_or_else(|| Failure::internal("a row without a type"))?;
            lookups.push(match self.lookup(of, row, selection)? {
                Some(pending) => {
                    queue.push(pending);
                    Some(queue.len() - 1)
                }
                None => None,
            });
        }
        let wave = self.wave(&queue).await;
        let failed: Vec<Failure> = (0..queue.len()).filter_map(|index| wave.listing(index).err()).collect();
        if let Some(failure) = failed.first().filter(|_| failed.len() == rows) {
            return Err(failure.clone());
        }
        let mut below = Vec::new();
        in_place(wave.bytes(), || {
            for (row, lookup) in lookups.iter().enumerate() {
                let cell = self.entity(
                    types,
                    selection,
                    row,
                    lookup.map(|index| wave.listing(index)),
                    &mut reply,
                    &mut below,
                );
                reply.push_row(cell);
            }
        });
        self.drain(below, &mut reply).await;
        Ok(reply)
    }

    fn entity(
        &self,
        types: &'f [RepresentationType],
        selection: &'f Selection,
        row: usize,
        found: Option<Result<&Listing, Failure>>,
        reply: &mut Reply,
        below: &mut Vec<Pending<'f>>,
    ) -> Cell {
        let of = self.fetch.representations.type_of(row);
        let Some(of) = of.and_then(|of| types.iter().find(|known| known.type_id == of.type_id)) else {
            return Cell::Null;
        };
        match found {
            None => self.object(selection, (&of.name, Some(of.type_id)), None, Some(row), reply, below),
            Some(Err(failure)) => reply.failed(failure),
            Some(Ok(listing)) => match listing.records.first() {
                None => Cell::Null,
                record => {
                    self.object(selection, (&of.name, Some(of.type_id)), record, Some(row), reply, below)
                }
            },
        }
    }

    /// The question for an entity's record; none when only relations are asked, or a stub's own key.
    fn lookup(
        &self,
        of: &RepresentationType,
        row: usize,
        selection: &Selection,
    ) -> Result<Option<Pending<'f>>, Failure> {
        let plain = |name: &Name| &**name != "__typename" && self.model.endpoint(&of.name, name).is_none();
        let known = |name: &Name| of.fields.iter().any(|field| field == name);
        let mut fields =
            selection.fields_of(of.type_id).map(|field| &field.name).filter(|name| plain(name)).peekable();
        let endpoint = match self.model.entities.get(&of.name) {
            _ if fields.peek().is_none() => return Ok(None),
            None if fields.all(known) => return Ok(None),
            None => return Err(Failure::internal("an entity that can't be found by its key")),
            Some(endpoint) => endpoint,
        };
        let key = self.key(endpoint, &of.name, None, Some(row))?;
        Ok(Some(Pending { endpoint, field: None, object: None, key }))
    }

    /// The values that a call of an endpoint needs, of an object's representation and record.
    pub(crate) fn key(
        &self,
        endpoint: &Endpoint,
        type_name: &Name,
        record: Option<&Value>,
        row: Option<usize>,
    ) -> Result<Key, Failure> {
        let value = |path: &Name| match row.and_then(|row| keys::of_representation(self.fetch, row, path)) {
            Some(value) => Ok(value),
            None => {
                record.map_or(Ok(Value::Null), |record| keys::of_record(self.model, type_name, record, path))
            }
        };
        Ok(Key::new(endpoint.keys.iter().map(value).collect::<Result<_, _>>()?))
    }

    /// Asks and writes until nothing is left to be asked.
    async fn drain(&self, mut queue: Vec<Pending<'f>>, reply: &mut Reply) {
        while !queue.is_empty() {
            let wave = self.wave(&queue).await;
            queue = self.write(&wave, &queue, reply);
        }
    }

    fn write(&self, wave: &Wave, queue: &[Pending<'f>], reply: &mut Reply) -> Vec<Pending<'f>> {
        let mut below = Vec::new();
        in_place(wave.bytes(), || {
            for (index, pending) in queue.iter().enumerate() {
                let (Some(field), Some(object)) = (pending.field, pending.object) else { continue };
                let written = wave
                    .listing(index)
                    .and_then(|listing| self.records(pending.endpoint, field, listing, reply, &mut below));
                let (type_name, name) = &pending.endpoint.coordinate;
                let cell = written.unwrap_or_else(|failure| reply.failed(failure.at(type_name, name)));
                reply.set(object, field.slot, cell);
            }
        });
        below
    }

    /// Asks for everything that waits: what asks the same is one question, keys are distinct, calls go together.
    async fn wave(&self, queue: &[Pending<'f>]) -> Wave {
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

    /// What a field's cursors are sealed for.
    pub(crate) fn context(&self, endpoint: &Endpoint) -> String {
        let (type_name, field) = &endpoint.coordinate;
        match &**type_name {
            "Query" => format!("{}.{field}", self.model.mapping.source),
            _ => format!("{}.{type_name}.{field}", self.model.mapping.source),
        }
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

    /// Gives each record to the key that it carries. A call for one relation's parent needs no sign in its records; an entity's call does.
    fn attribute(
        &self,
        endpoint: &Endpoint,
        listing: Listing,
        keys: &[&Key],
    ) -> Result<HashMap<Key, Listing>, Failure> {
        let mut of: HashMap<Key, Listing> = HashMap::new();
        if endpoint.join.is_empty() {
            if let Some(key) = keys.first() {
                of.insert((*key).clone(), listing);
            }
            return Ok(of);
        }
        let by_join: HashMap<Vec<String>, &Key> =
            keys.iter().map(|key| (key.joined(endpoint), *key)).collect();
        let Listing { records, positions, bytes, has_next } = listing;
        for (record, position) in records.into_iter().zip(positions) {
            let signs = self.signs(endpoint, &record)?;
            let owners: Vec<&Key> = signs.iter().filter_map(|sign| by_join.get(sign).copied()).collect();
            if owners.is_empty() && endpoint.batch.is_none() {
                return Err(self.stranger(endpoint));
            }
            let mut record = Some(record);
            for (index, key) in owners.iter().enumerate() {
                let own = if index + 1 == owners.len() { record.take() } else { record.clone() };
                let listing = of.entry((*key).clone()).or_default();
                listing.records.extend(own);
                listing.positions.push(position);
                (listing.bytes, listing.has_next) = (bytes / keys.len().max(1), has_next);
            }
        }
        let entity = endpoint.form == Form::Single && endpoint.join_by.is_none();
        if entity && of.values().any(|listing| listing.records.len() > 1) {
            let (type_name, field) = &endpoint.coordinate;
            return Err(Failure::malformed("two records carry one key").at(type_name, field));
        }
        Ok(of)
    }

    fn stranger(&self, endpoint: &Endpoint) -> Failure {
        let (type_name, field) = &endpoint.coordinate;
        Failure::malformed("a record came that carries another key than was asked for").at(type_name, field)
    }

    /// The keys that a record carries, in canonical form.
    fn signs(&self, endpoint: &Endpoint, record: &Value) -> Result<Vec<Vec<String>>, Failure> {
        let (type_name, field) = &endpoint.coordinate;
        let missing =
            || Failure::malformed("a record doesn't carry the key that it is joined by").at(type_name, field);
        match (&endpoint.join_by, endpoint.keys.first()) {
            (Some(program), Some(path)) => {
                let outputs = program.run(record, &self.source).map_err(Failure::from)?;
                let values = outputs.iter().map(|value| keys::of_key(self.model, type_name, path, value));
                values.map(|value| Ok(vec![value?.ok_or_else(missing)?])).collect()
            }
            _ => {
                let paths = endpoint.join.iter().filter_map(|index| endpoint.keys.get(*index));
                let values = paths.map(|path| {
                    keys::text(&keys::of_record(self.model, type_name, record, path)?).ok_or_else(missing)
                });
                Ok(vec![values.collect::<Result<_, _>>()?])
            }
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
