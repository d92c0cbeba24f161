//! The records of a call in; each given to the key that it carries, in canonical form, out. Never by position.

use std::collections::HashMap;

use raccordo_connector_api::Failure;
use serde_json::Value;

use crate::keys::{self, Key};
use crate::model::{Endpoint, Form};
use crate::pages::Listing;
use crate::run::Run;

impl Run<'_> {
    /// Gives each record to the key that it carries. A call for one relation's parent needs no sign in its records; an entity's call does.
    pub(crate) fn attribute(
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
