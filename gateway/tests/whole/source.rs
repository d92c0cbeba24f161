//! A source of the whole graph: answers any question from the whole data, as its own schema names things.

use std::sync::Arc;

use futures::future::BoxFuture;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Connector, Failure, Fetch, Field, Output, Reply, Selection, What};
use serde_json::{Map, Value, json};

use crate::world::{Record, Whole, World};

/// A source, by its `join__Graph` value.
pub(crate) struct Part {
    pub(crate) world: Arc<World>,
    pub(crate) graph: String,
}

impl Connector for Part {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            let data = match &fetch.asked.what {
                What::Roots { selection, .. } => {
                    self.object(fetch, selection, &Record { ty: selection.type_name.to_string(), index: 0 })
                }
                What::Entities { selection, .. } => {
                    let rows = (0..fetch.representations.len()).map(|row| self.entity(fetch, selection, row));
                    json!({ "_entities": rows.collect::<Vec<_>>() })
                }
            };
            read_response(
                json!({ "data": data }).to_string().into(),
                &fetch.asked,
                fetch.representations.len(),
            )
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

impl Part {
    fn entity(&self, fetch: &Fetch, selection: &Selection, row: usize) -> Value {
        let ty = fetch.representations.type_of(row).unwrap();
        let given: Vec<(&str, Value)> = ty
            .fields
            .iter()
            .map(|name| {
                (&**name, serde_json::from_slice(fetch.representations.json(row, name).unwrap()).unwrap())
            })
            .collect();
        let found = self.world.records(&ty.name).into_iter().find(|record| {
            given.iter().all(|(name, value)| self.world.agrees(&self.world.value(record, name), value))
        });
        let object = |record: Record| {
            let name = self.world.name_in(&self.graph, &ty.name, &record);
            self.named(fetch, selection, &record, &name)
        };
        found.map_or(Value::Null, object)
    }

    fn object(&self, fetch: &Fetch, selection: &Selection, record: &Record) -> Value {
        let name = self.world.name_in(&self.graph, &selection.type_name, record);
        self.named(fetch, selection, record, &name)
    }

    fn named(&self, fetch: &Fetch, selection: &Selection, record: &Record, name: &str) -> Value {
        let type_id = fetch.asked.types.id(name).unwrap();
        let mut object = Map::new();
        for field in selection.fields_of(type_id) {
            let value = match &*field.name {
                "__typename" => json!(name),
                own => self.value(fetch, field, &self.world.value(record, own)),
            };
            object.insert(field.key.to_string(), value);
        }
        Value::Object(object)
    }

    fn value(&self, fetch: &Fetch, field: &Field, whole: &Whole) -> Value {
        match (whole, &field.output) {
            (Whole::Leaf(leaf), _) => leaf.clone(),
            (Whole::List(items), _) => items.iter().map(|item| self.value(fetch, field, item)).collect(),
            (Whole::Record(record), Output::Object(selection)) => self.object(fetch, selection, record),
            (Whole::Record(_), Output::Leaf(_)) => panic!("an object where a leaf is asked"),
        }
    }
}
