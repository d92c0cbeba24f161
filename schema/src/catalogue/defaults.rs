//! Defaults of input fields that contain themselves: a schema in, those fields out. `input I { i: I = {} }` has no value: whoever fills in
//! what isn't given never ends. GraphQL specification (draft), "Input Objects", Type Validation, `InputObjectDefaultValueHasCycle`.

use apollo_compiler::ast::Value;
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::{Name, Schema};
use rustc_hash::FxHashSet;

use super::{FILE, location_of};
use crate::Diagnostic;

/// A field of an input object.
type Field<'s> = (&'s Name, &'s Name);

/// One mistake for each circle of defaults.
pub(super) fn in_circles(schema: &Schema) -> Vec<Diagnostic> {
    let mut looking = Looking { schema, open: Vec::new(), done: FxHashSet::default(), found: Vec::new() };
    for ty in schema.types.values() {
        if let ExtendedType::InputObject(input) = ty {
            looking.absent_fields(input, &|_| None);
        }
    }
    let told = |(ty, field): &Field<'_>| {
        let at = location_of(schema, ty, field).unwrap_or_else(|| crate::Location::file(FILE));
        let message = format!("the default of `{ty}.{field}` contains itself: no value is like that");
        Diagnostic::error("INPUT_DEFAULT_IN_CIRCLES", at, message)
            .help("give the field inside the default a value of its own, or null")
    };
    looking.found.iter().map(told).collect()
}

struct Looking<'s> {
    schema: &'s Schema,
    /// The fields whose defaults are being looked at.
    open: Vec<Field<'s>>,
    done: FxHashSet<Field<'s>>,
    found: Vec<Field<'s>>,
}

impl<'s> Looking<'s> {
    /// A value where a type is expected: what it doesn't give has defaults.
    fn value(&mut self, named: &str, value: &'s Value) {
        match (value, self.schema.types.get(named)) {
            (Value::List(items), _) => items.iter().for_each(|item| self.value(named, item)),
            (Value::Object(fields), Some(ExtendedType::InputObject(input))) => {
                let given =
                    |name: &Name| fields.iter().find(|(own, _)| own == name).map(|(_, value)| &**value);
                self.absent_fields(input, &given);
            }
            _ => {}
        }
    }

    fn absent_fields(&mut self, input: &'s InputObjectType, given: &dyn Fn(&Name) -> Option<&'s Value>) {
        for (name, field) in &input.fields {
            let named = field.ty.inner_named_type();
            match (given(name), &field.default_value) {
                (Some(value), _) => self.value(named, value),
                (None, Some(default)) => self.default((&input.name, name), named, default),
                (None, None) => {}
            }
        }
    }

    fn default(&mut self, field: Field<'s>, named: &str, default: &'s Value) {
        if self.open.contains(&field) {
            self.found.push(field);
            return;
        }
        if !self.done.insert(field) {
            return;
        }
        self.open.push(field);
        self.value(named, default);
        self.open.pop();
    }
}
