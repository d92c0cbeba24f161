//! A source's mapping in; the tables it needs out: of which file and sheet, which columns under which headers, of what type, found by which keys.
//! What isn't here is never kept: a sheet's other columns are passed over as they are read.

use std::sync::Arc;

use raccordo_schema::mapping::{
    Connect, EnumMapping, FieldMapping, From, Name, NamedKind, SheetTarget, SourceMapping, Target,
    TypeMapping,
};

use crate::fold::fold;

/// Everything that is kept of a source's files.
pub(crate) struct Model {
    pub(crate) mapping: Arc<SourceMapping>,
    pub(crate) volumes: Vec<Volume>,
}

/// One file, or several that are one table.
pub(crate) struct Volume {
    /// As the SDL names it; `None` is the source's `url` itself.
    pub(crate) file: Option<Name>,
    pub(crate) tables: Vec<TableSpec>,
}

/// One sheet of a volume.
pub(crate) struct TableSpec {
    pub(crate) sheet: Which,
    pub(crate) columns: Vec<ColumnSpec>,
    /// The keys that rows are found by, as columns.
    pub(crate) keys: Vec<Vec<usize>>,
}

/// Which sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    First,
    Named(Name),
    /// From 1.
    Numbered(usize),
}

/// One column.
#[derive(Clone)]
pub(crate) struct ColumnSpec {
    /// The header as it was declared first, to be told.
    pub(crate) label: Name,
    /// The header and its aliases, folded.
    pub(crate) headers: Vec<String>,
    pub(crate) kind: ValueKind,
    /// What separates the items of a list.
    pub(crate) split: Option<Arc<str>>,
    /// Without it no row can be found.
    pub(crate) needed: bool,
    /// Rows without it aren't entities.
    pub(crate) identifies: bool,
}

/// What a column's values are.
#[derive(Clone)]
pub(crate) enum ValueKind {
    Text,
    Int,
    Float,
    Boolean,
    Enum(Arc<EnumMapping>),
    CodiceFiscale,
    Date,
    DateTime,
}

impl ValueKind {
    pub(crate) fn of(mapping: &SourceMapping, named: &str) -> Self {
        match (named, mapping.enums.get(named)) {
            (_, Some(codes)) => Self::Enum(Arc::new(codes.clone())),
            ("Int", _) => Self::Int,
            ("Float", _) => Self::Float,
            ("Boolean", _) => Self::Boolean,
            ("CodiceFiscale", _) => Self::CodiceFiscale,
            ("Date", _) => Self::Date,
            ("DateTime", _) => Self::DateTime,
            _ => Self::Text,
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Enum(own), Self::Enum(other)) => own.name == other.name,
            (own, other) => std::mem::discriminant(own) == std::mem::discriminant(other),
        }
    }
}

/// Where a table is in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableAt {
    pub(crate) volume: usize,
    pub(crate) table: usize,
}

/// A column that somebody means.
#[derive(Clone)]
pub(crate) struct Meant {
    label: Name,
    headers: Vec<String>,
    kind: ValueKind,
    split: Option<Arc<str>>,
}

/// The sheet target of a `@connect`.
pub(crate) fn target(connect: &Connect) -> Option<&SheetTarget> {
    match &connect.target {
        Target::Sheet(target) => Some(target),
        _ => None,
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

/// The type of a field's records: of a connection, its nodes'.
pub(crate) fn node<'m>(mapping: &'m SourceMapping, field: &FieldMapping) -> Option<&'m TypeMapping> {
    let returned = mapping.types.get(&field.shape.named)?;
    match &returned.connection {
        Some(connection) => mapping.types.get(&connection.node),
        None => Some(returned),
    }
}

impl Meant {
    /// The column of a leaf field.
    pub(crate) fn field(mapping: &SourceMapping, field: &FieldMapping) -> Self {
        let (names, split) = match &field.from {
            From::Header { names, split } => (names.as_slice(), split.clone()),
            _ => (&[][..], None),
        };
        let names = if names.is_empty() { std::slice::from_ref(&field.name) } else { names };
        let split = split.filter(|_| field.shape.list);
        Self::of(names, ValueKind::of(mapping, &field.shape.named), split)
    }

    /// The column that `filter:`, `order:` or `key:` names: with the aliases of the field that is mapped to it.
    pub(crate) fn named(mapping: &SourceMapping, name: &Name, kind: Option<ValueKind>) -> Self {
        let folded = fold(name);
        let fields = mapping.types.values().flat_map(|of| of.fields.values());
        let leaves = fields.filter(|field| {
            matches!(field.shape.kind, NamedKind::Scalar | NamedKind::Enum)
                && field.connect.is_none()
                && !field.external
        });
        let same =
            leaves.map(|field| Self::field(mapping, field)).find(|meant| meant.headers.contains(&folded));
        match (same, kind) {
            (Some(meant), None) => meant,
            (Some(meant), Some(kind)) => Self { kind, ..meant },
            (None, kind) => Self::of(std::slice::from_ref(name), kind.unwrap_or(ValueKind::Text), None),
        }
    }

    fn of(names: &[Name], kind: ValueKind, split: Option<Arc<str>>) -> Self {
        let label = names.first().cloned().unwrap_or_else(|| Name::from(""));
        Self { label, headers: names.iter().map(|name| fold(name)).collect(), kind, split }
    }

    fn is(&self, column: &ColumnSpec) -> bool {
        self.headers == column.headers && self.kind.is(&column.kind) && self.split == column.split
    }
}

/// The columns of a key in a row of the type itself. `over` names them otherwise, where it does.
pub(crate) fn key_columns(
    mapping: &SourceMapping,
    of: &TypeMapping,
    key: &[Name],
    over: &[Name],
) -> Vec<Meant> {
    let column = |(index, path): (usize, &Name)| {
        let field = field_at(mapping, of, path)?;
        let kind = || ValueKind::of(mapping, &field.shape.named);
        Some(match (over.get(index), outer_names(mapping, of, path)) {
            (Some(name), _) => Meant::named(mapping, name, Some(kind())),
            (None, []) => Meant::field(mapping, field),
            (None, names) => Meant::of(names, kind(), None),
        })
    };
    key.iter().enumerate().filter_map(column).collect()
}

/// The headers that an object on the way of a key's path says its own key is under.
fn outer_names<'m>(mapping: &'m SourceMapping, of: &'m TypeMapping, path: &str) -> &'m [Name] {
    let outer = path.split_once('.').and_then(|(outer, _)| of.fields.get(outer));
    let inner = outer.and_then(|outer| mapping.types.get(&outer.shape.named));
    outer.zip(inner).map_or(&[], |(outer, inner)| reference(outer, inner))
}

/// The headers that an object-typed field says its key is under: of a key of one field.
pub(crate) fn reference<'f>(field: &'f FieldMapping, of: &TypeMapping) -> &'f [Name] {
    match (&field.from, of.keys.first().map(Vec::len)) {
        (From::Header { names, .. }, Some(1)) => names,
        _ => &[],
    }
}

/// The columns of a referred entity's key in the row that refers to it.
pub(crate) fn reference_columns(
    mapping: &SourceMapping,
    field: &FieldMapping,
    of: &TypeMapping,
) -> Vec<Meant> {
    let Some(key) = of.keys.first() else { return Vec::new() };
    match reference(field, of) {
        [] => key_columns(mapping, of, key, &[]),
        names => {
            let kind = key.first().and_then(|path| field_at(mapping, of, path));
            let kind = kind.map_or(ValueKind::Text, |field| ValueKind::of(mapping, &field.shape.named));
            vec![Meant::of(names, kind, None)]
        }
    }
}

impl Model {
    /// Everything that a mapping can lead to.
    pub(crate) fn of(mapping: &Arc<SourceMapping>) -> Self {
        let mut model = Self { mapping: mapping.clone(), volumes: Vec::new() };
        for of in mapping.types.values() {
            if let Some(target) = of.connect.as_ref().and_then(target) {
                let at = model.add_table(target);
                for key in &of.keys {
                    model.add_key(at, key_columns(mapping, of, key, &target.key), true);
                }
                model.add_row(at, of, &mut Vec::new());
            }
            for field in of.fields.values() {
                let parent = of.keys.first().map(|key| (of, key.as_slice()));
                model.add_listing(field, parent);
            }
        }
        for field in mapping.queries.values() {
            model.add_listing(field, None);
        }
        model
    }

    /// Where a target's table is.
    pub(crate) fn table(&self, target: &SheetTarget) -> Option<TableAt> {
        let volume = self.volumes.iter().position(|volume| volume.file == target.file)?;
        let which = which(target);
        let table = self.volumes.get(volume)?.tables.iter().position(|table| table.sheet == which)?;
        Some(TableAt { volume, table })
    }

    /// The specification of a table.
    pub(crate) fn spec(&self, at: TableAt) -> Option<&TableSpec> {
        self.volumes.get(at.volume)?.tables.get(at.table)
    }

    /// Where a column is in a table.
    pub(crate) fn column(&self, at: TableAt, meant: &Meant) -> Option<usize> {
        self.spec(at)?.columns.iter().position(|column| meant.is(column))
    }

    /// Which of a table's keys these columns are.
    pub(crate) fn key(&self, at: TableAt, meant: &[Meant]) -> Option<usize> {
        let columns: Vec<usize> = meant.iter().map(|meant| self.column(at, meant)).collect::<Option<_>>()?;
        self.spec(at)?.keys.iter().position(|key| *key == columns)
    }

    fn add_table(&mut self, target: &SheetTarget) -> TableAt {
        let volume = self.volumes.iter().position(|volume| volume.file == target.file).unwrap_or_else(|| {
            self.volumes.push(Volume { file: target.file.clone(), tables: Vec::new() });
            self.volumes.len() - 1
        });
        let sheet = which(target);
        let tables = self.volumes.get_mut(volume).map(|volume| &mut volume.tables);
        let table = tables.map_or(0, |tables| {
            tables.iter().position(|table| table.sheet == sheet).unwrap_or_else(|| {
                tables.push(TableSpec { sheet, columns: Vec::new(), keys: Vec::new() });
                tables.len() - 1
            })
        });
        TableAt { volume, table }
    }

    fn add_column(&mut self, at: TableAt, meant: Meant) -> usize {
        let Some(table) = self.volumes.get_mut(at.volume).and_then(|volume| volume.tables.get_mut(at.table))
        else {
            return 0;
        };
        table.columns.iter().position(|column| meant.is(column)).unwrap_or_else(|| {
            let Meant { label, headers, kind, split } = meant;
            table.columns.push(ColumnSpec { label, headers, kind, split, needed: false, identifies: false });
            table.columns.len() - 1
        })
    }

    fn add_key(&mut self, at: TableAt, meant: Vec<Meant>, identifies: bool) {
        let columns: Vec<usize> = meant.into_iter().map(|meant| self.add_column(at, meant)).collect();
        let Some(table) = self.volumes.get_mut(at.volume).and_then(|volume| volume.tables.get_mut(at.table))
        else {
            return;
        };
        for column in &columns {
            if let Some(column) = table.columns.get_mut(*column) {
                column.needed = true;
                column.identifies |= identifies;
            }
        }
        if !table.keys.contains(&columns) {
            table.keys.push(columns);
        }
    }

    /// A field with `@connect`, and what its rows hold.
    fn add_listing(&mut self, field: &FieldMapping, parent: Option<(&TypeMapping, &[Name])>) {
        let mapping = self.mapping.clone();
        let Some(connect) = &field.connect else { return };
        let (Some(target), Some(node)) = (target(connect), node(&mapping, field)) else { return };
        let at = self.add_table(target);
        if let Some((of, key)) = parent {
            self.add_key(at, key_columns(&mapping, of, key, &target.key), false);
        }
        for filter in &connect.filters {
            let kind = field.arguments.get(&filter.arg).map(|arg| ValueKind::of(&mapping, &arg.named));
            self.add_column(at, Meant::named(&mapping, &filter.target, kind));
        }
        for order in &connect.order {
            self.add_column(at, Meant::named(&mapping, &order.target, None));
        }
        for meant in node.keys.first().map(|key| key_columns(&mapping, node, key, &[])).into_iter().flatten()
        {
            self.add_column(at, meant);
        }
        self.add_row(at, node, &mut Vec::new());
    }

    /// The columns of a type's own fields, and of the values inside it.
    fn add_row(&mut self, at: TableAt, of: &TypeMapping, seen: &mut Vec<Name>) {
        if seen.contains(&of.name) {
            return;
        }
        seen.push(of.name.clone());
        let mapping = self.mapping.clone();
        let own = of.fields.values().filter(|field| !field.external && field.connect.is_none());
        for field in own.filter(|field| !matches!(field.from, From::Meta(_))) {
            match field.shape.kind {
                NamedKind::Scalar | NamedKind::Enum => {
                    self.add_column(at, Meant::field(&mapping, field));
                }
                NamedKind::Object => {
                    let Some(inner) = mapping.types.get(&field.shape.named) else { continue };
                    for meant in reference_columns(&mapping, field, inner) {
                        self.add_column(at, meant);
                    }
                    if inner.keys.is_empty() && inner.connection.is_none() {
                        self.add_row(at, inner, seen);
                    }
                }
                NamedKind::Abstract => {}
            }
        }
        seen.pop();
    }
}

fn which(target: &SheetTarget) -> Which {
    match (&target.sheet, target.index) {
        (Some(name), _) => Which::Named(name.clone()),
        (None, Some(index)) => Which::Numbered(index),
        (None, None) => Which::First,
    }
}
