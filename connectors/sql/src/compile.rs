//! A question and the source's mapping in, a [`Plan`] out. Reads no value and opens nothing.

use std::sync::Arc;

use raccordo_connector_api::{Asked, Failure, Field, Output, RepresentationType, Selection, What};
use raccordo_schema::mapping::{
    Connect, FieldMapping, From, Meta, Name, SourceMapping, SqlTarget, Target, TypeMapping,
};

use crate::plan::{
    Content, EntityPlan, EntityTable, KeyColumn, KeyPath, Level, NullWhen, Parent, Plan, Relation, Shape,
    Slot,
};
use crate::query::Query;
use crate::statement::Table;

/// How many keys go in one call where the mapping doesn't say.
pub(crate) const BATCH: usize = 500;

/// Makes the plan.
///
/// # Errors
/// `Internal`, for what a checked mapping can't lead to.
pub(crate) fn compile(mapping: &SourceMapping, asked: &Asked) -> Result<Plan, Failure> {
    let compiler = Compiler { mapping };
    match &asked.what {
        What::Roots { selection, .. } => {
            let fields = selection.fields.iter().filter(|field| &*field.name != "__typename");
            let on = Name::from("Query");
            let fields = fields.map(|field| {
                let known =
                    mapping.queries.get(&field.name).ok_or_else(|| Plan::impossible(&on, &field.name))?;
                Ok((field.slot, compiler.listing(&on, field, known)?))
            });
            let fields = fields.collect::<Result<_, Failure>>()?;
            Ok(Plan::Roots { width: selection.width, type_id: selection.type_id, fields })
        }
        What::Entities { types, selection } => {
            let plans = types.iter().map(|of| compiler.entity(of, selection)).collect::<Result<_, _>>()?;
            Ok(Plan::Entities(plans))
        }
    }
}

/// The column of a field.
pub(crate) fn column_of(field: &FieldMapping) -> &Name {
    match &field.from {
        From::Column(column) => column,
        _ => &field.name,
    }
}

/// The field at a dotted path below a type.
pub(crate) fn field_at<'m>(
    mapping: &'m SourceMapping,
    of: &'m TypeMapping,
    path: &str,
) -> Option<&'m FieldMapping> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let field = of.fields.get(name)?;
    match rest {
        None => Some(field),
        Some(rest) => field_at(mapping, mapping.types.get(&field.shape.named)?, rest),
    }
}

/// Makes the parts of a plan over one mapping.
pub(crate) struct Compiler<'a> {
    pub(crate) mapping: &'a SourceMapping,
}

/// Whose fields a shape's are.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// A row's.
    Row,
    /// An entity's, with its representation and whether it has a row as well.
    Entity { representation: &'a RepresentationType, key: &'a [Name], has_row: bool },
}

impl Compiler<'_> {
    pub(crate) fn type_of(&self, name: &Name) -> Result<&TypeMapping, Failure> {
        self.mapping.types.get(name).ok_or_else(|| Plan::impossible(name, "__typename"))
    }

    fn entity(
        &self,
        representation: &RepresentationType,
        selection: &Selection,
    ) -> Result<EntityPlan, Failure> {
        let of = self.type_of(&representation.name)?;
        let given = |path: &Name| {
            path.split('.')
                .next()
                .is_some_and(|first| representation.fields.iter().any(|field| **field == *first))
        };
        let key = of
            .keys
            .iter()
            .find(|key| key.iter().all(given))
            .ok_or_else(|| Plan::impossible(&of.name, "@key"))?;
        let mut level = Level::default();
        let table = match &of.connect {
            None => None,
            Some(connect) => Some(self.entity_table(of, key, connect, &mut level)?),
        };
        let origin = Origin::Entity { representation, key, has_row: table.is_some() };
        let type_id = representation.type_id;
        let shape = self.shape(&mut level, of, selection, Some(type_id), origin)?;
        Ok(EntityPlan {
            type_id,
            type_name: of.name.clone(),
            key: self.key_paths(of, key)?,
            table,
            level,
            shape,
        })
    }

    pub(crate) fn entity_table(
        &self,
        of: &TypeMapping,
        key: &[Name],
        connect: &Connect,
        level: &mut Level,
    ) -> Result<EntityTable, Failure> {
        let target = sql(connect, &of.name)?;
        let key = if target.key.is_empty() { self.key_columns(of, key)? } else { target.key.clone() };
        let at = key.iter().map(|column| level.column(column)).collect();
        Ok(EntityTable {
            table: table(target, &of.name, None)?,
            key,
            at,
            batch: connect.batch_max.unwrap_or(BATCH),
        })
    }

    pub(crate) fn key_columns(&self, of: &TypeMapping, key: &[Name]) -> Result<Vec<Name>, Failure> {
        let column = |path: &Name| field_at(self.mapping, of, path).map(|field| column_of(field).clone());
        key.iter().map(column).collect::<Option<_>>().ok_or_else(|| Plan::impossible(&of.name, "@key"))
    }

    fn key_paths(&self, of: &TypeMapping, key: &[Name]) -> Result<Vec<KeyPath>, Failure> {
        let path = |path: &Name| {
            let field = field_at(self.mapping, of, path)?;
            Some(KeyPath { path: path.clone(), scalar: field.shape.named.clone() })
        };
        key.iter().map(path).collect::<Option<_>>().ok_or_else(|| Plan::impossible(&of.name, "@key"))
    }

    pub(crate) fn shape(
        &self,
        level: &mut Level,
        of: &TypeMapping,
        selection: &Selection,
        type_id: Option<u32>,
        origin: Origin<'_>,
    ) -> Result<Shape, Failure> {
        let mut slots = Vec::new();
        let applies =
            |field: &&Field| type_id.is_none_or(|id| field.applies_to(id)) && &*field.name != "__typename";
        for field in selection.fields.iter().filter(applies) {
            let content = self.content(level, of, field, origin)?;
            slots.push(Slot { slot: field.slot, field: field.name.clone(), content });
        }
        Ok(Shape {
            width: selection.width,
            type_id,
            type_name: of.name.clone(),
            slots,
            null_when: NullWhen::Never,
        })
    }

    fn content(
        &self,
        level: &mut Level,
        of: &TypeMapping,
        field: &Field,
        origin: Origin<'_>,
    ) -> Result<Content, Failure> {
        let known = of.fields.get(&field.name).ok_or_else(|| Plan::impossible(&of.name, &field.name))?;
        if let Origin::Entity { representation, has_row, .. } = origin {
            let given = representation.fields.contains(&field.name);
            match given && (known.external || !has_row) {
                true => return Ok(Content::Echo(field.clone())),
                false if !has_row && known.connect.is_none() && !matches!(known.from, From::Meta(_)) => {
                    return Err(Plan::impossible(&of.name, &field.name));
                }
                false => {}
            }
        }
        if let Some(connect) = &known.connect {
            let parent = match &sql(connect, &of.name)?.parent {
                columns if columns.is_empty() => self.parent(level, of, origin)?,
                columns => by_columns(level, of, columns),
            };
            let listing = self.listing(&of.name, field, known)?;
            level.relations.push(Relation { parent, listing });
            return Ok(Content::Relation(level.relations.len() - 1));
        }
        if let (Output::Object(below), Some(other)) = (&field.output, self.referred(known)) {
            return self.reference(level, &of.name, field, known, other, below);
        }
        match (&field.output, &known.from) {
            (Output::Leaf(leaf), From::Meta(Meta::AsOf)) => Ok(Content::AsOf(leaf.clone())),
            (Output::Leaf(_), From::Meta(meta)) => Ok(match self.mapping.known(*meta) {
                Some(known) => Content::Known(known.clone()),
                // A source without members: the vocabulary lets the field be null.
                None => Content::Null,
            }),
            (Output::Leaf(leaf), _) => {
                let codes = self.mapping.enums.get(&known.shape.named).cloned();
                Ok(Content::Column { at: level.column(column_of(known)), leaf: leaf.clone(), codes })
            }
            (Output::Object(below), _) => Ok(Content::Object(self.inner(level, known, below)?)),
        }
    }

    /// The type of a field that refers to a record of another table: the type has its own.
    fn referred(&self, field: &FieldMapping) -> Option<&TypeMapping> {
        let of = self.mapping.types.get(&field.shape.named)?;
        Some(of).filter(|of| of.connect.is_some() && !of.keys.is_empty() && !field.shape.list)
    }

    /// A record of another table, whose key is in this row: the row alone where only the key is asked for.
    fn reference(
        &self,
        level: &mut Level,
        on: &Name,
        field: &Field,
        known: &FieldMapping,
        other: &TypeMapping,
        below: &Selection,
    ) -> Result<Content, Failure> {
        let key = other.keys.first().ok_or_else(|| Plan::impossible(&other.name, "@key"))?;
        let columns = match (&known.from, key.as_slice()) {
            (From::Column(column), [_]) => vec![column.clone()],
            _ => self.key_columns(other, key)?,
        };
        let at: Vec<usize> = columns.iter().map(|column| level.column(column)).collect();
        if let Some(shape) = self.key_alone(other, key, &at, below) {
            return Ok(Content::Object(shape));
        }
        let scalars = self.key_paths(other, key)?.into_iter().map(|path| path.scalar);
        let parent = at.iter().zip(scalars).map(|(at, scalar)| KeyColumn { at: *at, scalar }).collect();
        let listing = self.one_by_key(on, field, other, key, below)?;
        level.relations.push(Relation { parent: Parent::Row(parent), listing });
        Ok(Content::Relation(level.relations.len() - 1))
    }

    /// The shape of an object of which only plain fields of its key are asked for.
    fn key_alone(&self, other: &TypeMapping, key: &[Name], at: &[usize], below: &Selection) -> Option<Shape> {
        let mut slots = Vec::new();
        for field in below.fields.iter().filter(|field| &*field.name != "__typename") {
            let place = key.iter().position(|path| *path == field.name)?;
            let (Output::Leaf(leaf), Some(at)) = (&field.output, at.get(place)) else { return None };
            let named = other.fields.get(&field.name).map(|known| &known.shape.named)?;
            let codes = self.mapping.enums.get(named).cloned();
            let content = Content::Column { at: *at, leaf: leaf.clone(), codes };
            slots.push(Slot { slot: field.slot, field: field.name.clone(), content });
        }
        Some(Shape {
            width: below.width,
            type_id: below.type_id,
            type_name: other.name.clone(),
            slots,
            null_when: NullWhen::Any(at.to_vec()),
        })
    }

    /// An object whose values are in its parent's row.
    fn inner(
        &self,
        level: &mut Level,
        field: &FieldMapping,
        selection: &Selection,
    ) -> Result<Shape, Failure> {
        let of = self.type_of(&field.shape.named)?;
        let mut shape = self.shape(level, of, selection, selection.type_id, Origin::Row)?;
        shape.null_when = match of.keys.first() {
            _ if field.shape.non_null => NullWhen::Never,
            Some(key) => {
                NullWhen::Any(self.key_columns(of, key)?.iter().map(|column| level.column(column)).collect())
            }
            None => NullWhen::All(columns(&shape)),
        };
        Ok(shape)
    }

    fn parent(&self, level: &mut Level, of: &TypeMapping, origin: Origin<'_>) -> Result<Parent, Failure> {
        match origin {
            Origin::Entity { key, .. } => Ok(Parent::Representation(self.key_paths(of, key)?)),
            Origin::Row => {
                let key = of.keys.first().ok_or_else(|| Plan::impossible(&of.name, "@key"))?;
                let columns = self.key_columns(of, key)?;
                let paths = self.key_paths(of, key)?;
                let column = |(column, path): (&Name, KeyPath)| KeyColumn {
                    at: level.column(column),
                    scalar: path.scalar,
                };
                Ok(Parent::Row(columns.iter().zip(paths).map(column).collect()))
            }
        }
    }
}

/// A parent that is known by columns of its row; their values compare as those of the fields that they are mapped to.
fn by_columns(level: &mut Level, of: &TypeMapping, columns: &[Name]) -> Parent {
    let scalar = |column: &Name| {
        let field = of.fields.values().find(|field| field.connect.is_none() && column_of(field) == column);
        field.map_or_else(|| Name::from("String"), |field| field.shape.named.clone())
    };
    let key = columns.iter().map(|column| KeyColumn { at: level.column(column), scalar: scalar(column) });
    Parent::Row(key.collect())
}

/// The columns that a shape reads by itself and through objects inside the row.
fn columns(shape: &Shape) -> Vec<usize> {
    let one = |slot: &Slot| match &slot.content {
        Content::Column { at, .. } => vec![*at],
        Content::Object(shape) => columns(shape),
        _ => Vec::new(),
    };
    shape.slots.iter().flat_map(one).collect()
}

/// The table of a target that stands on `on`; `field` has the arguments of its query.
pub(crate) fn table(target: &SqlTarget, on: &str, field: Option<&FieldMapping>) -> Result<Table, Failure> {
    let read = |text: &Arc<str>| Query::read(text, |name| argument_type(field, name)).map(Arc::new);
    let query = target.query.as_ref().map(read).transpose();
    let query = query.map_err(|_| Plan::impossible(on, "query"))?;
    let called = || Name::from(format!("the query of {on}"));
    Ok(Table {
        namespace: target.namespace.clone(),
        name: target.table.clone().unwrap_or_else(called),
        query,
    })
}

/// The type of an argument that a query can bind: a single value.
pub(crate) fn argument_type(field: Option<&FieldMapping>, name: &str) -> Option<Name> {
    let argument = field?.arguments.get(name)?;
    Some(argument.named.clone()).filter(|_| !argument.list)
}

pub(crate) fn sql<'c>(connect: &'c Connect, on: &str) -> Result<&'c SqlTarget, Failure> {
    match &connect.target {
        Target::Sql(target) => Ok(target),
        _ => Err(Plan::impossible(on, "@connect")),
    }
}
