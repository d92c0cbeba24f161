//! A mapping and its database in; what the database doesn't have, or has otherwise, out: each at its coordinate, with file and line.
//! Reads the catalogue, never a record.

use std::collections::BTreeSet;

use raccordo_connector_api::{Failure, FailureKind, Value};
use raccordo_schema::mapping::{
    Connect, FieldMapping, From, Name, NamedKind, SourceMapping, Target, TypeMapping,
};
use raccordo_schema::{Diagnostic, Location};

use crate::catalogue::{self, Described};
use crate::compile::{column_of, field_at, table};
use crate::database::Database;
use crate::inspect::fits;
use crate::statement::{self, Dialect, Select, Statement, Table, Types};

/// A column that the mapping names.
struct Use {
    column: Name,
    /// The coordinate, as the user would say it.
    on: String,
    at: Location,
    /// The field's type, for values.
    leaf: Option<Name>,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    /// One of the key's columns of an entity: with the others it must be unique.
    Key,
    /// One of the columns by which children are found.
    ChildKey,
    Filter,
    /// The first criterion of an order.
    Order,
}

/// A table that the mapping names, with the columns it needs there.
struct Needed {
    table: Table,
    at: Location,
    on: String,
    uses: Vec<Use>,
}

/// Compares a mapping with its database.
///
/// # Errors
/// When the catalogue can't be read.
pub(crate) async fn examine(
    mapping: &SourceMapping,
    database: &Database,
) -> Result<Vec<Diagnostic>, Failure> {
    let known = catalogue::read(database).await?;
    let mut found = Vec::new();
    for needed in needed(mapping) {
        match described(&known, &needed.table, database.dialect()) {
            Some(described) => compare(&needed, described, database.dialect(), &mut found),
            None => try_out(&needed, database, &known, &mut found).await?,
        }
    }
    account(database, mapping, &mut found).await;
    // A type's fields are named by each list that brings it.
    let mut told = BTreeSet::new();
    found.retain(|one: &Diagnostic| told.insert((one.at.clone(), one.message.clone())));
    found.sort_by(|one, other| one.at.cmp(&other.at));
    Ok(found)
}

fn needed(mapping: &SourceMapping) -> Vec<Needed> {
    let mut all = Vec::new();
    for of in mapping.types.values() {
        if let Some(connect) = &of.connect {
            let mut one = place(connect, &of.name, None);
            let keys = match sql_key(connect) {
                [] => of
                    .keys
                    .iter()
                    .flatten()
                    .filter_map(|path| Some(column_of(field_at(mapping, of, path)?)))
                    .collect(),
                key => key.iter().collect::<Vec<_>>(),
            };
            one.uses.extend(keys.into_iter().map(|column| used(column, &of.name, connect, Role::Key)));
            values(mapping, of, &mut one.uses, 0);
            all.push(one);
        }
        for field in of.fields.values() {
            all.extend(listing(mapping, &format!("{}.{}", of.name, field.name), field));
        }
    }
    for field in mapping.queries.values() {
        all.extend(listing(mapping, &format!("Query.{}", field.name), field));
    }
    all
}

fn listing(mapping: &SourceMapping, on: &str, field: &FieldMapping) -> Option<Needed> {
    let connect = field.connect.as_ref()?;
    let mut one = place(connect, on, Some(field));
    one.uses.extend(sql_key(connect).iter().map(|column| used(column, on, connect, Role::ChildKey)));
    one.uses.extend(connect.filters.iter().map(|filter| used(&filter.target, on, connect, Role::Filter)));
    let order = connect.order.iter().enumerate();
    one.uses.extend(order.map(|(at, order)| {
        used(&order.target, on, connect, if at == 0 { Role::Order } else { Role::Value })
    }));
    let returned = mapping.types.get(&field.shape.named)?;
    let node = returned.connection.as_ref().and_then(|connection| mapping.types.get(&connection.node));
    values(mapping, node.unwrap_or(returned), &mut one.uses, 0);
    Some(one)
}

fn place(connect: &Connect, on: &str, field: Option<&FieldMapping>) -> Needed {
    let target = match &connect.target {
        Target::Sql(target) => table(target, on, field).unwrap_or_else(|_| Table::named("")),
        _ => Table::named(""),
    };
    Needed { table: target, at: connect.at.clone(), on: on.to_owned(), uses: Vec::new() }
}

fn sql_key(connect: &Connect) -> &[Name] {
    match &connect.target {
        Target::Sql(target) => &target.key,
        _ => &[],
    }
}

fn used(column: &Name, on: &str, connect: &Connect, role: Role) -> Use {
    Use { column: column.clone(), on: on.to_owned(), at: connect.at.clone(), leaf: None, role }
}

/// How deep objects in a row are followed.
const DEPTH: usize = 8;

/// The columns that a type's values are in, and those of the objects in its row.
fn values(mapping: &SourceMapping, of: &TypeMapping, uses: &mut Vec<Use>, depth: usize) {
    for connect in of.fields.values().filter_map(|field| field.connect.as_ref()) {
        let Target::Sql(target) = &connect.target else { continue };
        uses.extend(target.parent.iter().map(|column| used(column, &of.name, connect, Role::Value)));
    }
    for field in of.fields.values().filter(|field| field.connect.is_none() && !field.external) {
        let on = format!("{}.{}", of.name, field.name);
        let one = |column: &Name, leaf| Use {
            column: column.clone(),
            on: on.clone(),
            at: field.at.clone(),
            leaf,
            role: Role::Value,
        };
        match (field.shape.kind, &field.from, mapping.types.get(&field.shape.named)) {
            (_, From::Meta(_), _) => {}
            (NamedKind::Scalar | NamedKind::Enum, _, _) => {
                uses.push(one(column_of(field), Some(field.shape.named.clone())));
            }
            (_, From::Column(column), Some(other)) if other.connect.is_some() => uses.push(one(column, None)),
            (_, _, Some(other)) if other.connect.is_some() => {
                let columns =
                    other.keys.iter().take(1).flatten().filter_map(|path| field_at(mapping, other, path));
                uses.extend(columns.map(|key| one(column_of(key), None)));
            }
            (_, _, Some(inner)) if depth < DEPTH => values(mapping, inner, uses, depth + 1),
            _ => {}
        }
    }
}

fn same(dialect: Dialect, one: &str, other: &str) -> bool {
    match dialect {
        Dialect::Postgres => one == other,
        Dialect::Sqlite | Dialect::MySql => one.eq_ignore_ascii_case(other),
    }
}

fn described<'k>(known: &'k [Described], table: &Table, dialect: Dialect) -> Option<&'k Described> {
    known.iter().filter(|_| table.query.is_none()).find(|known| {
        known.namespace.as_deref() == table.namespace.as_deref() && same(dialect, &known.name, &table.name)
    })
}

fn compare(needed: &Needed, described: &Described, dialect: Dialect, found: &mut Vec<Diagnostic>) {
    let column_named = |name: &str| described.columns.iter().find(|column| same(dialect, &column.name, name));
    for one in &needed.uses {
        let Some(column) = column_named(&one.column) else {
            let names = described.columns.iter().map(|column| column.name.as_str());
            found.push(missing_column(one, &needed.table, &near(&one.column, names)));
            continue;
        };
        // SQLite's columns hold what they are given, whatever they declare.
        let leaf = one.leaf.as_deref().filter(|_| dialect != Dialect::Sqlite);
        if let Some((unread, message)) = leaf.and_then(|leaf| fits(leaf, &column.kind)) {
            let message = format!(
                "`{}`: the column `{}` of `{}` is of type `{}`, {message}",
                one.on, one.column, described.name, column.kind
            );
            found.push(match unread {
                true => Diagnostic::error("SQL_TYPE", one.at.clone(), message)
                    .help("make a view that casts it, or leave the field out"),
                false => Diagnostic::warning("SQL_TYPE", one.at.clone(), message)
                    .help("change the field's type, or make a view that casts the column"),
            });
        }
    }
    if !described.is_view {
        indexes(needed, described, dialect, found);
    }
}

fn indexes(needed: &Needed, described: &Described, dialect: Dialect, found: &mut Vec<Diagnostic>) {
    let key: Vec<&Use> = needed.uses.iter().filter(|one| one.role == Role::Key).collect();
    let in_key = |column: &String| key.iter().any(|one| same(dialect, &one.column, column));
    if !key.is_empty() && !described.keys.iter().any(|index| index.iter().all(in_key)) {
        let message = format!(
            "`{}`: no unique index of `{}` says that the key's columns are unique",
            needed.on, described.name
        );
        found.push(
            Diagnostic::warning("SQL_KEY_NOT_UNIQUE", needed.at.clone(), message)
                .help("two records with one key are an error of the answer: have a unique index made, or use the columns that have one"),
        );
    }
    for one in &needed.uses {
        let what = match one.role {
            Role::Key | Role::ChildKey => "found by key",
            Role::Filter => "filtered",
            Role::Order => "put in order",
            Role::Value => continue,
        };
        let is_first = described.indexed.iter().any(|column| same(dialect, column, &one.column));
        let beside = one.role == Role::Key && key.len() > 1;
        let exists = described.columns.iter().any(|column| same(dialect, &column.name, &one.column));
        if exists && !is_first && !beside {
            let message = format!(
                "`{}`: records are {what} by `{}` of `{}`, which no index begins with",
                one.on, one.column, described.name
            );
            found.push(
                Diagnostic::warning("SQL_INDEX", one.at.clone(), message)
                    .help("on a large table each such call reads all of it: have an index made"),
            );
        }
    }
}

fn missing_column(one: &Use, table: &Table, help: &str) -> Diagnostic {
    let message = format!("`{}`: `{}` has no column `{}`", one.on, table.name, one.column);
    Diagnostic::error("SQL_COLUMN_MISSING", one.at.clone(), message).help(help)
}

/// The name that was perhaps meant.
fn near<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> String {
    let plain = |text: &str| text.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "");
    let wanted = plain(wanted);
    let names: Vec<&str> = names.collect();
    let close = names.iter().find(|name| plain(name) == wanted);
    let close = close
        .or_else(|| names.iter().find(|name| plain(name).contains(&wanted) || wanted.contains(&plain(name))));
    match close {
        Some(name) => format!("perhaps `{name}` is meant"),
        None => format!(
            "it has {}",
            names.iter().take(30).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// What the catalogue doesn't tell of, queries and other databases' tables: each column is selected of no row.
async fn try_out(
    needed: &Needed,
    database: &Database,
    known: &[Described],
    found: &mut Vec<Diagnostic>,
) -> Result<(), Failure> {
    if let Err(failure) = selects(database, &needed.table, &[]).await {
        if failure.kind != FailureKind::Malformed && failure.kind != FailureKind::Refused {
            return Err(failure);
        }
        let message = match &needed.table.query {
            Some(_) => format!("`{}`: its query can't be run: {}", needed.on, failure.detail),
            None => format!(
                "`{}`: there is no table or view `{}` that this account may read",
                needed.on, needed.table.name
            ),
        };
        let help = match &needed.table.query {
            Some(_) => "try it with the database's own client".to_owned(),
            None => near(&needed.table.name, known.iter().map(|known| known.name.as_str())),
        };
        found.push(Diagnostic::error("SQL_TABLE_MISSING", needed.at.clone(), message).help(help));
        return Ok(());
    }
    for one in &needed.uses {
        if selects(database, &needed.table, std::slice::from_ref(&one.column)).await.is_err() {
            found.push(missing_column(one, &needed.table, "name a column that it has"));
        }
    }
    Ok(())
}

/// Whether these columns can be selected.
pub(crate) async fn selects(database: &Database, table: &Table, columns: &[Name]) -> Result<(), Failure> {
    let arguments: [(&Name, &Value); 0] = [];
    let select = Select {
        table,
        columns,
        keys: None,
        conditions: &[],
        order: &[],
        after: None,
        limit: Some(0),
        per_key: None,
        arguments: &arguments,
        missing: &[],
        counted: false,
    };
    let statement = statement::write(database.dialect(), &Types::default(), &select)?;
    database.select(&statement, table, usize::MAX).await.map(|_| ())
}

/// An account that can write is more than a reader needs.
async fn account(database: &Database, mapping: &SourceMapping, found: &mut Vec<Diagnostic>) {
    let text = match database.dialect() {
        Dialect::Sqlite => return,
        Dialect::Postgres => {
            "SELECT COUNT(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
             AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
        }
        Dialect::MySql => {
            "SELECT (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN ('INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'CREATE')) \
             + (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE() AND PRIVILEGE_TYPE IN ('INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'CREATE')) \
             + (SELECT COUNT(*) FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE() AND PRIVILEGE_TYPE IN ('INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'CREATE'))"
        }
    };
    let statement = Statement { text: text.to_owned(), binds: Vec::new(), width: 1 };
    // An account that may not even ask this isn't one that writes.
    let Ok(rows) = database.select(&statement, &Table::named("the catalogue"), usize::MAX).await else {
        return;
    };
    if rows.datum(0, 0).text().is_some_and(|count| count != "0") {
        let message = format!("the account of source `{}` can write to its database", mapping.source);
        found.push(
            Diagnostic::warning("SQL_ACCOUNT_WRITES", Location::file(mapping.file.clone()), message)
                .help("nothing is ever written, but an account that can only read what the SDL names is what this needs"),
        );
    }
}
