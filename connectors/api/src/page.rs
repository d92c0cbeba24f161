//! Relay's paging, once for all kinds: reads `first` and `after`, writes the connection's own fields.
//!
//! Relay, "GraphQL Cursor Connections Specification".

use raccordo_schema::mapping::{ConnectionMapping, Page};

use crate::{Cell, Failure, Fetch, Field, Output, Reply, Selection, Value};

/// What a caller asks of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAsked {
    /// At most so many; `None` is all, up to the limit of rows.
    pub first: Option<usize>,
    /// The opened position after which to go on.
    pub after: Option<Vec<u8>>,
}

/// Reads the page's arguments. `context` seals cursors to their field.
///
/// # Errors
/// `BadInput`: `first` negative or over the limit of rows; a cursor that isn't of this field.
pub fn page_asked(fetch: &Fetch, field: &Field, page: &Page, context: &str) -> Result<PageAsked, Failure> {
    let value = |name: &Option<_>| {
        name.as_ref()
            .and_then(|name: &std::sync::Arc<str>| fetch.argument(field, name))
            .filter(|value| !value.is_null())
    };
    let first = match value(&page.first) {
        None => None,
        Some(Value::Int(first)) if *first >= 0 && *first as u64 <= fetch.limits.rows as u64 => {
            Some(*first as usize)
        }
        Some(_) => {
            let name = page.first.as_deref().unwrap_or_default();
            return Err(Failure::bad_input(format!(
                "`{name}` of `{}` must be between 0 and {}",
                field.name, fetch.limits.rows
            )));
        }
    };
    let after = match value(&page.after) {
        None => None,
        Some(cursor) => Some(fetch.cursors.open(context, cursor.as_text().unwrap_or_default())?),
    };
    Ok(PageAsked { first, after })
}

/// What a connection is made of.
pub struct Connection<'a> {
    /// Which types it is made of.
    pub mapping: &'a ConnectionMapping,
    /// The sealed cursor of each node, in order.
    pub cursors: &'a [String],
    /// More follow.
    pub has_next: bool,
    /// Some came before.
    pub has_previous: bool,
    /// How many there are in all, where the source said.
    pub total: Option<u64>,
}

/// Writes a connection. `node` writes the record at an index under a selection: `nodes` and `edges { node }` may want different fields.
///
/// # Errors
/// Those of `node`; `Internal` when the selection isn't one of a connection.
pub fn write_connection(
    reply: &mut Reply,
    selection: &Selection,
    connection: &Connection<'_>,
    node: &mut dyn FnMut(&mut Reply, usize, &Selection) -> Result<Cell, Failure>,
) -> Result<Cell, Failure> {
    let object = reply.object(selection.width, selection.type_id);
    for field in &selection.fields {
        let cell = match (&*field.name, &field.output) {
            ("__typename", _) => continue,
            ("nodes", Output::Object(below)) => {
                let cells = each(connection.cursors.len(), |index| node(reply, index, below))?;
                reply.list(&cells)
            }
            ("edges", Output::Object(below)) => {
                let mut cells = Vec::with_capacity(connection.cursors.len());
                for (index, cursor) in connection.cursors.iter().enumerate() {
                    cells.push(write_edge(reply, below, index, cursor, node)?);
                }
                reply.list(&cells)
            }
            ("pageInfo", Output::Object(below)) => write_page_info(reply, below, connection),
            ("totalCount", Output::Leaf(leaf)) => match connection.total {
                Some(total) => reply.leaf_int(leaf, total as i64)?,
                None => Cell::Null,
            },
            (name, _) => {
                return Err(Failure::internal(format!(
                    "`{}.{name}` isn't a field of a connection",
                    selection.type_name
                )));
            }
        };
        reply.set(object, field.slot, cell);
    }
    Ok(Cell::Object(object))
}

fn each(count: usize, mut item: impl FnMut(usize) -> Result<Cell, Failure>) -> Result<Vec<Cell>, Failure> {
    (0..count).map(&mut item).collect()
}

fn write_edge(
    reply: &mut Reply,
    selection: &Selection,
    index: usize,
    cursor: &str,
    node: &mut dyn FnMut(&mut Reply, usize, &Selection) -> Result<Cell, Failure>,
) -> Result<Cell, Failure> {
    let edge = reply.object(selection.width, selection.type_id);
    for field in &selection.fields {
        let cell = match (&*field.name, &field.output) {
            ("cursor", Output::Leaf(_)) => reply.quoted(cursor),
            ("node", Output::Object(below)) => node(reply, index, below)?,
            _ => continue,
        };
        reply.set(edge, field.slot, cell);
    }
    Ok(Cell::Object(edge))
}

fn write_page_info(reply: &mut Reply, selection: &Selection, connection: &Connection<'_>) -> Cell {
    let info = reply.object(selection.width, selection.type_id);
    for field in &selection.fields {
        let cell = match &*field.name {
            "hasNextPage" => reply.raw(truth(connection.has_next)),
            "hasPreviousPage" => reply.raw(truth(connection.has_previous)),
            "startCursor" => connection.cursors.first().map_or(Cell::Null, |cursor| reply.quoted(cursor)),
            "endCursor" => connection.cursors.last().map_or(Cell::Null, |cursor| reply.quoted(cursor)),
            _ => continue,
        };
        reply.set(info, field.slot, cell);
    }
    Cell::Object(info)
}

fn truth(bool: bool) -> &'static [u8] {
    if bool { b"true" } else { b"false" }
}
