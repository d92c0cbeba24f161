//! A mapping and a few words of GraphQL in, a [`Fetch`] out: how tests of a kind ask without a gateway.
//!
//! ```ignore
//! let ask = Ask::new(&mapping);
//! let fetch = ask.roots("residenti(first: 2) { nodes { codiceFiscale cognome } pageInfo { hasNextPage } }")?;
//! let reply = connector.fetch(&fetch).await?;
//! assert_eq!(render(&fetch, &reply), json!({ "residenti": { "nodes": [], "pageInfo": { "hasNextPage": false } } }));
//! ```
//!
//! It validates only as far as it must to know types: an unknown field, argument or type is an [`AskError`].

use std::sync::Arc;
use std::time::Duration;

use raccordo_schema::mapping::{Name, SourceMapping};
use thiserror::Error;
use tokio::time::Instant;

use super::selection::Reader;
use crate::{
    Asked, Cursors, Failure, Fetch, Limits, Meter, Operation, Origin, RepresentationType, Representations,
    TypeNames, Value, What,
};

/// What a test asked for and can't be: said in the test's own words.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct AskError(pub(super) String);

/// Asks one source.
#[derive(Clone)]
pub struct Ask {
    mapping: Arc<SourceMapping>,
    types: Arc<TypeNames>,
    limits: Limits,
    patience: Duration,
    cursors: Arc<dyn Cursors>,
}

impl Ask {
    /// Questions to the source of this mapping, with the default limits and thirty seconds.
    pub fn new(mapping: &Arc<SourceMapping>) -> Self {
        let roots = ["Query", "Mutation"].into_iter().map(Name::from);
        Self {
            mapping: mapping.clone(),
            types: Arc::new(TypeNames::new(mapping.types.keys().cloned().chain(roots))),
            limits: Limits::default(),
            patience: Duration::from_secs(30),
            cursors: Arc::new(PlainCursors),
        }
    }

    /// The same, with other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same, with a deadline so far from the moment a question is made. Zero has passed already.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The numbers of the types, as questions use them.
    pub fn types(&self) -> &Arc<TypeNames> {
        &self.types
    }

    /// A question for fields of `Query`: `residenti(first: 2) { nodes { cognome } }`, braces around it optional.
    ///
    /// # Errors
    /// Text that can't be read, and names that the mapping doesn't know.
    pub fn roots(&self, text: &str) -> Result<Fetch, AskError> {
        self.root(Operation::Query, "Query", text)
    }

    /// A question for fields of `Mutation`.
    ///
    /// # Errors
    /// As [`Ask::roots`].
    pub fn mutation(&self, text: &str) -> Result<Fetch, AskError> {
        self.root(Operation::Mutation, "Mutation", text)
    }

    /// A question for entities of one type: `cognome nucleo { codice }`. Each key is an object with the same fields, nested ones as objects.
    ///
    /// # Errors
    /// As [`Ask::roots`]; keys that aren't objects with the first one's fields.
    pub fn entities(
        &self,
        type_name: &str,
        text: &str,
        keys: &[serde_json::Value],
    ) -> Result<Fetch, AskError> {
        let mut reader = Reader::new(&self.mapping, &self.types);
        let selection = reader.selection(type_name, text)?;
        let first = keys.first().and_then(|key| key.as_object());
        let fields: Vec<Name> =
            first.into_iter().flat_map(|key| key.keys()).map(|name| Name::from(name.as_str())).collect();
        let type_id =
            selection.type_id.ok_or_else(|| AskError(format!("`{type_name}` isn't an object type")))?;
        let types = vec![RepresentationType { name: type_name.into(), type_id, fields: fields.clone() }];
        let mut representations = Representations::new(types.clone());
        for key in keys {
            let values: Option<Vec<String>> =
                fields.iter().map(|field| key.get(&**field).map(serde_json::Value::to_string)).collect();
            let values = values
                .ok_or_else(|| AskError(format!("a key of `{type_name}` has other fields than the first")))?;
            representations.push(0, values.iter().map(String::as_bytes));
        }
        Ok(self.fetch(What::Entities { types, selection }, reader.values, representations))
    }

    fn root(&self, operation: Operation, type_name: &str, text: &str) -> Result<Fetch, AskError> {
        let mut reader = Reader::new(&self.mapping, &self.types);
        let selection = reader.selection(type_name, text)?;
        Ok(self.fetch(What::Roots { operation, selection }, reader.values, Representations::default()))
    }

    fn fetch(&self, what: What, values: Vec<Value>, representations: Representations) -> Fetch {
        Fetch {
            asked: Arc::new(Asked::new(what, self.types.clone())),
            values: values.into(),
            representations,
            deadline: Instant::now() + self.patience,
            limits: self.limits,
            origin: Arc::new(Origin::default()),
            cursors: self.cursors.clone(),
            meter: Arc::new(Meter::default()),
        }
    }
}

/// Cursors of tests: readable by nobody at a glance, sealed for nobody. A gateway never uses them.
#[derive(Debug, Clone, Copy)]
pub struct PlainCursors;

impl Cursors for PlainCursors {
    fn seal(&self, context: &str, position: &[u8]) -> String {
        let bytes = context.bytes().chain([0]).chain(position.iter().copied());
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    fn open(&self, context: &str, cursor: &str) -> Result<Vec<u8>, Failure> {
        let foreign = || Failure::bad_input("a cursor that was not made for this field");
        let digits: Option<Vec<u8>> =
            cursor.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
        let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(foreign)?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte: u8, digit| (byte << 4) | digit))
            .collect();
        let position = bytes.strip_prefix(context.as_bytes()).and_then(|rest| rest.strip_prefix(&[0]));
        position.map(<[u8]>::to_vec).ok_or_else(foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_where_it_was_sealed() {
        let cursor = PlainCursors.seal("anagrafe.residenti", b"\xff7");
        assert_eq!(PlainCursors.open("anagrafe.residenti", &cursor).unwrap(), b"\xff7");
        for (context, cursor) in
            [("anagrafe.nuclei", cursor.as_str()), ("anagrafe.residenti", "è"), ("x", "abc")]
        {
            assert_eq!(PlainCursors.open(context, cursor).unwrap_err().kind, crate::FailureKind::BadInput);
        }
    }
}
