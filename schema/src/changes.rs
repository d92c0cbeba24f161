//! Two versions of what clients see in; what changed between them out: what breaks a client as an error, what may surprise one as a warning.
//!
//! The older version is the one that clients were written for, so places are places in its file. It says nothing of what clients can't
//! notice: descriptions, order, new types, new fields. It never changes a schema.

mod inputs;
mod outputs;
mod places;

use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use crate::catalogue::Catalogue;
use crate::{Diagnostic, Location};
use places::Places;

/// Compares. `file` is the older version's file as the user named it, `older` its text: a supergraph, or what clients see (an API
/// schema's SDL).
///
/// # Errors
///
/// What is wrong with the text of the older version.
pub fn changes(file: &str, older: &str, newer: &Schema) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let read = Schema::builder().adopt_orphan_extensions().parse(older, file).build();
    let read = read.map_err(|bad| crate::compose::told(file, &bad.errors))?;
    let catalogue;
    let seen: &Schema = if read.types.contains_key("join__Graph") {
        catalogue = Catalogue::from_supergraph(older).map_err(|wrong| of_file(file, wrong))?;
        catalogue.api_schema()
    } else {
        &read
    };
    let mut compare = Compare { older: seen, newer, places: Places::new(file, &read), found: Vec::new() };
    compare.schema();
    Ok(compare.found)
}

fn of_file(file: &str, wrong: Vec<Diagnostic>) -> Vec<Diagnostic> {
    wrong.into_iter().map(|d| Diagnostic { at: Location { file: file.into(), ..d.at }, ..d }).collect()
}

struct Compare<'a> {
    older: &'a Schema,
    newer: &'a Schema,
    places: Places<'a>,
    found: Vec<Diagnostic>,
}

impl Compare<'_> {
    fn breaks(&mut self, rule: &'static str, at: Location, message: String, help: &str) {
        self.found.push(Diagnostic::error(rule, at, message).help(help));
    }

    fn surprises(&mut self, rule: &'static str, at: Location, message: String) {
        self.found.push(Diagnostic::warning(rule, at, message));
    }

    fn schema(&mut self) {
        let (older, newer) = (self.older, self.newer);
        for (name, def) in
            older.types.iter().filter(|(name, def)| !def.is_built_in() && !name.starts_with("__"))
        {
            let at = self.places.of_type(name);
            let Some(other) = newer.types.get(&self.renamed(name)) else {
                let help =
                    "keep the type until no client names it: mark what leads to it `@deprecated` first";
                self.breaks("TYPE_REMOVED", at, format!("the type `{name}` is gone"), help);
                continue;
            };
            if kind(def) != kind(other) {
                let message = format!("`{name}` was {}, and is {}", kind(def), kind(other));
                self.breaks("TYPE_KIND_CHANGED", at, message, "give the new one another name");
                continue;
            }
            self.one_type(name, def, other);
        }
        self.directives();
    }

    /// A root type may have any name: it is compared with the root of the same operation.
    fn renamed(&self, name: &Name) -> Name {
        let roots = [OperationType::Query, OperationType::Mutation, OperationType::Subscription];
        let is = |operation: &&OperationType| self.older.root_operation(**operation) == Some(name);
        let root = roots.iter().find(is).and_then(|operation| self.newer.root_operation(*operation));
        root.unwrap_or(name).clone()
    }

    fn one_type(&mut self, name: &Name, older: &ExtendedType, newer: &ExtendedType) {
        use ExtendedType as T;
        match (older, newer) {
            (T::Object(a), T::Object(b)) => {
                self.interfaces(name, &a.implements_interfaces, &b.implements_interfaces);
                self.fields(name, &a.fields, &b.fields);
            }
            (T::Interface(a), T::Interface(b)) => {
                self.interfaces(name, &a.implements_interfaces, &b.implements_interfaces);
                self.fields(name, &a.fields, &b.fields);
            }
            (T::Union(a), T::Union(b)) => self.members(name, a, b),
            (T::Enum(a), T::Enum(b)) => self.values(name, a, b),
            (T::InputObject(a), T::InputObject(b)) => self.input_object(name, a, b),
            _ => {}
        }
    }
}

fn kind(def: &ExtendedType) -> &'static str {
    match def {
        ExtendedType::Scalar(_) => "a scalar",
        ExtendedType::Object(_) => "an object type",
        ExtendedType::Interface(_) => "an interface",
        ExtendedType::Union(_) => "a union",
        ExtendedType::Enum(_) => "an enum",
        ExtendedType::InputObject(_) => "an input object",
    }
}

#[cfg(test)]
mod tests;
