//! Comparisons in SQLite's words: lists as one JSON array, values by the column's affinity.

use raccordo_connector_api::Value;
use raccordo_schema::mapping::Name;

use super::Writer;
use crate::position::Mark;
use crate::statement::Bind;

impl Writer<'_> {
    pub(super) fn sqlite_one_of<'t>(&mut self, name: &Name, texts: impl Iterator<Item = &'t str>) -> String {
        let place = self.bind(Bind::Text(json_of(texts)));
        format!("{} IN (SELECT value FROM json_each({place}))", self.column(name))
    }

    /// One JSON array of keys, each an array of its parts.
    pub(super) fn sqlite_keys(&mut self, columns: &[Name], values: &[Vec<String>]) -> String {
        let names: Vec<String> = columns.iter().map(|name| self.column(name)).collect();
        let parts: Vec<String> =
            (0..columns.len()).map(|at| format!("json_extract(value, '$[{at}]')")).collect();
        let count = values.first().map_or(0, Vec::len);
        let key =
            |row: usize| values.iter().map(|column| column.get(row).cloned()).collect::<serde_json::Value>();
        let place = self.bind(Bind::Text((0..count).map(key).collect::<serde_json::Value>().to_string()));
        format!("({}) IN (SELECT {} FROM json_each({place}))", names.join(", "), parts.join(", "))
    }

    pub(super) fn sqlite_operand(&mut self, value: &Value, text: String) -> String {
        match value {
            Value::Int(int) => self.bind(Bind::Int(*int)),
            Value::Float(float) => self.bind(Bind::Float(*float)),
            Value::Bool(bool) => self.bind(Bind::Int(i64::from(*bool))),
            _ => self.bind(Bind::Text(text)),
        }
    }

    /// SQLite's LIKE is not case-sensitive, as its `=` is.
    pub(super) fn sqlite_prefix(&mut self, name: &Name, text: String) -> String {
        let place = self.bind(Bind::Text(text));
        format!("substr({}, 1, length({place})) = {place}", self.column(name))
    }

    pub(super) fn sqlite_contains(&mut self, name: &Name, text: String) -> String {
        format!("instr({}, {}) > 0", self.column(name), self.bind(Bind::Text(text)))
    }

    pub(super) fn sqlite_mark(&mut self, mark: &Mark) -> Option<String> {
        match mark {
            Mark::Null => None,
            Mark::Int(int) => Some(self.bind(Bind::Int(*int))),
            Mark::Float(float) => Some(self.bind(Bind::Float(*float))),
            Mark::Text(text) => Some(self.bind(Bind::Text(text.clone()))),
        }
    }
}

/// A JSON array of texts. Digits come as a number too: a view's computed column has no affinity that would make them one.
fn json_of<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut values = Vec::new();
    for text in texts {
        if let Some(int) = text.parse::<i64>().ok().filter(|int| int.to_string() == text) {
            values.push(serde_json::Value::from(int));
        }
        values.push(serde_json::Value::from(text));
    }
    serde_json::Value::from(values).to_string()
}
