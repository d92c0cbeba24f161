//! Keys and required inputs of entities, as columns: distinct, in order, each value once as JSON text.

use std::borrow::Cow;
use std::sync::Arc;

use raccordo_schema::mapping::Name;

/// What the representations of one concrete type hold.
#[derive(Debug, Clone)]
pub struct RepresentationType {
    /// The concrete type, as the source calls it.
    pub name: Name,
    /// Its index in [`crate::Asked::types`].
    pub type_id: u32,
    /// The top-level fields, in order: key fields and required inputs.
    pub fields: Vec<Name>,
}

/// The representations of one fetch. Values may be personal: there is no `Debug` of them.
#[derive(Default, Clone)]
pub struct Representations {
    types: Arc<[RepresentationType]>,
    rows: Vec<(u32, u32)>,
    spans: Vec<(u32, u32)>,
    text: Vec<u8>,
}

impl Representations {
    /// None yet, of these types.
    pub fn new(types: impl Into<Arc<[RepresentationType]>>) -> Self {
        Self { types: types.into(), ..Self::default() }
    }

    /// Adds a row of the type at `type_index`; `values` are JSON texts, one for each of the type's fields, canonical for scalars.
    /// The caller keeps rows distinct.
    pub fn push<'a>(&mut self, type_index: u32, values: impl IntoIterator<Item = &'a [u8]>) {
        let first = self.spans.len() as u32;
        for value in values {
            let start = self.text.len() as u32;
            self.text.extend_from_slice(value);
            self.spans.push((start, value.len() as u32));
        }
        self.rows.push((type_index, first));
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Index of a row's type among those it was made with.
    pub fn type_index(&self, row: usize) -> Option<u32> {
        self.rows.get(row).map(|(type_index, _)| *type_index)
    }

    /// The JSON texts of a row's fields, in order.
    pub fn values(&self, row: usize) -> impl Iterator<Item = &[u8]> {
        let fields = self.type_of(row).map_or(0, |ty| ty.fields.len());
        (0..fields).map(move |index| self.json_at(row, index).unwrap_or(b"null"))
    }

    /// The same rows of the same types: what a source is asked by is the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.rows == other.rows && self.spans == other.spans && self.text == other.text
    }

    /// All texts, one after the other: for a hash.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The type of a row.
    pub fn type_of(&self, row: usize) -> Option<&RepresentationType> {
        self.rows.get(row).and_then(|(type_index, _)| self.types.get(*type_index as usize))
    }

    /// The JSON text of a row's field.
    pub fn json(&self, row: usize, field: &str) -> Option<&[u8]> {
        let index = self.type_of(row)?.fields.iter().position(|name| **name == *field)?;
        self.json_at(row, index)
    }

    /// The JSON text of a row's field by its index in [`RepresentationType::fields`].
    pub fn json_at(&self, row: usize, index: usize) -> Option<&[u8]> {
        let (_, first) = self.rows.get(row)?;
        let (start, length) = self.spans.get(*first as usize + index)?;
        self.text.get(*start as usize..(*start + *length) as usize)
    }

    /// A row's field in canonical form, as text, to be compared or bound: a string without its quotes, digits of a number,
    /// `true` or `false`. `None` for null and for what isn't a scalar. A dotted path looks into nested keys.
    pub fn scalar(&self, row: usize, path: &str) -> Option<Cow<'_, str>> {
        let (field, rest) = path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
        let json = self.json(row, field)?;
        match rest {
            None => scalar_text(json),
            Some(rest) => {
                let value: serde_json::Value = serde_json::from_slice(json).ok()?;
                let leaf = rest.split('.').try_fold(&value, |value, name| value.get(name))?;
                match leaf {
                    serde_json::Value::String(text) => Some(Cow::Owned(text.clone())),
                    serde_json::Value::Number(_) | serde_json::Value::Bool(_) => {
                        Some(Cow::Owned(leaf.to_string()))
                    }
                    _ => None,
                }
            }
        }
    }
}

/// The canonical text of a scalar's JSON text.
fn scalar_text(json: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(json).ok()?;
    match text.as_bytes().first()? {
        b'"' if !text.contains('\\') => text.get(1..text.len().checked_sub(1)?).map(Cow::Borrowed),
        b'"' => serde_json::from_str::<String>(text).ok().map(Cow::Owned),
        b'n' | b'{' | b'[' => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_come_out_canonical_and_nested_keys_by_path() {
        let types = vec![RepresentationType {
            name: "Persona".into(),
            type_id: 0,
            fields: vec!["id".into(), "comune".into(), "n".into(), "x".into()],
        }];
        let mut rows = Representations::new(types);
        let values: [&[u8]; 4] = [br#""a\u0062""#, br#"{"istat":"034003"}"#, b"12", b"null"];
        rows.push(0, values);
        assert_eq!(rows.scalar(0, "id").as_deref(), Some("ab"));
        assert_eq!(rows.scalar(0, "comune.istat").as_deref(), Some("034003"));
        assert_eq!(rows.scalar(0, "n").as_deref(), Some("12"));
        assert_eq!(rows.scalar(0, "x"), None);
        assert_eq!(rows.scalar(0, "comune"), None);
        assert_eq!(rows.scalar(1, "id"), None);
    }
}
