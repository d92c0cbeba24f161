//! The catalogue of a database in, a first annotated SDL of it out. Names become Italian-friendly GraphQL, keys and references are found,
//! comments become descriptions. What looks personal is marked, and never silently public: a person decides.

mod print;
mod types;

use crate::catalogue::{Described, DescribedColumn};
use raccordo_connector_api::inspect::names::{self, Names};
use raccordo_connector_api::inspect::personal::{self, Judgement};
use types::Leaf;

/// How a table becomes a type.
struct Type<'c> {
    table: &'c Described,
    name: String,
    /// The root field.
    root: String,
    /// The columns of the key, all of them fields.
    key: Vec<&'c str>,
    fields: Vec<Field<'c>>,
    /// Columns that can't be read, with their types.
    left_out: Vec<&'c DescribedColumn>,
    /// Its records are about persons.
    is_personal: bool,
}

/// How a column becomes a field.
struct Field<'c> {
    column: &'c DescribedColumn,
    name: String,
    leaf: Leaf,
    judgement: Judgement,
    /// The table that the column refers to, by its index.
    refers: Option<usize>,
}

/// Why a field of this type doesn't fit a column of that one, and whether the column can't be read at all.
pub(crate) fn fits(field: &str, kind: &str) -> Option<(bool, String)> {
    let Some(leaf) = types::leaf(kind) else {
        return Some((true, "which this kind doesn't read".to_owned()));
    };
    let right = match field {
        "Int" => matches!(leaf, Leaf::Int | Leaf::Long | Leaf::Float | Leaf::Boolean),
        "Float" => matches!(leaf, Leaf::Int | Leaf::Long | Leaf::Float),
        "Boolean" => matches!(leaf, Leaf::Boolean | Leaf::Int),
        "Date" => matches!(leaf, Leaf::Date | Leaf::DateTime),
        "DateTime" => matches!(leaf, Leaf::Date | Leaf::DateTime),
        "CodiceFiscale" => matches!(leaf, Leaf::Text),
        _ => true,
    };
    (!right).then(|| (false, format!("and the field is a `{field}`")))
}

/// Writes the SDL. `origin` is what the first line says it was made from.
pub(crate) fn sdl(catalogue: &[Described], origin: &str) -> String {
    let types = types_of(catalogue);
    print::print(&types, origin)
}

fn types_of(catalogue: &[Described]) -> Vec<Type<'_>> {
    let mut type_names = Names::types();
    let mut roots = Names::fields();
    let prefix = names::common_prefix(catalogue.iter().map(|table| table.name.as_str()));
    let mut types: Vec<Type<'_>> = Vec::new();
    for table in catalogue {
        let plain = table.name.get(prefix.len()..).unwrap_or(&table.name);
        let spoken = match &table.namespace {
            Some(namespace) => format!("{namespace}_{plain}"),
            None => plain.to_owned(),
        };
        types.push(type_of(
            table,
            type_names.take(&names::type_name(&spoken)),
            roots.take(&names::field_name(&spoken)),
        ));
    }
    refer(&mut types);
    spread(&mut types);
    types
}

fn type_of(table: &Described, name: String, root: String) -> Type<'_> {
    let mut field_names = Names::fields();
    let (mut fields, mut left_out) = (Vec::new(), Vec::new());
    let readable = |column: &str| {
        let column = table.columns.iter().find(|known| known.name == column);
        column.is_some_and(|column| types::leaf(&column.kind).is_some() && !column.nullable)
    };
    let mut keys = table.keys.iter().filter(|key| key.iter().all(|column| readable(column)));
    let key: Vec<&str> = keys.next().into_iter().flatten().map(String::as_str).collect();
    for column in &table.columns {
        let Some(leaf) = types::leaf(&column.kind) else {
            left_out.push(column);
            continue;
        };
        let is_reference = table.references.iter().any(|reference| reference.columns.contains(&column.name));
        let judgement = personal::judge(&column.name);
        let leaf = match leaf {
            Leaf::Text | Leaf::Int | Leaf::Long if judgement == Judgement::TaxCode => Leaf::TaxCode,
            Leaf::Text | Leaf::Int | Leaf::Long | Leaf::Uuid
                if is_reference || key.contains(&column.name.as_str()) =>
            {
                Leaf::Id
            }
            leaf => leaf,
        };
        let name = field_names.take(&names::field_name(&column.name));
        fields.push(Field { column, name, leaf, judgement, refers: None });
    }
    let is_personal = fields.iter().filter(|field| field.judgement.is_of_a_person()).count() > 0;
    Type { table, name, root, key, fields, left_out, is_personal }
}

/// Columns that refer to the one column of another table's key.
fn refer(types: &mut [Type<'_>]) {
    let keys: Vec<(Option<String>, String, Vec<String>)> = types
        .iter()
        .map(|of| {
            let key = of.key.iter().map(|column| (*column).to_owned()).collect();
            (of.table.namespace.clone(), of.table.name.clone(), key)
        })
        .collect();
    for of in types.iter_mut() {
        for reference in &of.table.references {
            let same = |name: &str| reference.table.eq_ignore_ascii_case(name);
            let found =
                keys.iter().position(|(namespace, name, _)| *namespace == reference.namespace && same(name));
            let ([column], Some(at)) = (reference.columns.as_slice(), found) else { continue };
            // SQLite leaves out the other column where it is the key.
            let to_key = keys.get(at).is_some_and(|(_, _, key)| {
                key.len() == 1 && (reference.to.is_empty() || reference.to == *key)
            });
            let field = of.fields.iter_mut().find(|field| field.column.name == *column);
            if let Some(field) = field.filter(|field| to_key && field.refers.is_none()) {
                field.refers = Some(at);
            }
        }
    }
}

/// What refers to a person's record is about the person too.
fn spread(types: &mut [Type<'_>]) {
    for _ in 0..2 {
        let personal: Vec<bool> = types.iter().map(|of| of.is_personal).collect();
        let is = |at: Option<usize>| at.and_then(|at| personal.get(at)).copied().unwrap_or(false);
        for of in types.iter_mut() {
            of.is_personal = of.is_personal || of.fields.iter().any(|field| is(field.refers));
        }
    }
}
