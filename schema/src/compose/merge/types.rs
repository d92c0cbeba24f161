//! Type references and descriptions of several sources into one. In: each source's. Out: the merged one, or nothing where they clash.

use apollo_compiler::ast::Type;

use super::Merging;
use crate::compose::subgraph::{Kind, Subgraph};

/// The description that most sources give; of equals the first.
pub(crate) fn description<'a>(all: impl Iterator<Item = Option<&'a str>>) -> Option<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for text in all.flatten().filter(|text| !text.trim().is_empty()) {
        match counted.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => counted.push((text, 1)),
        }
    }
    let most = counted.iter().map(|(_, count)| *count).max()?;
    counted.iter().find(|(_, count)| *count == most).map(|(text, _)| (*text).to_owned())
}

impl Merging<'_> {
    /// The type that holds whatever source answers: the most general of them.
    pub(crate) fn output_type(&self, all: &[&Type]) -> Option<Type> {
        let general = |ty: &&&Type| all.iter().all(|other| self.is_subtype(other, ty));
        all.iter().find(general).map(|ty| (**ty).clone())
    }

    /// The type that every source takes: the most particular of them.
    pub(crate) fn input_type(&self, all: &[&Type]) -> Option<Type> {
        let particular = |ty: &&&Type| all.iter().all(|other| self.is_subtype(ty, other));
        all.iter().find(particular).map(|ty| (**ty).clone())
    }

    /// Whether every value of `sub` is one of `ty`.
    pub(crate) fn is_subtype(&self, sub: &Type, ty: &Type) -> bool {
        match (sub, ty) {
            (Type::Named(a) | Type::NonNullNamed(a), Type::Named(b))
            | (Type::NonNullNamed(a), Type::NonNullNamed(b)) => a == b || self.is_possible(a, b),
            (Type::List(a) | Type::NonNullList(a), Type::List(b))
            | (Type::NonNullList(a), Type::NonNullList(b)) => self.is_subtype(a, b),
            _ => false,
        }
    }

    /// Whether some source says that the type `sub` is a member or an implementation of `ty`.
    fn is_possible(&self, sub: &str, ty: &str) -> bool {
        let says = |source: &Subgraph| {
            let implements = source.types.get(sub).is_some_and(|t| t.implements.contains_key(ty));
            let union = source.types.get(ty).filter(|t| t.kind == Kind::Union);
            implements || union.is_some_and(|t| t.members.contains_key(sub))
        };
        self.sources.iter().any(says)
    }
}
