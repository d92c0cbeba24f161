//! What clients are answered: fields, interfaces, members, values. In: two versions of a type. Out: changes.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::collections::{IndexMap, IndexSet};
use apollo_compiler::schema::{Component, ComponentName, EnumType, FieldDefinition, UnionType};

use super::Compare;

impl Compare<'_> {
    pub(super) fn interfaces(
        &mut self,
        name: &Name,
        older: &IndexSet<ComponentName>,
        newer: &IndexSet<ComponentName>,
    ) {
        let has = |all: &IndexSet<ComponentName>, wanted: &Name| all.iter().any(|i| i.name == *wanted);
        let at = self.places.of_type(name);
        for interface in older.iter().filter(|i| !has(newer, &i.name)) {
            let message =
                format!("`{name}` no longer implements `{interface}`: fragments on either match no more");
            self.breaks("INTERFACE_REMOVED", at.clone(), message, "keep the interface, with its fields");
        }
        for interface in
            newer.iter().filter(|i| !has(older, &i.name) && self.older.types.contains_key(&i.name))
        {
            let message =
                format!("`{name}` now implements `{interface}`: clients may meet it where they didn't");
            self.surprises("INTERFACE_ADDED", at.clone(), message);
        }
    }

    pub(super) fn fields(
        &mut self,
        parent: &Name,
        older: &IndexMap<Name, Component<FieldDefinition>>,
        newer: &IndexMap<Name, Component<FieldDefinition>>,
    ) {
        for (name, field) in older {
            let at = self.places.of_part(parent, name);
            let Some(other) = newer.get(name) else {
                let was = if field.directives.has("deprecated") { ", which was deprecated," } else { "" };
                let message = format!("the field `{parent}.{name}`{was} is gone");
                let help = "keep the field until no client asks for it: mark it `@deprecated` first";
                self.breaks("FIELD_REMOVED", at, message, help);
                continue;
            };
            let what = format!("`{parent}.{name}`");
            match answered(&field.ty, &other.ty) {
                Answered::Same => {}
                Answered::Stricter => {
                    let message = format!(
                        "{what} was `{}`, and is `{}`: where no value comes, what is above it becomes null",
                        field.ty, other.ty
                    );
                    self.surprises("FIELD_BECAME_NON_NULL", at, message);
                }
                Answered::Looser => {
                    let message = format!(
                        "{what} was `{}`, and is `{}`: clients may meet null where they never did",
                        field.ty, other.ty
                    );
                    self.breaks(
                        "FIELD_BECAME_NULLABLE",
                        at,
                        message,
                        "keep it non-null, or offer a new field",
                    );
                }
                Answered::Another => {
                    let message = format!("{what} was `{}`, and is `{}`", field.ty, other.ty);
                    self.breaks("FIELD_TYPE_CHANGED", at, message, "offer a new field beside the old one");
                }
            }
            self.arguments(parent, name, &field.arguments, &other.arguments);
        }
    }

    pub(super) fn members(&mut self, name: &Name, older: &UnionType, newer: &UnionType) {
        let at = self.places.of_type(name);
        let has = |union: &UnionType, wanted: &Name| union.members.iter().any(|m| m.name == *wanted);
        for member in older.members.iter().filter(|m| !has(newer, &m.name)) {
            let message = format!("`{member}` is no longer in the union `{name}`");
            self.breaks(
                "UNION_MEMBER_REMOVED",
                at.clone(),
                message,
                "keep the member: fragments on it are refused without",
            );
        }
        for member in newer.members.iter().filter(|m| !has(older, &m.name)) {
            let message =
                format!("`{member}` is now in the union `{name}`: clients may meet a type they don't know");
            self.surprises("UNION_MEMBER_ADDED", at.clone(), message);
        }
    }

    pub(super) fn values(&mut self, name: &Name, older: &EnumType, newer: &EnumType) {
        for value in older.values.keys().filter(|value| !newer.values.contains_key(*value)) {
            let at = self.places.of_part(name, value);
            let message = format!("the value `{name}.{value}` is gone");
            self.breaks(
                "ENUM_VALUE_REMOVED",
                at,
                message,
                "keep the value until no client sends or expects it",
            );
        }
        for value in newer.values.keys().filter(|value| !older.values.contains_key(*value)) {
            let at = self.places.of_type(name);
            let message = format!("`{name}.{value}` is new: clients may meet a value they don't know");
            self.surprises("ENUM_VALUE_ADDED", at, message);
        }
    }
}

/// What became of the type of an answer.
enum Answered {
    Same,
    /// Null came, and comes no more.
    Stricter,
    /// Null comes, and never came.
    Looser,
    Another,
}

fn answered(older: &Type, newer: &Type) -> Answered {
    if older == newer {
        Answered::Same
    } else if fits(newer, older) {
        Answered::Stricter
    } else if bare(older) == bare(newer) {
        Answered::Looser
    } else {
        Answered::Another
    }
}

/// Whether each value of one type is a value of the other, which differs in nullability alone.
fn fits(value: &Type, ty: &Type) -> bool {
    match (value, ty) {
        (Type::Named(a) | Type::NonNullNamed(a), Type::Named(b))
        | (Type::NonNullNamed(a), Type::NonNullNamed(b)) => a == b,
        (Type::List(a) | Type::NonNullList(a), Type::List(b))
        | (Type::NonNullList(a), Type::NonNullList(b)) => fits(a, b),
        _ => false,
    }
}

/// The type without its `!`s.
fn bare(ty: &Type) -> String {
    ty.to_string().replace('!', "")
}
