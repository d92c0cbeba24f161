//! A question and the source's model in, a [`Plan`] out. Reads no value and opens nothing.

use raccordo_connector_api::{Asked, Failure, Field, Output, RepresentationType, Selection};
use raccordo_schema::mapping::{Connect, FieldMapping, From, Meta, Name, SheetTarget, TypeMapping};

use crate::model::{
    Meant, Model, TableAt, ValueKind, field_at, key_columns, node, reference_columns, target,
};
use crate::plan::{
    Content, EntityPlan, Filter, KeyPath, Listed, Listing, NullWhen, Parent, Plan, Shape, Slot, What,
};
use crate::table::By;

/// Makes the plan.
///
/// # Errors
/// `Internal`, for what a checked mapping can't lead to.
pub(crate) fn compile(model: &Model, asked: &Asked) -> Result<Plan, Failure> {
    let mut compiler = Compiler { model, volumes: Vec::new() };
    let what = match &asked.what {
        raccordo_connector_api::What::Roots { selection, .. } => {
            let on = Name::from("Query");
            let mut fields = Vec::new();
            for field in selection.fields.iter().filter(|field| &*field.name != "__typename") {
                let known = model
                    .mapping
                    .queries
                    .get(&field.name)
                    .ok_or_else(|| Plan::impossible(&on, &field.name))?;
                let (mut listing, volumes) =
                    compiler.apart(|compiler| compiler.listing(&on, field, known, None))?;
                listing.volumes = volumes;
                fields.push((field.slot, listing));
            }
            What::Roots { width: selection.width, type_id: selection.type_id, fields }
        }
        raccordo_connector_api::What::Entities { types, selection } => {
            let mut plans = Vec::new();
            for of in types {
                let (mut plan, volumes) = compiler.apart(|compiler| compiler.entity(of, selection))?;
                plan.volumes = volumes;
                plans.push(plan);
            }
            What::Entities(plans)
        }
    };
    Ok(Plan { what })
}

/// What a selection is known by in [`Listed::Connection`].
pub(crate) fn address(selection: &Selection) -> usize {
    std::ptr::from_ref(selection).addr()
}

struct Compiler<'a> {
    model: &'a Model,
    /// The volumes that were met.
    volumes: Vec<usize>,
}

/// Whose fields a shape's are.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Row(TableAt),
    /// An entity's, with its representation and the table it has a row in.
    Entity {
        representation: &'a RepresentationType,
        key: &'a [Name],
        table: Option<TableAt>,
    },
}

impl Owner<'_> {
    fn table(self) -> Option<TableAt> {
        match self {
            Self::Row(table) => Some(table),
            Self::Entity { table, .. } => table,
        }
    }
}

impl Compiler<'_> {
    /// What is known of every record alike; null where nothing is, as the member of a source that has none.
    fn known(&self, meta: Meta) -> Content {
        self.model.mapping.known(meta).map_or(Content::Null, |known| Content::Known(known.clone()))
    }

    /// Something, and the volumes that it takes.
    fn apart<T>(
        &mut self,
        make: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<(T, Vec<usize>), Failure> {
        self.volumes.clear();
        let made = make(self)?;
        Ok((made, std::mem::take(&mut self.volumes)))
    }

    fn type_of(&self, name: &Name) -> Result<&TypeMapping, Failure> {
        self.model.mapping.types.get(name).ok_or_else(|| Plan::impossible(name, "__typename"))
    }

    fn table(&mut self, target: &SheetTarget, on: &str) -> Result<TableAt, Failure> {
        let table = self.model.table(target).ok_or_else(|| Plan::impossible(on, "@connect"))?;
        if !self.volumes.contains(&table.volume) {
            self.volumes.push(table.volume);
        }
        Ok(table)
    }

    fn columns(&self, table: TableAt, meant: &[Meant], on: &str) -> Result<Vec<usize>, Failure> {
        let columns = meant.iter().map(|meant| self.model.column(table, meant));
        columns.collect::<Option<_>>().ok_or_else(|| Plan::impossible(on, "@from"))
    }

    fn entity(
        &mut self,
        representation: &RepresentationType,
        selection: &Selection,
    ) -> Result<EntityPlan, Failure> {
        let model = self.model;
        let of = model
            .mapping
            .types
            .get(&representation.name)
            .ok_or_else(|| Plan::impossible(&representation.name, "@key"))?;
        let first = |path: &Name| Name::from(path.split('.').next().unwrap_or_default());
        let given = |path: &Name| representation.fields.contains(&first(path));
        let key = of
            .keys
            .iter()
            .find(|key| key.iter().all(given))
            .ok_or_else(|| Plan::impossible(&of.name, "@key"))?;
        let table = match of.connect.as_ref() {
            None => None,
            Some(connect) => Some(self.entity_table(of, key, connect)?),
        };
        let origin = Owner::Entity { representation, key, table: table.map(|(table, _)| table) };
        let type_id = representation.type_id;
        let shape = self.shape(of, selection, Some(type_id), origin)?;
        let (type_name, key) = (of.name.clone(), self.key_paths(of, key)?);
        Ok(EntityPlan { type_id, type_name, key, table, shape, volumes: Vec::new() })
    }

    fn entity_table(
        &mut self,
        of: &TypeMapping,
        key: &[Name],
        connect: &Connect,
    ) -> Result<(TableAt, usize), Failure> {
        let target = target(connect).ok_or_else(|| Plan::impossible(&of.name, "@connect"))?;
        let table = self.table(target, &of.name)?;
        let meant = key_columns(&self.model.mapping, of, key, &target.key);
        let key = self.model.key(table, &meant).ok_or_else(|| Plan::impossible(&of.name, "@key"))?;
        Ok((table, key))
    }

    fn key_paths(&self, of: &TypeMapping, key: &[Name]) -> Result<Vec<KeyPath>, Failure> {
        let mapping = &self.model.mapping;
        let path = |path: &Name| {
            let field = field_at(mapping, of, path)?;
            Some(KeyPath { path: path.clone(), kind: ValueKind::of(mapping, &field.shape.named) })
        };
        key.iter().map(path).collect::<Option<_>>().ok_or_else(|| Plan::impossible(&of.name, "@key"))
    }

    fn listing(
        &mut self,
        on: &Name,
        field: &Field,
        known: &FieldMapping,
        parent: Option<&TypeMapping>,
    ) -> Result<Listing, Failure> {
        let model = self.model;
        let mapping = &model.mapping;
        let impossible = || Plan::impossible(on, &field.name);
        let connect = known.connect.as_ref().ok_or_else(impossible)?;
        let target = target(connect).ok_or_else(impossible)?;
        let table = self.table(target, on)?;
        let key = match parent.and_then(|of| Some((of, of.keys.first()?))) {
            None => None,
            Some((of, key)) => {
                let meant = key_columns(mapping, of, key, &target.key);
                Some(model.key(table, &meant).ok_or_else(impossible)?)
            }
        };
        let node = node(mapping, known).ok_or_else(impossible)?;
        let field = field.clone();
        let output = self.listed(table, &field, known, node)?;
        let context = match parent {
            None => format!("{}.{}", mapping.source, field.name),
            Some(of) => format!("{}.{}.{}", mapping.source, of.name, field.name),
        };
        Ok(Listing {
            on: on.clone(),
            table,
            key,
            filters: self.filters(table, connect, known)?,
            order: self.order(table, connect, node)?,
            page: connect.page.clone().unwrap_or_default(),
            output,
            context,
            volumes: Vec::new(),
            field,
        })
    }

    fn filters(
        &self,
        table: TableAt,
        connect: &Connect,
        known: &FieldMapping,
    ) -> Result<Vec<Filter>, Failure> {
        let mapping = &self.model.mapping;
        let filter = |filter: &raccordo_schema::mapping::Filter| {
            let kind = known.arguments.get(&filter.arg).map(|arg| ValueKind::of(mapping, &arg.named));
            let meant = Meant::named(mapping, &filter.target, kind.clone());
            let column =
                self.model.column(table, &meant).ok_or_else(|| Plan::impossible(&known.name, &filter.arg))?;
            Ok(Filter {
                arg: filter.arg.clone(),
                column,
                kind: kind.unwrap_or(ValueKind::Text),
                op: filter.op,
            })
        };
        connect.filters.iter().map(filter).collect()
    }

    /// The declared order and then the key.
    fn order(&self, table: TableAt, connect: &Connect, node: &TypeMapping) -> Result<Vec<By>, Failure> {
        let mapping = &self.model.mapping;
        let mut order = Vec::new();
        for declared in &connect.order {
            let meant = Meant::named(mapping, &declared.target, None);
            let column = self.columns(table, std::slice::from_ref(&meant), &node.name)?;
            order.extend(column.into_iter().map(|column| By { column, descending: declared.descending }));
        }
        let key = node.keys.first().map(|key| key_columns(mapping, node, key, &[])).unwrap_or_default();
        for column in self.columns(table, &key, &node.name)? {
            if !order.iter().any(|by| by.column == column) {
                order.push(By { column, descending: false });
            }
        }
        Ok(order)
    }

    fn listed(
        &mut self,
        table: TableAt,
        field: &Field,
        known: &FieldMapping,
        node: &TypeMapping,
    ) -> Result<Listed, Failure> {
        let selection = field.selection().ok_or_else(|| Plan::impossible(&node.name, &field.name))?;
        let connection = self.type_of(&known.shape.named)?.connection.clone();
        let Some(mapping) = connection else {
            let shape = self.shape(node, selection, selection.type_id, Owner::Row(table))?;
            return Ok(if known.shape.list { Listed::Many(shape) } else { Listed::One(shape) });
        };
        let mut shapes = Vec::new();
        for below in node_selections(selection) {
            shapes.push((address(below), self.shape(node, below, below.type_id, Owner::Row(table))?));
        }
        let counts = selection.fields.iter().any(|field| &*field.name == "totalCount");
        Ok(Listed::Connection { mapping, shapes, counts })
    }

    fn shape(
        &mut self,
        of: &TypeMapping,
        selection: &Selection,
        type_id: Option<u32>,
        origin: Owner<'_>,
    ) -> Result<Shape, Failure> {
        let mut slots = Vec::new();
        let applies =
            |field: &&Field| type_id.is_none_or(|id| field.applies_to(id)) && &*field.name != "__typename";
        for field in selection.fields.iter().filter(applies) {
            let content = self.content(of, field, origin)?;
            slots.push(Slot { slot: field.slot, field: field.name.clone(), content });
        }
        let (width, type_name) = (selection.width, of.name.clone());
        Ok(Shape { width, type_id, type_name, slots, null_when: NullWhen::Never })
    }

    fn content(&mut self, of: &TypeMapping, field: &Field, origin: Owner<'_>) -> Result<Content, Failure> {
        let impossible = || Plan::impossible(&of.name, &field.name);
        let known = of.fields.get(&field.name).ok_or_else(impossible)?;
        if let Owner::Entity { representation, table, .. } = origin
            && representation.fields.contains(&field.name)
            && (known.external || table.is_none())
        {
            return Ok(Content::Echo(field.clone()));
        }
        if known.connect.is_some() {
            let parent = self.parent(of, origin)?;
            let listing = Box::new(self.listing(&of.name, field, known, Some(of))?);
            return Ok(Content::Relation { listing, parent });
        }
        match (&field.output, &known.from) {
            (Output::Leaf(leaf), From::Meta(Meta::AsOf)) => return Ok(Content::AsOf(leaf.clone())),
            (Output::Leaf(_), From::Meta(meta)) => return Ok(self.known(*meta)),
            _ => {}
        }
        let table = origin.table().ok_or_else(impossible)?;
        match &field.output {
            Output::Leaf(leaf) => {
                let meant = Meant::field(&self.model.mapping, known);
                let at = self.model.column(table, &meant).ok_or_else(impossible)?;
                Ok(Content::Column { at, leaf: leaf.clone(), list: known.shape.list })
            }
            Output::Object(below) => self.inner(table, known, below),
        }
    }

    /// An object whose values, or whose key, are in its parent's row.
    fn inner(
        &mut self,
        table: TableAt,
        field: &FieldMapping,
        selection: &Selection,
    ) -> Result<Content, Failure> {
        let model = self.model;
        let of = model
            .mapping
            .types
            .get(&field.shape.named)
            .ok_or_else(|| Plan::impossible(&field.name, "__typename"))?;
        let columns = self.columns(table, &reference_columns(&model.mapping, field, of), &of.name)?;
        if let (Some(connect), Some(key)) = (&of.connect, of.keys.first())
            && !only_key(selection, key)
        {
            let (at, key) = self.entity_table(of, key, connect)?;
            let shape = self.shape(of, selection, selection.type_id, Owner::Row(at))?;
            return Ok(Content::Entity { table: at, key, columns, shape });
        }
        let mut shape = match of.keys.first() {
            None => self.shape(of, selection, selection.type_id, Owner::Row(table))?,
            Some(key) => self.reference(of, key, &columns, selection)?,
        };
        shape.null_when = match columns.is_empty() {
            _ if field.shape.non_null => NullWhen::Never,
            false => NullWhen::Any(columns),
            true => NullWhen::All(own_columns(&shape)),
        };
        Ok(Content::Object(shape))
    }

    /// An entity of which the row holds the key: its fields are these columns, and what hangs below it.
    fn reference(
        &mut self,
        of: &TypeMapping,
        key: &[Name],
        columns: &[usize],
        selection: &Selection,
    ) -> Result<Shape, Failure> {
        let mut slots = Vec::new();
        for field in selection.fields.iter().filter(|field| &*field.name != "__typename") {
            let known = of.fields.get(&field.name).ok_or_else(|| Plan::impossible(&of.name, &field.name))?;
            let at = key.iter().position(|path| *path == field.name).and_then(|at| columns.get(at));
            let content = match (&field.output, at) {
                (Output::Leaf(leaf), Some(at)) => {
                    Content::Column { at: *at, leaf: leaf.clone(), list: false }
                }
                _ if known.connect.is_some() => {
                    let listing = Box::new(self.listing(&of.name, field, known, Some(of))?);
                    Content::Relation { listing, parent: Parent::Row(columns.to_vec()) }
                }
                (Output::Leaf(_), None) => match known.from {
                    From::Meta(meta) if meta != Meta::AsOf => self.known(meta),
                    _ => return Err(Plan::impossible(&of.name, &field.name)),
                },
                _ => return Err(Plan::impossible(&of.name, &field.name)),
            };
            slots.push(Slot { slot: field.slot, field: field.name.clone(), content });
        }
        let (width, type_id, type_name) = (selection.width, selection.type_id, of.name.clone());
        Ok(Shape { width, type_id, type_name, slots, null_when: NullWhen::Never })
    }

    fn parent(&mut self, of: &TypeMapping, origin: Owner<'_>) -> Result<Parent, Failure> {
        match origin {
            Owner::Entity { key, .. } => Ok(Parent::Representation(self.key_paths(of, key)?)),
            Owner::Row(table) => {
                let key = of.keys.first().ok_or_else(|| Plan::impossible(&of.name, "@key"))?;
                let meant = key_columns(&self.model.mapping, of, key, &[]);
                Ok(Parent::Row(self.columns(table, &meant, &of.name)?))
            }
        }
    }
}

fn only_key(selection: &Selection, key: &[Name]) -> bool {
    selection.fields.iter().all(|field| &*field.name == "__typename" || key.contains(&field.name))
}

/// The columns that a shape reads by itself and through objects inside the row.
fn own_columns(shape: &Shape) -> Vec<usize> {
    let one = |slot: &Slot| match &slot.content {
        Content::Column { at, .. } => vec![*at],
        Content::Object(shape) => own_columns(shape),
        Content::Entity { columns, .. } => columns.clone(),
        _ => Vec::new(),
    };
    shape.slots.iter().flat_map(one).collect()
}

fn node_selections(connection: &Selection) -> impl Iterator<Item = &Selection> {
    connection.fields.iter().flat_map(|field| {
        let below = field.selection();
        let nodes = below.filter(|_| &*field.name == "nodes");
        let edges = below.filter(|_| &*field.name == "edges").into_iter().flat_map(|edge| edge.fields.iter());
        nodes.into_iter().chain(edges.filter(|field| &*field.name == "node").filter_map(Field::selection))
    })
}
