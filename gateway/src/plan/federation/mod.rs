//! The supergraph as planning needs it: of every type and field, which sources have it, on what conditions. Everything by number.
//!
//! Read once, from the join directives (<https://specs.apollo.dev/join/>), ours or anybody's. Knows no operation.

mod field_set;
mod read;

use std::sync::Arc;

use apollo_compiler::ast;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;

pub(super) use field_set::{FieldSet, SetItem};

/// A source, by its index in the graph.
pub(super) type Source = u16;
/// A composite type, by its number in the graph.
pub(super) type TypeId = u32;

/// The supergraph.
pub(crate) struct Federation {
    types: Vec<TypeInfo>,
    labels: Vec<Name>,
}

/// A composite type.
#[derive(Default)]
pub(super) struct TypeInfo {
    /// The sources that define it.
    pub(super) sources: Vec<TypeIn>,
    /// What it implements, in whichever source.
    pub(super) interfaces: Vec<TypeId>,
    fields: FxHashMap<Name, FieldInfo>,
    /// A root type is entered without a key.
    pub(super) is_root: bool,
}

/// A type in one source.
pub(super) struct TypeIn {
    pub(super) source: Source,
    /// `@interfaceObject`: an interface to everyone else, an object there.
    pub(super) interface_object: bool,
    pub(super) keys: Vec<Key>,
    /// The object types that it can be there, ascending; those it may stand for, for an interface object.
    pub(super) possible: Arc<[TypeId]>,
}

/// A `@key`.
pub(super) struct Key {
    pub(super) fields: Arc<FieldSet>,
    pub(super) resolvable: bool,
}

/// A field.
struct FieldInfo {
    /// The composite type it has in the whole graph; `None` for leaves.
    named: Option<TypeId>,
    /// Nothing where every source of the type has it, as it is.
    joined: Option<Vec<FieldIn>>,
}

/// A field in one source.
#[derive(Default)]
pub(super) struct FieldIn {
    source: Source,
    external: bool,
    used_overridden: bool,
    pub(super) requires: Option<Arc<FieldSet>>,
    pub(super) provides: Option<Arc<FieldSet>>,
    /// Its type there, where it is another than in the whole graph.
    pub(super) ty: Option<(ast::Type, Option<TypeId>)>,
    overrides: Option<Overrides>,
}

/// `@override`.
struct Overrides {
    from: Option<Source>,
    label: Option<usize>,
}

/// How a source has a field that it can be asked for.
#[derive(Clone, Copy)]
pub(super) struct Has<'f> {
    /// What is said of it, where anything is.
    pub(super) joined: Option<&'f FieldIn>,
    /// The composite type it has there; `None` for leaves.
    pub(super) named: Option<TypeId>,
    /// It was provided on the way: nothing it requires need be brought.
    pub(super) given: bool,
}

impl<'f> Has<'f> {
    pub(super) fn requires(&self) -> Option<&'f Arc<FieldSet>> {
        self.joined.filter(|_| !self.given)?.requires.as_ref()
    }

    pub(super) fn provides(&self) -> Option<&'f Arc<FieldSet>> {
        self.joined?.provides.as_ref()
    }
}

/// What holds for one search.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'r> {
    /// Which labels of progressive overrides hold, in the order of [`Federation::labels`].
    pub(crate) active: &'r [bool],
    /// A source that an object comes from knows the keys it declares for it, though they are external there. Strictly it needn't; some
    /// supergraphs can't be served without.
    pub(crate) keys_known: bool,
}

impl Federation {
    /// The labels of progressive overrides.
    pub(crate) fn labels(&self) -> &[Name] {
        &self.labels
    }

    pub(super) fn ty(&self, id: TypeId) -> Option<&TypeInfo> {
        self.types.get(id as usize)
    }

    /// A type in a source.
    pub(super) fn type_in(&self, id: TypeId, source: Source) -> Option<&TypeIn> {
        self.ty(id)?.sources.iter().find(|of| of.source == source)
    }

    /// A field as a source has it, whether or not it may be asked for.
    fn declared(&self, ty: TypeId, field: &str, source: Source) -> Option<Has<'_>> {
        let info = self.ty(ty)?.fields.get(field)?;
        let joined = match &info.joined {
            None => {
                self.type_in(ty, source)?;
                None
            }
            Some(joined) => Some(joined.iter().find(|of| of.source == source)?),
        };
        let named = joined.and_then(|joined| joined.ty.as_ref()).map_or(info.named, |(_, named)| *named);
        Some(Has { joined, named, given: false })
    }

    /// A field that a source was told to provide, though it may be external there.
    pub(super) fn provided(&self, ty: TypeId, field: &str, source: Source) -> Option<Has<'_>> {
        self.declared(ty, field, source)
    }

    /// A field that a source can be asked for, once what it requires is given.
    pub(super) fn resolvable(
        &self,
        ty: TypeId,
        field: &str,
        source: Source,
        rules: Rules<'_>,
    ) -> Option<Has<'_>> {
        let has = self.declared(ty, field, source)?;
        let Some(joined) = has.joined else { return Some(has) };
        let is_known = rules.keys_known && self.is_key(ty, field, source);
        if joined.external && joined.requires.is_none() && !is_known {
            return None;
        }
        let holds = |label: Option<usize>| label.is_none_or(|label| rules.active.get(label) == Some(&true));
        if joined.overrides.as_ref().is_some_and(|overrides| !holds(overrides.label)) {
            return None;
        }
        let all = self.ty(ty)?.fields.get(field)?.joined.iter().flatten();
        let mut taken =
            all.filter_map(|of| of.overrides.as_ref()).filter(|own| own.from == Some(source)).peekable();
        // An overridden field that its source still uses may be resolved there only while the label that moves it doesn't hold.
        let is_gone = joined.used_overridden && taken.peek().is_none();
        (!is_gone && !taken.any(|overrides| holds(overrides.label))).then_some(has)
    }

    fn is_key(&self, ty: TypeId, field: &str, source: Source) -> bool {
        let keys = self.type_in(ty, source).into_iter().flat_map(|of| of.keys.iter());
        let mut items = keys.flat_map(|key| key.fields.items.iter());
        items.any(|item| matches!(item, SetItem::Field { name, .. } if **name == *field))
    }

    /// Every source that can be entered for objects of a concrete type, with the type by which: its own, or an interface that is an
    /// object there. Whether it can be is [`Federation::is_entered`]'s to say.
    pub(super) fn entrances(&self, ty: TypeId) -> impl Iterator<Item = (TypeId, &TypeIn)> {
        let own = self.ty(ty);
        let of_type = own.into_iter().flat_map(move |info| info.sources.iter().map(move |of| (ty, of)));
        let interfaces = own.into_iter().flat_map(|info| info.interfaces.iter().copied());
        let of_interfaces = interfaces.flat_map(|interface| {
            let sources = self.ty(interface).into_iter().flat_map(|info| info.sources.iter());
            sources.filter(|of| of.interface_object).map(move |of| (interface, of))
        });
        of_type.chain(of_interfaces)
    }

    /// Whether a type has any key in a source, or needs none.
    pub(super) fn is_entered(&self, ty: TypeId, of: &TypeIn) -> bool {
        self.ty(ty).is_some_and(|info| info.is_root) || !self.keys(ty, of).is_empty()
    }

    /// The keys of a type in a source; an object type has also those of its interfaces there.
    pub(super) fn keys(&self, ty: TypeId, of: &TypeIn) -> Vec<Arc<FieldSet>> {
        of.keys.iter().map(|key| Arc::clone(&key.fields)).chain(self.inherited(ty, of.source)).collect()
    }

    fn inherited(&self, ty: TypeId, source: Source) -> Vec<Arc<FieldSet>> {
        let interfaces = self.ty(ty).into_iter().flat_map(|info| info.interfaces.iter());
        let there = interfaces.filter_map(|interface| self.type_in(*interface, source));
        let keys = there.filter(|of| !of.interface_object).flat_map(|of| of.keys.iter());
        keys.map(|key| Arc::clone(&key.fields)).collect()
    }
}
