//! One fetch from its question to its reply: what can be asked is asked together, its records are written, and what hangs below them is asked next.

use std::sync::Arc;

use raccordo_connector_api::{
    Cell, Failure, Fetch, Field, ObjectAt, Operation, Reply, RepresentationType, Selection, What,
};
use raccordo_connector_web::{Client, in_place};
use raccordo_schema::mapping::Name;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use crate::keys::{self, Key};
use crate::model::{Endpoint, Model};
use crate::pages::Listing;
use crate::questions::Wave;

/// One fetch under way.
pub(crate) struct Run<'f> {
    pub(crate) model: &'f Model,
    pub(crate) client: &'f Client,
    pub(crate) base: &'f Url,
    pub(crate) fetch: &'f Fetch,
    /// Calls under way together.
    pub(crate) places: Semaphore,
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
            What::Roots { operation: Operation::Mutation | Operation::Subscription, .. } => {
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
        let value = |path: &Name| {
            if let Some(value) = row.and_then(|row| keys::of_representation(self.fetch, row, path)) {
                return Ok(value);
            }
            let Some(record) = record else { return Ok(Value::Null) };
            match keys::of_record(self.model, type_name, record, path)? {
                Value::Null => {
                    Err(Failure::malformed("a record doesn't carry the key that its relation is asked by"))
                }
                value => Ok(value),
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

    /// What a field's cursors are sealed for.
    pub(crate) fn context(&self, endpoint: &Endpoint) -> String {
        let (type_name, field) = &endpoint.coordinate;
        match &**type_name {
            "Query" => format!("{}.{field}", self.model.mapping.source),
            _ => format!("{}.{type_name}.{field}", self.model.mapping.source),
        }
    }
}
