//! A field that brings records, in a plan: its table, its order made total, and the shapes of what it returns.

use raccordo_connector_api::{Failure, Field, Selection};
use raccordo_schema::mapping::{Connect, FieldMapping, Filter, Name, Page, TypeMapping};

use crate::compile::{BATCH, Compiler, Origin, sql, table};
use crate::plan::{AskedFilter, Level, Listed, Listing, Plan};
use crate::statement::By;

impl Compiler<'_> {
    /// The plan of a field with `@connect`; `on` is the type that has it.
    pub(crate) fn listing(&self, on: &Name, field: &Field, known: &FieldMapping) -> Result<Listing, Failure> {
        let connect = known.connect.as_ref().ok_or_else(|| Plan::impossible(on, &field.name))?;
        let target = sql(connect, on)?;
        let field = field.clone();
        let mut level = Level::default();
        let key = if &**on == "Query" { Vec::new() } else { target.key.clone() };
        let at = key.iter().map(|column| level.column(column)).collect();
        let returned = self.type_of(&known.shape.named)?;
        let output = self.listed(&mut level, &field, known, returned)?;
        let node = match &returned.connection {
            Some(connection) => self.type_of(&connection.node)?,
            None => returned,
        };
        let order = self.order(connect, node)?;
        let page = connect.page.clone().unwrap_or_default();
        let positions = match &output {
            Listed::Connection { cursors, .. } => *cursors,
            _ => false,
        };
        let needs_positions = positions || (page.size.is_some() && &**on == "Query");
        let order_at = needs_positions.then(|| order.iter().map(|by| level.column(&by.column)).collect());
        let context = match &**on {
            "Query" => format!("{}.{}", self.mapping.source, field.name),
            of => format!("{}.{of}.{}", self.mapping.source, field.name),
        };
        Ok(Listing {
            on: on.clone(),
            table: table(target, &format!("{on}.{}", known.name), Some(known))?,
            key,
            at,
            filters: connect.filters.iter().map(|filter| asked_filter(filter, known)).collect(),
            order,
            order_at,
            page,
            batch: connect.batch_max.unwrap_or(BATCH),
            level,
            output,
            context,
            field,
        })
    }

    /// One record of another table for each key: the listing behind a reference.
    pub(crate) fn one_by_key(
        &self,
        on: &Name,
        field: &Field,
        other: &TypeMapping,
        key: &[Name],
        below: &Selection,
    ) -> Result<Listing, Failure> {
        let connect = other.connect.as_ref().ok_or_else(|| Plan::impossible(&other.name, "@connect"))?;
        let mut level = Level::default();
        let table = self.entity_table(other, key, connect, &mut level)?;
        let shape = self.shape(&mut level, other, below, below.type_id, Origin::Row)?;
        Ok(Listing {
            on: on.clone(),
            table: table.table,
            key: table.key,
            at: table.at,
            filters: Vec::new(),
            order: Vec::new(),
            order_at: None,
            page: Page::default(),
            batch: table.batch,
            level,
            output: Listed::One(shape),
            context: format!("{}.{on}.{}", self.mapping.source, field.name),
            field: field.clone(),
        })
    }

    fn listed(
        &self,
        level: &mut Level,
        field: &Field,
        known: &FieldMapping,
        returned: &TypeMapping,
    ) -> Result<Listed, Failure> {
        let selection = field.selection().ok_or_else(|| Plan::impossible(&returned.name, &field.name))?;
        let Some(connection) = &returned.connection else {
            let shape = self.shape(level, returned, selection, selection.type_id, Origin::Row)?;
            return Ok(if known.shape.list { Listed::Many(shape) } else { Listed::One(shape) });
        };
        let node = self.type_of(&connection.node)?;
        let mut shapes = Vec::new();
        for below in node_selections(selection) {
            let shape = self.shape(level, node, below, below.type_id, Origin::Row)?;
            shapes.push((address(below), shape));
        }
        let counts = selection.fields.iter().any(|field| &*field.name == "totalCount");
        Ok(Listed::Connection {
            mapping: connection.clone(),
            shapes,
            cursors: reads_cursors(selection),
            counts,
        })
    }

    /// The declared order and then the key, so that it is total.
    fn order(&self, connect: &Connect, node: &TypeMapping) -> Result<Vec<By>, Failure> {
        let declared = connect.order.iter();
        let mut order: Vec<By> =
            declared.map(|order| By { column: order.target.clone(), descending: order.descending }).collect();
        let key = match node.keys.first() {
            Some(key) => self.key_columns(node, key)?,
            None => Vec::new(),
        };
        for column in key {
            if !order.iter().any(|by| by.column == column) {
                order.push(By { column, descending: false });
            }
        }
        Ok(order)
    }
}

/// A filter, and whether its argument is a codice fiscale.
fn asked_filter(filter: &Filter, field: &FieldMapping) -> AskedFilter {
    let argument = field.arguments.get(&filter.arg);
    AskedFilter {
        filter: filter.clone(),
        of_tax_code: argument.is_some_and(|argument| &*argument.named == "CodiceFiscale"),
    }
}

/// What a selection is known by in [`Listed::Connection`].
pub(crate) fn address(selection: &Selection) -> usize {
    std::ptr::from_ref(selection).addr()
}

fn node_selections(connection: &Selection) -> impl Iterator<Item = &Selection> {
    connection.fields.iter().flat_map(|field| {
        let below = field.selection();
        let nodes = below.filter(|_| &*field.name == "nodes");
        let edges = below.filter(|_| &*field.name == "edges").into_iter().flat_map(|edge| edge.fields.iter());
        nodes.into_iter().chain(edges.filter(|field| &*field.name == "node").filter_map(Field::selection))
    })
}

fn reads_cursors(connection: &Selection) -> bool {
    let reads = |field: &Field| matches!(&*field.name, "cursor" | "startCursor" | "endCursor");
    let below = connection.fields.iter().filter(|field| matches!(&*field.name, "edges" | "pageInfo"));
    below.filter_map(Field::selection).any(|below| below.fields.iter().any(reads))
}
