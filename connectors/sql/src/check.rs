//! A source's mapping in; every mistake that only this kind can see out: what holds for every kind is `raccordo_schema::check_kind`'s.
//! Opens nothing: whether tables and columns exist is known when they are asked.

use raccordo_connector_api::Source;
use raccordo_schema::Diagnostic;
use raccordo_schema::mapping::{Connect, FieldMapping, SourceMapping, SqlTarget, Target, TypeMapping};

use crate::compile::{argument_type, field_at};
use crate::query::Query;
use crate::statement::Dialect;

/// Checks a mapping for a database that speaks `dialect`; mistakes go to `found`.
pub(crate) fn check(source: Source<'_>, dialect: Option<Dialect>, found: &mut Vec<Diagnostic>) {
    let mapping = source.mapping.as_ref();
    let mut check = Check { mapping, dialect, found };
    for of in mapping.types.values() {
        check.entity(of);
        for field in of.fields.values() {
            check.field(Some(of), field);
        }
    }
    for field in mapping.queries.values() {
        check.field(None, field);
    }
}

/// How many keys of one column go in one statement of MySQL: lists are filled up to a power of two, and a codice fiscale is there twice.
const MYSQL_KEYS: usize = 1 << 14;

struct Check<'a> {
    mapping: &'a SourceMapping,
    dialect: Option<Dialect>,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn wrong(&mut self, rule: &'static str, connect: &Connect, message: String, help: &str) {
        self.found.push(Diagnostic::error(rule, connect.at.clone(), message).help(help));
    }

    fn entity(&mut self, of: &TypeMapping) {
        let Some((connect, target)) = of.connect.as_ref().and_then(sql) else { return };
        self.target(&of.name, connect, target, None);
        for key in of.keys.iter().filter(|key| !target.key.is_empty() && key.len() != target.key.len()) {
            let message = format!(
                "`sql: {{ key: }}` on `{}` has {} columns, and its `@key` has {} fields",
                of.name,
                target.key.len(),
                key.len()
            );
            self.wrong(
                "KEY_COLUMNS",
                connect,
                message,
                "give one column for each field of the key, in its order",
            );
        }
        for path in of.keys.iter().flatten() {
            if field_at(self.mapping, of, path)
                .is_none_or(|field| field.shape.list || field.connect.is_some())
            {
                let message =
                    format!("`{}` of the `@key` of `{}` isn't a column of its table", path, of.name);
                self.wrong("KEY_COLUMNS", connect, message, "use fields that are in the row itself");
            }
        }
    }

    fn field(&mut self, of: Option<&TypeMapping>, field: &FieldMapping) {
        let on = format!("{}.{}", of.map_or("Query", |of| &of.name), field.name);
        let Some((connect, target)) = field.connect.as_ref().and_then(sql) else {
            self.value(&on, of, field);
            return;
        };
        self.target(&on, connect, target, Some(field));
        self.page(&on, of, field, connect);
        if !target.parent.is_empty() && of.is_some_and(|of| of.connect.is_none()) {
            let message = format!("`sql: {{ parent: }}` on `{on}`, whose type has no table of its own");
            let help = "give the type a `@connect(sql:)`: the columns are read from its row";
            self.wrong("SQL_PARENT", connect, message, help);
        }
    }

    fn target(&mut self, on: &str, connect: &Connect, target: &SqlTarget, field: Option<&FieldMapping>) {
        let query = target.query.as_deref().map(|text| Query::read(text, |name| argument_type(field, name)));
        if let Some(Err((why, help))) = query {
            self.wrong("SQL_QUERY", connect, format!("`sql: {{ query: }}` on `{on}`: {why}"), help);
        }
        self.placeholders(on, connect, target);
        let names = target.table.iter().chain(&target.namespace).chain(&target.key).chain(&target.parent);
        let columns = connect.filters.iter().map(|filter| &filter.target);
        let columns = columns.chain(connect.order.iter().map(|order| &order.target));
        if names.chain(columns).any(|name| name.contains('\0')) {
            let message = format!("`sql:` on `{on}` names a table or column with a NUL in it");
            self.wrong("SQL_NAME", connect, message, "write the name as the database has it");
        }
        if let Some(namespace) = target.namespace.as_ref().filter(|_| self.dialect == Some(Dialect::Sqlite)) {
            let message = format!("`sql: {{ namespace: \"{namespace}\" }}` on `{on}`: SQLite has no schemas");
            self.wrong("SQL_NAMESPACE", connect, message, "remove `namespace:`");
        }
    }

    /// A statement of MySQL has at most 65,535 placeholders.
    fn placeholders(&mut self, on: &str, connect: &Connect, target: &SqlTarget) {
        let most = MYSQL_KEYS / target.key.len().max(1);
        let Some(asked) = connect.batch_max.filter(|asked| *asked > most) else { return };
        if self.dialect == Some(Dialect::MySql) {
            let message =
                format!("`batch: {{ maxSize: {asked} }}` on `{on}`: MySQL takes {most} such keys at most");
            self.wrong("SQL_BATCH", connect, message, "make it smaller");
        }
    }

    /// Paging goes on after the last row's place in the order: the order must be total.
    fn page(&mut self, on: &str, of: Option<&TypeMapping>, field: &FieldMapping, connect: &Connect) {
        let Some(page) = &connect.page else { return };
        let returned = self.mapping.types.get(&field.shape.named);
        let connection = returned.and_then(|returned| returned.connection.as_ref());
        let node = connection.map_or(&field.shape.named, |connection| &connection.node);
        let keyed = self.mapping.types.get(node).is_some_and(|node| !node.keys.is_empty());
        let goes_on = page.after.is_some() || page.size.is_some();
        if goes_on && !keyed {
            let message = format!("`{on}` is paged, and `{node}` has no resolvable `@key`");
            let help = "add `@key` to the type: pages go on after the last record's key";
            self.wrong("SQL_PAGE", connect, message, help);
        }
        if page.size.is_some() && of.is_some() {
            let message = format!(
                "`page: {{ size: }}` on `{on}`: the records of a relation come in one call for each batch"
            );
            self.wrong("SQL_PAGE", connect, message, "use `batch: { maxSize: }` to make calls smaller");
        }
    }

    /// A row holds single values.
    fn value(&mut self, on: &str, of: Option<&TypeMapping>, field: &FieldMapping) {
        let is_part_of_paging = of.is_some_and(|of| of.connection.is_some());
        let is_leaf = !self.mapping.types.contains_key(&field.shape.named);
        if of.is_some() && is_leaf && field.shape.list && !field.external && !is_part_of_paging {
            let message = format!("`{on}` is a list of values, which a column can't hold");
            let help =
                "in this version a list comes from a table of its own: return records, with `@connect`";
            self.found.push(Diagnostic::error("SQL_LIST", field.at.clone(), message).help(help));
        }
    }
}

fn sql(connect: &Connect) -> Option<(&Connect, &SqlTarget)> {
    match &connect.target {
        Target::Sql(target) => Some((connect, target)),
        _ => None,
    }
}
