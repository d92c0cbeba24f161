//! A document, its variables and the answer's data in; a panic out where the data isn't of the document's shape: keys in the order
//! of the GraphQL specification's CollectFields, lists where lists are declared, leaves of their types, no null where none may be.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::{Directive, Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// What an answer is compared with.
pub struct Asked<'a> {
    /// The schema that clients see.
    pub schema: &'a Schema,
    /// The document.
    pub document: &'a ExecutableDocument,
    /// Its coerced variables.
    pub variables: &'a JsonMap,
    /// Whether no null may be anywhere, as sources that know everything allow none.
    pub complete: bool,
    /// Whether an object of an interface may be of no other type.
    pub untyped: bool,
}

type Collected<'a> = IndexMap<&'a str, Vec<&'a Field>>;

/// Why the data doesn't fit, for a person.
type Misfit = String;

impl<'a> Asked<'a> {
    /// Compares the whole of `data`.
    ///
    /// # Errors
    /// The first position that doesn't fit.
    pub fn check(&self, operation: &'a Operation, data: &Value) -> Result<(), Misfit> {
        match data {
            Value::Null if !self.complete => Ok(()),
            Value::Object(object) => {
                self.object(&[&operation.selection_set], operation.object_type(), object)
            }
            other => Err(format!("`data` is {other}")),
        }
    }

    fn object(&self, sets: &[&'a SelectionSet], ty: &str, data: &Map<String, Value>) -> Result<(), Misfit> {
        let mut collected = Collected::new();
        for set in sets {
            self.collect(set, ty, &mut collected);
        }
        let wanted: Vec<&str> = collected.keys().copied().collect();
        let found: Vec<&str> = data.keys().map(String::as_str).collect();
        if wanted != found {
            return Err(format!("`{ty}` should have {wanted:?}, has {found:?}"));
        }
        for (key, fields) in &collected {
            let value = &data[*key];
            let first = fields[0];
            match first.name.as_str() {
                "__schema" | "__type" => {}
                "__typename" if *value == ty => {}
                "__typename" => return Err(format!("`{ty}` says that it is {value}")),
                _ => self
                    .value(fields, &first.definition.ty, value)
                    .map_err(|why| format!("{ty}.{key}: {why}"))?,
            }
        }
        Ok(())
    }

    fn value(&self, fields: &[&'a Field], ty: &Type, value: &Value) -> Result<(), Misfit> {
        if value.is_null() {
            return match ty.is_non_null() || self.complete {
                true => Err("null".into()),
                false => Ok(()),
            };
        }
        match ty {
            Type::List(item) | Type::NonNullList(item) => {
                let items = value.as_array().ok_or("not a list")?;
                items.iter().try_for_each(|value| self.value(fields, item, value))
            }
            Type::Named(name) | Type::NonNullNamed(name) => match self.possible(name) {
                types if types.is_empty() => self.leaf(name, value),
                types => {
                    let object = value.as_object().ok_or("not an object")?;
                    let sets: Vec<&SelectionSet> = fields.iter().map(|field| &field.selection_set).collect();
                    let tries = types.iter().map(|ty| self.object(&sets, ty, object));
                    let mut wrong = Vec::new();
                    for one in tries {
                        match one {
                            Ok(()) => return Ok(()),
                            Err(why) => wrong.push(why),
                        }
                    }
                    Err(wrong.join("; or "))
                }
            },
        }
    }

    fn leaf(&self, name: &str, value: &Value) -> Result<(), Misfit> {
        let fits = match name {
            "Int" => value.as_i64().is_some_and(|int| i32::try_from(int).is_ok()),
            "Float" => value.is_number(),
            "String" | "ID" => value.is_string(),
            "Boolean" => value.is_boolean(),
            _ => match self.schema.types.get(name) {
                Some(ExtendedType::Enum(values)) => {
                    value.as_str().is_some_and(|text| values.values.contains_key(text))
                }
                _ => true,
            },
        };
        if fits { Ok(()) } else { Err(format!("{value} isn't of type `{name}`")) }
    }

    /// The object types that a type can be; none for a leaf's.
    fn possible<'n>(&'n self, name: &'n str) -> Vec<&'n str> {
        match self.schema.types.get_key_value(name) {
            Some((own, ExtendedType::Object(_))) => vec![own.as_str()],
            Some((_, ExtendedType::Union(union))) => union.members.iter().map(|name| name.as_str()).collect(),
            Some((_, ExtendedType::Interface(_))) => {
                let implements = |ty: &ExtendedType| {
                    ty.as_object().is_some_and(|object| {
                        object.implements_interfaces.iter().any(|own| own.as_str() == name)
                    })
                };
                let types = self.schema.types.iter().filter(|(_, ty)| implements(ty));
                let itself = self.untyped.then_some(name);
                types.map(|(name, _)| name.as_str()).chain(itself).collect()
            }
            _ => Vec::new(),
        }
    }

    fn collect(&self, set: &'a SelectionSet, ty: &str, into: &mut Collected<'a>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if self.is_wanted(&field.directives) => {
                    into.entry(field.response_key().as_str()).or_default().push(field);
                }
                Selection::InlineFragment(fragment) if self.is_wanted(&fragment.directives) => {
                    let on = fragment.type_condition.as_ref();
                    if on.is_none_or(|on| self.possible(on).contains(&ty)) {
                        self.collect(&fragment.selection_set, ty, into);
                    }
                }
                Selection::FragmentSpread(spread) if self.is_wanted(&spread.directives) => {
                    let fragment = &self.document.fragments[&spread.fragment_name];
                    if self.possible(fragment.type_condition()).contains(&ty) {
                        self.collect(&fragment.selection_set, ty, into);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_wanted(&self, directives: &[apollo_compiler::Node<Directive>]) -> bool {
        let says = |name: &str| {
            let directive = directives.iter().find(|directive| directive.name == name)?;
            let condition = directive.specified_argument_by_name("if")?;
            match condition.as_variable() {
                Some(variable) => self.variables.get(variable.as_str())?.as_bool(),
                None => condition.to_bool(),
            }
        };
        says("skip") != Some(true) && says("include") != Some(false)
    }
}
