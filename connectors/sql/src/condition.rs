//! Conditions of a SELECT, the same for every database: keys, filters, the position after which to go on. Every value is bound.
//! How each database compares is in the files below, one a dialect.

mod mysql;
mod postgres;
mod sqlite;

use raccordo_connector_api::{Failure, Value};
use raccordo_schema::mapping::{FilterOp, Name};

use crate::canonical;
use crate::column::ColumnType;
use crate::position::Mark;
use crate::statement::{Bind, By, Condition, Dialect, Select, Table, Types};

/// Writes conditions, and keeps the values that they bind.
pub(crate) struct Writer<'a> {
    pub(crate) dialect: Dialect,
    types: &'a Types,
    pub(crate) binds: Vec<Bind>,
}

/// One criterion of an order as the database is told it: an index into the order, and whether it is by a text's bytes.
#[derive(Clone, Copy)]
pub(crate) struct Criterion {
    at: usize,
    by_bytes: bool,
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
            Dialect::MySql => "?".to_owned(),
        }
    }

    pub(crate) fn column(&self, name: &str) -> String {
        self.dialect.column(name)
    }

    /// The table or query, as `r`. A query's arguments are bound here: before anything that follows in the text.
    pub(crate) fn from(&mut self, table: &Table, arguments: &[(&Name, &Value)]) -> String {
        let from = match &table.query {
            None => self.dialect.table(table),
            Some(query) => {
                let value_of = |name: &str| {
                    let given = arguments.iter().find(|(argument, _)| ***argument == *name);
                    given.map_or(Value::Null, |(_, value)| Value::clone(value))
                };
                let dialect = self.dialect;
                query.clone().write(dialect, &value_of, &mut |bind| self.bind(bind))
            }
        };
        format!("{from} AS r")
    }

    fn type_of(&self, column: &str) -> ColumnType {
        self.types.columns.get(column).cloned().unwrap_or(ColumnType::Other)
    }

    /// The column as it is compared and ordered.
    pub(crate) fn side(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => self.column(name),
            Dialect::Postgres => self.postgres_side(name),
            Dialect::MySql => self.mysql_side(name),
        }
    }

    /// What tells the records of one parent from those of another.
    pub(crate) fn partition(&self, name: &str) -> String {
        match (self.dialect, self.type_of(name)) {
            (Dialect::MySql, ColumnType::Chars(_)) => self.mysql_bytes(name),
            _ => self.column(name),
        }
    }

    /// An order's criteria. Where no unique index makes it total, MySQL's texts that differ for nobody's collation are told apart by their bytes.
    pub(crate) fn criteria(&self, order: &[By]) -> Vec<Criterion> {
        let plain = (0..order.len()).map(|at| Criterion { at, by_bytes: false });
        let in_order = |column: &Name| order.iter().any(|by| by.column == *column);
        let is_total = self.dialect != Dialect::MySql
            || self.types.unique.iter().any(|columns| columns.iter().all(in_order));
        let is_text = |by: &By| matches!(self.type_of(&by.column), ColumnType::Chars(_));
        let texts = order.iter().enumerate().filter(|(_, by)| !is_total && is_text(by));
        plain.chain(texts.map(|(at, _)| Criterion { at, by_bytes: true })).collect()
    }

    /// A criterion as an expression.
    pub(crate) fn criterion(&self, order: &[By], criterion: Criterion) -> (String, bool) {
        let Some(by) = order.get(criterion.at) else { return ("1".to_owned(), false) };
        let side = if criterion.by_bytes { self.mysql_bytes(&by.column) } else { self.side(&by.column) };
        (side, by.descending)
    }

    fn keys(&mut self, columns: &[Name], values: &[Vec<String>]) -> String {
        match (self.dialect, columns, values) {
            (Dialect::MySql, _, _) => self.mysql_keys(columns, values),
            (_, [column], [values]) => self.one_of(column, values),
            (Dialect::Sqlite, _, _) => self.sqlite_keys(columns, values),
            (Dialect::Postgres, _, _) => self.postgres_keys(columns, values),
        }
    }

    fn one_of(&mut self, name: &Name, texts: &[String]) -> String {
        let texts = texts.iter().map(String::as_str);
        match self.dialect {
            Dialect::Sqlite => self.sqlite_one_of(name, texts),
            Dialect::Postgres => self.postgres_one_of(name, texts),
            Dialect::MySql => self.mysql_one_of(name, texts),
        }
    }

    fn condition(&mut self, condition: &Condition<'_>) -> Result<String, Failure> {
        let name = condition.column;
        if condition.op == FilterOp::In || condition.op == FilterOp::Eq && condition.of_tax_code {
            let texts = condition.value.items().iter().filter_map(text_of);
            let texts: Vec<String> = match condition.of_tax_code {
                true => texts.flat_map(canonical::tax_codes).collect(),
                false => texts.collect(),
            };
            return Ok(self.one_of(name, &texts));
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
        match (self.compare(name, compare, condition.value, text), condition.op) {
            (Some(comparison), _) => Ok(comparison),
            (None, FilterOp::Eq) => Ok("1 = 0".to_owned()),
            (None, FilterOp::Ne) => Ok(format!("{} IS NOT NULL", self.column(name))),
            (None, _) => Err(Failure::bad_input(format!(
                "`{}` can't be put in order with the values of its column",
                condition.arg
            ))),
        }
    }

    /// A comparison with a single value; `None` when it can't be of the column's type.
    fn compare(&mut self, name: &Name, compare: &str, value: &Value, text: String) -> Option<String> {
        let place = match self.dialect {
            Dialect::Sqlite => self.sqlite_operand(value, text),
            Dialect::Postgres => self.postgres_operand(name, text)?,
            Dialect::MySql => return self.mysql_compare(name, compare, &text),
        };
        Some(format!("{} {compare} {place}", self.side(name)))
    }

    /// Case-sensitive on every database.
    fn prefix(&mut self, name: &Name, text: String) -> String {
        match self.dialect {
            Dialect::Sqlite => self.sqlite_prefix(name, text),
            Dialect::Postgres => self.postgres_prefix(name, &text),
            Dialect::MySql => self.mysql_prefix(name, &text),
        }
    }

    fn contains(&mut self, name: &Name, text: String) -> String {
        match self.dialect {
            Dialect::Sqlite => self.sqlite_contains(name, text),
            Dialect::Postgres => self.postgres_contains(name, text),
            Dialect::MySql => self.mysql_contains(name, &text),
        }
    }

    /// Rows strictly after a position: for some criterion it is after, and equal in all before it.
    fn after(&mut self, order: &[By], marks: &[Mark]) -> String {
        let criteria = self.criteria(order);
        let mut ways = Vec::new();
        for (depth, criterion) in criteria.iter().enumerate() {
            let (mut way, before) = (Vec::new(), criteria.get(..depth).unwrap_or_default());
            let kept = self.binds.len();
            way.extend(before.iter().map(|criterion| self.equal(order, marks, *criterion)));
            match self.beyond(order, marks, *criterion) {
                Some(beyond) => {
                    way.push(beyond);
                    ways.push(way.join(" AND "));
                }
                None => self.binds.truncate(kept),
            }
        }
        match ways.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("({})", ways.join(" OR ")),
        }
    }

    fn equal(&mut self, order: &[By], marks: &[Mark], criterion: Criterion) -> String {
        let (side, _) = self.criterion(order, criterion);
        match self.mark(order, marks, criterion) {
            Some(place) => format!("{side} = {place}"),
            None => format!("{side} IS NULL"),
        }
    }

    /// NULL is the largest value of PostgreSQL's orders and the smallest of the others'.
    fn beyond(&mut self, order: &[By], marks: &[Mark], criterion: Criterion) -> Option<String> {
        let (side, descending) = self.criterion(order, criterion);
        let nulls_follow = (self.dialect == Dialect::Postgres) != descending;
        let compare = if descending { "<" } else { ">" };
        match (self.mark(order, marks, criterion), nulls_follow) {
            (None, true) => None,
            (None, false) => Some(format!("{side} IS NOT NULL")),
            (Some(place), false) => Some(format!("{side} {compare} {place}")),
            (Some(place), true) => Some(format!("({side} {compare} {place} OR {side} IS NULL)")),
        }
    }

    /// A mark as an expression of the column's type; `None` for NULL.
    fn mark(&mut self, order: &[By], marks: &[Mark], criterion: Criterion) -> Option<String> {
        let (by, mark) = (order.get(criterion.at)?, marks.get(criterion.at)?);
        match self.dialect {
            _ if criterion.by_bytes => Some(self.bind(Bind::Bytes(mark.text()?.into_bytes()))),
            Dialect::Sqlite => self.sqlite_mark(mark),
            Dialect::Postgres => self.postgres_mark(&by.column, mark),
            Dialect::MySql => self.mysql_mark(&by.column, mark),
        }
    }
}

/// A text as a pattern of LIKE that matches itself.
fn escaped(text: &str, escape: char) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == escape || matches!(letter, '%' | '_') {
            pattern.push(escape);
        }
        pattern.push(letter);
    }
    pattern
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
