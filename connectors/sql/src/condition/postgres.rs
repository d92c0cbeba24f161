//! Comparisons in PostgreSQL's words: every value bound as text and cast to its column's type, lists as arrays.

use raccordo_schema::mapping::Name;

use super::{Writer, escaped};
use crate::column::{ColumnType, utc};
use crate::position::Mark;
use crate::statement::Bind;

impl Writer<'_> {
    /// The column as it is compared: a type we don't know is compared as text.
    pub(super) fn postgres_side(&self, name: &str) -> String {
        match self.type_of(name) {
            ColumnType::Other => format!("{}::text", self.column(name)),
            _ => self.column(name),
        }
    }

    pub(super) fn postgres_one_of<'t>(
        &mut self,
        name: &Name,
        texts: impl Iterator<Item = &'t str>,
    ) -> String {
        let kind = self.type_of(name);
        let texts = texts.filter(|text| kind.takes(text)).map(str::to_owned).collect();
        format!("{} = ANY({})", self.postgres_side(name), self.array(&kind, texts))
    }

    /// A list of texts, as an array of the column's type.
    fn array(&mut self, kind: &ColumnType, texts: Vec<String>) -> String {
        format!("{}::text[]::{}[]", self.bind(Bind::Texts(texts)), kind.cast())
    }

    pub(super) fn postgres_keys(&mut self, columns: &[Name], values: &[Vec<String>]) -> String {
        let sides: Vec<String> = columns.iter().map(|name| self.postgres_side(name)).collect();
        let kinds: Vec<ColumnType> = columns.iter().map(|name| self.type_of(name)).collect();
        let count = values.first().map_or(0, Vec::len);
        let fits = |row: usize| {
            kinds
                .iter()
                .zip(values)
                .all(|(kind, values)| values.get(row).is_some_and(|text| kind.takes(text)))
        };
        let good: Vec<usize> = (0..count).filter(|row| fits(*row)).collect();
        let mut lists = Vec::new();
        for (kind, values) in kinds.iter().zip(values) {
            let texts = good.iter().filter_map(|row| values.get(*row).cloned()).collect();
            lists.push(self.array(kind, texts));
        }
        format!("({}) IN (SELECT * FROM unnest({}))", sides.join(", "), lists.join(", "))
    }

    pub(super) fn postgres_operand(&mut self, name: &Name, text: String) -> Option<String> {
        let kind = match self.type_of(name) {
            ColumnType::Int if !ColumnType::Int.takes(&text) => ColumnType::Numeric,
            kind => kind,
        };
        if !kind.takes(&text) {
            return None;
        }
        // The cast to a time without a zone would drop the offset: an instant without one is UTC.
        let text = match kind {
            ColumnType::Timestamp => utc(&text).unwrap_or(text),
            _ => text,
        };
        Some(format!("{}::text::{}", self.bind(Bind::Text(text)), kind.cast()))
    }

    pub(super) fn postgres_prefix(&mut self, name: &Name, text: &str) -> String {
        if text.contains('\0') {
            return "1 = 0".to_owned();
        }
        let place = self.bind(Bind::Text(format!("{}%", escaped(text, '\\'))));
        format!("{} LIKE {place}::text", self.as_text(name))
    }

    pub(super) fn postgres_contains(&mut self, name: &Name, text: String) -> String {
        if text.contains('\0') {
            return "1 = 0".to_owned();
        }
        format!("strpos({}, {}::text) > 0", self.as_text(name), self.bind(Bind::Text(text)))
    }

    fn as_text(&self, name: &str) -> String {
        match self.type_of(name) {
            ColumnType::Text => self.column(name),
            _ => format!("{}::text", self.column(name)),
        }
    }

    pub(super) fn postgres_mark(&mut self, name: &Name, mark: &Mark) -> Option<String> {
        let text = mark.text()?;
        let cast = self.type_of(name).cast();
        Some(format!("{}::text::{cast}", self.bind(Bind::Text(text))))
    }
}
