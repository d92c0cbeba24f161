//! Conditions of a SELECT, for both databases: keys, filters, the position after which to go on. Every value is bound.

use raccordo_connector_api::{Failure, Value};
use raccordo_schema::mapping::{FilterOp, Name};

use crate::column::ColumnType;
use crate::position::Mark;
use crate::statement::{Bind, By, Condition, Dialect, Select, Types, column};

/// Writes conditions, and keeps the values that they bind.
pub(crate) struct Writer<'a> {
    dialect: Dialect,
    types: &'a Types,
    pub(crate) binds: Vec<Bind>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(dialect: Dialect, types: &'a Types) -> Self {
        Self { dialect, types, binds: Vec::new() }
    }

    /// The conditions of a select, all of which must hold.
    pub(crate) fn conditions(&mut self, select: &Select<'_>) -> Result<Vec<String>, Failure> {
        let mut conditions = Vec::new();
        if let Some((columns, values)) = select.keys {
            conditions.push(self.keys(columns, values));
        }
        for condition in select.conditions {
            conditions.push(self.condition(condition)?);
        }
        if let Some(after) = select.after {
            conditions.push(self.after(select.order, after));
        }
        Ok(conditions)
    }

    /// A placeholder.
    pub(crate) fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        match self.dialect {
            Dialect::Sqlite => format!("?{}", self.binds.len()),
            Dialect::Postgres => format!("${}", self.binds.len()),
        }
    }

    fn type_of(&self, column: &str) -> ColumnType {
        self.types.get(column).copied().unwrap_or(ColumnType::Other)
    }

    /// The column as it is compared: PostgreSQL compares types we don't know as text.
    pub(crate) fn side(&self, name: &str) -> String {
        match (self.dialect, self.type_of(name)) {
            (Dialect::Postgres, ColumnType::Other) => format!("{}::text", column(name)),
            _ => column(name),
        }
    }

    /// A list of texts, as an array of the column's type. PostgreSQL.
    fn array(&mut self, kind: ColumnType, texts: Vec<String>) -> String {
        format!("{}::text[]::{}[]", self.bind(Bind::Texts(texts)), kind.cast())
    }

    fn keys(&mut self, columns: &[Name], values: &[Vec<String>]) -> String {
        match (columns, values) {
            ([column], [values]) => self.one_of(column, values.iter().map(String::as_str)),
            _ if self.dialect == Dialect::Sqlite => self.sqlite_keys(columns, values),
            _ => self.postgres_keys(columns, values),
        }
    }

    fn one_of<'t>(&mut self, name: &Name, texts: impl Iterator<Item = &'t str>) -> String {
        let side = self.side(name);
        match self.dialect {
            Dialect::Postgres => {
                let kind = self.type_of(name);
                let texts = texts.filter(|text| kind.takes(text)).map(str::to_owned).collect();
                format!("{side} = ANY({})", self.array(kind, texts))
            }
            Dialect::Sqlite => {
                let place = self.bind(Bind::Text(json_of(texts)));
                format!("{side} IN (SELECT value FROM json_each({place}))")
            }
        }
    }

    /// One JSON array of keys, each an array of its parts.
    fn sqlite_keys(&mut self, columns: &[Name], values: &[Vec<String>]) -> String {
        let names: Vec<String> = columns.iter().map(|name| column(name)).collect();
        let parts: Vec<String> =
            (0..columns.len()).map(|at| format!("json_extract(value, '$[{at}]')")).collect();
        let count = values.first().map_or(0, Vec::len);
        let key =
            |row: usize| values.iter().map(|column| column.get(row).cloned()).collect::<serde_json::Value>();
        let place = self.bind(Bind::Text((0..count).map(key).collect::<serde_json::Value>().to_string()));
        format!("({}) IN (SELECT {} FROM json_each({place}))", names.join(", "), parts.join(", "))
    }

    fn postgres_keys(&mut self, columns: &[Name], values: &[Vec<String>]) -> String {
        let sides: Vec<String> = columns.iter().map(|name| self.side(name)).collect();
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
            lists.push(self.array(*kind, texts));
        }
        format!("({}) IN (SELECT * FROM unnest({}))", sides.join(", "), lists.join(", "))
    }

    fn condition(&mut self, condition: &Condition<'_>) -> Result<String, Failure> {
        let name = condition.column;
        if condition.op == FilterOp::In {
            let texts: Vec<String> = condition.value.items().iter().filter_map(text_of).collect();
            return Ok(self.one_of(name, texts.iter().map(String::as_str)));
        }
        let Some(text) = text_of(condition.value) else {
            return Err(Failure::bad_input(format!("`{}` must be a single value", condition.arg)));
        };
        let compare = match condition.op {
            FilterOp::Eq | FilterOp::In => "=",
            FilterOp::Ne => "<>",
            FilterOp::Lt => "<",
            FilterOp::Le => "<=",
            FilterOp::Gt => ">",
            FilterOp::Ge => ">=",
            FilterOp::Prefix => return Ok(self.prefix(name, text)),
            FilterOp::Contains => return Ok(self.contains(name, text)),
        };
        match (self.operand(name, condition.value, text), condition.op) {
            (Some(place), _) => Ok(format!("{} {compare} {place}", self.side(name))),
            (None, FilterOp::Eq) => Ok("1 = 0".to_owned()),
            (None, FilterOp::Ne) => Ok(format!("{} IS NOT NULL", column(name))),
            (None, _) => Err(Failure::bad_input(format!(
                "`{}` can't be put in order with the values of its column",
                condition.arg
            ))),
        }
    }

    /// A single value as an expression of the column's type; `None` when it can't be of that type.
    fn operand(&mut self, name: &Name, value: &Value, text: String) -> Option<String> {
        if self.dialect == Dialect::Sqlite {
            return Some(match value {
                Value::Int(int) => self.bind(Bind::Int(*int)),
                Value::Float(float) => self.bind(Bind::Float(*float)),
                Value::Bool(bool) => self.bind(Bind::Int(i64::from(*bool))),
                _ => self.bind(Bind::Text(text)),
            });
        }
        let kind = match self.type_of(name) {
            ColumnType::Int if !ColumnType::Int.takes(&text) => ColumnType::Numeric,
            kind => kind,
        };
        kind.takes(&text).then(|| format!("{}::text::{}", self.bind(Bind::Text(text)), kind.cast()))
    }

    /// Case-sensitive on both databases, as `=` is. SQLite's LIKE isn't.
    fn prefix(&mut self, name: &Name, text: String) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                let place = self.bind(Bind::Text(text));
                format!("substr({}, 1, length({place})) = {place}", column(name))
            }
            Dialect::Postgres if text.contains('\0') => "1 = 0".to_owned(),
            Dialect::Postgres => {
                let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                let place = self.bind(Bind::Text(format!("{escaped}%")));
                format!("{} LIKE {place}::text", self.as_text(name))
            }
        }
    }

    fn contains(&mut self, name: &Name, text: String) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("instr({}, {}) > 0", column(name), self.bind(Bind::Text(text))),
            Dialect::Postgres if text.contains('\0') => "1 = 0".to_owned(),
            Dialect::Postgres => {
                format!("strpos({}, {}::text) > 0", self.as_text(name), self.bind(Bind::Text(text)))
            }
        }
    }

    fn as_text(&self, name: &str) -> String {
        match self.type_of(name) {
            ColumnType::Text => column(name),
            _ => format!("{}::text", column(name)),
        }
    }

    /// Rows strictly after a position: for some criterion it is after, and equal in all before it.
    fn after(&mut self, order: &[By], marks: &[Mark]) -> String {
        let mut ways = Vec::new();
        let mut equal: Vec<String> = Vec::new();
        for (by, mark) in order.iter().zip(marks) {
            if let Some(beyond) = self.beyond(by, mark) {
                ways.push(equal.iter().cloned().chain([beyond]).collect::<Vec<_>>().join(" AND "));
            }
            equal.push(match self.mark(&by.column, mark) {
                Some(place) => format!("{} = {place}", self.side(&by.column)),
                None => format!("{} IS NULL", column(&by.column)),
            });
        }
        match ways.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("({})", ways.join(" OR ")),
        }
    }

    /// NULL is the largest value of PostgreSQL's orders and the smallest of SQLite's.
    fn beyond(&mut self, by: &By, mark: &Mark) -> Option<String> {
        let nulls_follow = (self.dialect == Dialect::Postgres) != by.descending;
        let compare = if by.descending { "<" } else { ">" };
        match (self.mark(&by.column, mark), nulls_follow) {
            (None, true) => None,
            (None, false) => Some(format!("{} IS NOT NULL", column(&by.column))),
            (Some(place), false) => Some(format!("{} {compare} {place}", self.side(&by.column))),
            (Some(place), true) => Some(format!(
                "({} {compare} {place} OR {} IS NULL)",
                self.side(&by.column),
                column(&by.column)
            )),
        }
    }

    /// A mark as an expression of the column's type; `None` for NULL.
    fn mark(&mut self, name: &Name, mark: &Mark) -> Option<String> {
        match (self.dialect, mark) {
            (_, Mark::Null) => None,
            (Dialect::Sqlite, Mark::Int(int)) => Some(self.bind(Bind::Int(*int))),
            (Dialect::Sqlite, Mark::Float(float)) => Some(self.bind(Bind::Float(*float))),
            (Dialect::Sqlite, Mark::Text(text)) => Some(self.bind(Bind::Text(text.clone()))),
            (Dialect::Postgres, mark) => {
                let text = match mark {
                    Mark::Int(int) => int.to_string(),
                    Mark::Float(float) => format!("{float:?}"),
                    Mark::Text(text) => text.clone(),
                    Mark::Null => return None,
                };
                let cast = self.type_of(name).cast();
                Some(format!("{}::text::{cast}", self.bind(Bind::Text(text))))
            }
        }
    }
}

/// A JSON array of texts for SQLite. Digits come as a number too: a view's computed column has no affinity that would make them one.
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

/// A scalar as text; `None` for null, lists and objects.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Int(int) => Some(int.to_string()),
        Value::Float(float) => Some(float.to_string()),
        Value::Text(text) | Value::Enum(text) => Some(text.to_string()),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}
