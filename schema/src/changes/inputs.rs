//! What clients send: arguments, input fields, directives. In: two versions. Out: changes.

use apollo_compiler::ast::{InputValueDefinition, Type};
use apollo_compiler::schema::InputObjectType;
use apollo_compiler::{Name, Node};

use super::Compare;
use crate::Location;
use crate::compose::is_executable;

/// The rules of one kind of input.
struct Rules {
    removed: &'static str,
    changed: &'static str,
    default: &'static str,
    required: &'static str,
    added: &'static str,
}

const ARGUMENT: Rules = Rules {
    removed: "ARGUMENT_REMOVED",
    changed: "ARGUMENT_TYPE_CHANGED",
    default: "ARGUMENT_DEFAULT_CHANGED",
    required: "REQUIRED_ARGUMENT_ADDED",
    added: "OPTIONAL_ARGUMENT_ADDED",
};

const INPUT_FIELD: Rules = Rules {
    removed: "INPUT_FIELD_REMOVED",
    changed: "INPUT_FIELD_TYPE_CHANGED",
    default: "INPUT_FIELD_DEFAULT_CHANGED",
    required: "REQUIRED_INPUT_FIELD_ADDED",
    added: "OPTIONAL_INPUT_FIELD_ADDED",
};

const DIRECTIVE_ARGUMENT: Rules = Rules {
    removed: "DIRECTIVE_ARGUMENT_REMOVED",
    changed: "DIRECTIVE_ARGUMENT_TYPE_CHANGED",
    default: "DIRECTIVE_ARGUMENT_DEFAULT_CHANGED",
    required: "REQUIRED_DIRECTIVE_ARGUMENT_ADDED",
    added: "OPTIONAL_DIRECTIVE_ARGUMENT_ADDED",
};

type Inputs<'a> = Vec<&'a InputValueDefinition>;

impl Compare<'_> {
    pub(super) fn arguments(
        &mut self,
        parent: &Name,
        field: &Name,
        older: &[Node<InputValueDefinition>],
        newer: &[Node<InputValueDefinition>],
    ) {
        let coordinate = |name: &Name| format!("`{parent}.{field}({name}:)`");
        let (older, newer): (Inputs<'_>, Inputs<'_>) = (all(older), all(newer));
        let places: Vec<Location> =
            older.iter().map(|a| self.places.of_argument(parent, field, &a.name)).collect();
        let whole = self.places.of_part(parent, field);
        self.inputs(&ARGUMENT, &coordinate, (&older, &places), &newer, &whole);
    }

    pub(super) fn input_object(&mut self, name: &Name, older: &InputObjectType, newer: &InputObjectType) {
        let coordinate = |field: &Name| format!("`{name}.{field}`");
        let older: Inputs<'_> = older.fields.values().map(|f| &*f.node).collect();
        let newer: Inputs<'_> = newer.fields.values().map(|f| &*f.node).collect();
        let places: Vec<Location> = older.iter().map(|f| self.places.of_part(name, &f.name)).collect();
        let whole = self.places.of_type(name);
        self.inputs(&INPUT_FIELD, &coordinate, (&older, &places), &newer, &whole);
    }

    pub(super) fn directives(&mut self) {
        let (old_schema, new_schema) = (self.older, self.newer);
        for (name, older) in old_schema.directive_definitions.iter().filter(|(_, d)| !d.is_built_in()) {
            if !older.locations.iter().any(|l| is_executable(*l)) {
                continue;
            }
            let at = self.places.of_directive(name);
            let Some(newer) = new_schema.directive_definitions.get(name) else {
                let message = format!("the directive `@{name}` is gone");
                self.breaks(
                    "DIRECTIVE_REMOVED",
                    at,
                    message,
                    "keep the directive until no client applies it",
                );
                continue;
            };
            let gone = older.locations.iter().filter(|l| is_executable(**l) && !newer.locations.contains(l));
            for location in gone {
                let message = format!("`@{name}` may no longer stand on {location}");
                self.breaks("DIRECTIVE_LOCATION_REMOVED", at.clone(), message, "keep the location");
            }
            if older.repeatable && !newer.repeatable {
                let message = format!("`@{name}` may no longer be repeated");
                self.breaks("DIRECTIVE_REPEATABLE_REMOVED", at.clone(), message, "keep it `repeatable`");
            }
            let coordinate = |argument: &Name| format!("`@{name}({argument}:)`");
            let places = vec![at.clone(); older.arguments.len()];
            let (older, newer) = (all(&older.arguments), all(&newer.arguments));
            self.inputs(&DIRECTIVE_ARGUMENT, &coordinate, (&older, &places), &newer, &at);
        }
    }

    fn inputs(
        &mut self,
        rules: &Rules,
        coordinate: &dyn Fn(&Name) -> String,
        (older, places): (&[&InputValueDefinition], &[Location]),
        newer: &[&InputValueDefinition],
        whole: &Location,
    ) {
        for (input, at) in older.iter().zip(places) {
            let what = coordinate(&input.name);
            match newer.iter().find(|other| other.name == input.name) {
                None => {
                    let help = "keep it until no client sends it: an unknown one is refused";
                    self.breaks(rules.removed, at.clone(), format!("{what} is gone"), help);
                }
                Some(other) => self.input(rules, &what, input, other, at),
            }
        }
        for input in newer.iter().filter(|input| older.iter().all(|other| other.name != input.name)) {
            let what = coordinate(&input.name);
            if is_required(input) {
                let help = "make it optional, or give it a default: clients don't send it";
                self.breaks(rules.required, whole.clone(), format!("{what} is new, and must be given"), help);
            } else {
                self.surprises(
                    rules.added,
                    whole.clone(),
                    format!("{what} is new: what holds without it may not be what clients expect"),
                );
            }
        }
    }

    fn input(
        &mut self,
        rules: &Rules,
        what: &str,
        older: &InputValueDefinition,
        newer: &InputValueDefinition,
        at: &Location,
    ) {
        if !takes(&newer.ty, &older.ty) {
            let message = format!("{what} was `{}`, and is `{}`", older.ty, newer.ty);
            let help = "take what clients send now as well: only `!` may be taken away";
            self.breaks(rules.changed, at.clone(), message, help);
        } else if is_required(newer) && !is_required(older) {
            let message = format!("{what} lost its default, and must be given");
            self.breaks(rules.default, at.clone(), message, "keep a default: clients don't send it");
        } else if older.default_value != newer.default_value {
            let printed = |input: &InputValueDefinition| match &input.default_value {
                Some(value) => format!("`{}`", value.serialize().no_indent()),
                None => "none".to_owned(),
            };
            let message = format!("the default of {what} was {}, and is {}", printed(older), printed(newer));
            self.surprises(rules.default, at.clone(), message);
        }
    }
}

fn all(inputs: &[Node<InputValueDefinition>]) -> Inputs<'_> {
    inputs.iter().map(|input| &**input).collect()
}

fn is_required(input: &InputValueDefinition) -> bool {
    input.ty.is_non_null() && input.default_value.is_none()
}

/// Whether whatever was valid for the older type is for the newer one.
fn takes(newer: &Type, older: &Type) -> bool {
    match (newer, older) {
        (Type::Named(a), Type::Named(b) | Type::NonNullNamed(b))
        | (Type::NonNullNamed(a), Type::NonNullNamed(b)) => a == b,
        (Type::List(a), Type::List(b) | Type::NonNullList(b))
        | (Type::NonNullList(a), Type::NonNullList(b)) => takes(a, b),
        _ => false,
    }
}
