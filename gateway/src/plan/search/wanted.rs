//! What is wanted: the client's selections as positions, each with the fields that an object there must bring, by its concrete type.
//!
//! A position that can hold several types has its fields by groups of types that want the same. What the engine wants for itself, keys
//! and required inputs, is added later, beside them.

use indexmap::IndexMap;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;

use super::Search;
use super::branch::Entered;
use super::steps::HomeId;
use super::table::Id;
use crate::operation::{Item, Selections};
use crate::plan::federation::TypeId;

/// The number of a position.
pub(crate) type SpotId = Id<Spot>;
/// The number of a wanted field.
pub(crate) type WantId = Id<Want>;

/// A position: where in the answer objects stand.
#[derive(Debug, Default)]
pub(crate) struct Spot {
    /// The field that leads here; `None` for the root.
    pub(crate) from: Option<WantId>,
    /// The types that objects here may have, ascending: object types, and interfaces, whose objects come untyped from interface objects.
    pub(crate) possible: Vec<TypeId>,
    /// Some field that leads here is of an interface or a union.
    pub(crate) is_abstract: bool,
    /// Everything wanted of them.
    pub(crate) wants: Vec<WantId>,
    /// The client's part of it, in the client's order, by groups of types.
    pub(crate) groups: Vec<Group>,
    /// The selections of fetches that pass through here.
    pub(super) homes: Vec<HomeId>,
    /// The selections of fetches for the objects here.
    pub(super) entered: Vec<Entered>,
    /// How many slots an object here has.
    pub(crate) width: u32,
    /// The slots of leaves: the same field with the same arguments and key has the same slot whatever the type.
    leaves: FxHashMap<Leaf, u32>,
    /// The want for the concrete type, where somebody needs it and it isn't known everywhere.
    pub(crate) type_name: Option<WantId>,
}

/// A leaf's response key, field and arguments.
type Leaf = (Name, Name, Vec<(Name, Given)>);

/// Types that want the same fields.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) types: Vec<TypeId>,
    pub(crate) items: Vec<GroupItem>,
}

/// A field of the answer.
#[derive(Debug, Clone)]
pub(crate) enum GroupItem {
    /// `__typename`, `__schema`, `__type`.
    Meta { key: Name, name: Name },
    /// A field of a source.
    Want(WantId),
}

/// A wanted field.
#[derive(Debug)]
pub(crate) struct Want {
    pub(crate) spot: SpotId,
    /// The types of the objects it is wanted of, ascending.
    pub(crate) types: Vec<TypeId>,
    /// The client's response key, or the name of what the engine wants for itself.
    pub(crate) key: Name,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<(Name, Given)>,
    pub(crate) slot: u32,
    /// The position below, for objects.
    pub(crate) below: Option<SpotId>,
}

/// The value of an argument.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Given {
    /// A variable of the lifted operation.
    Variable(u32),
    /// A constant of the graph itself, by its text: `@requires(fields: "prezzo(valuta: EUR)")`.
    Constant(apollo_compiler::Node<apollo_compiler::ast::Value>),
}

/// The name of the want for the concrete type.
pub(crate) const TYPE_NAME: &str = "__typename";

/// What is asked under a key: the field, its arguments, and what is selected below it.
type Asked<'i> = (Name, Vec<(Name, Given)>, Vec<&'i Selections>);

type Collected<'i> = IndexMap<Name, Asked<'i>>;

/// Types that want the same, and what they want.
type Groups<'i> = Vec<(Vec<TypeId>, Collected<'i>)>;

impl Search<'_> {
    /// The position of objects of these types, with what the client selects there.
    pub(super) fn client_spot(
        &mut self,
        from: Option<WantId>,
        named: &[TypeId],
        items: &[&Selections],
    ) -> SpotId {
        let is_abstract = named.iter().any(|ty| !self.is_concrete(*ty));
        let possible = self.possible(named);
        let spot = self.spots.add(Spot { from, possible, is_abstract, ..Spot::default() });
        let groups = self.collected(&self.spots[spot].possible, items);
        let differ = groups.len() > 1;
        let mut type_name = false;
        let mut wanted: Vec<(&Name, &Asked<'_>, WantId)> = Vec::new();
        for (types, fields) in &groups {
            let mut made = Vec::with_capacity(fields.len());
            for (key, asked) in fields {
                let (name, arguments, below) = asked;
                type_name |= &**name == TYPE_NAME;
                if name.starts_with("__") {
                    made.push(GroupItem::Meta { key: key.clone(), name: name.clone() });
                    continue;
                }
                let known = wanted.iter().find(|(own, other, _)| *own == key && is_the_same(other, asked));
                let want = known.map(|(_, _, want)| *want).unwrap_or_else(|| {
                    let types = types_of(&groups, key, asked);
                    self.want(spot, types, key.clone(), name.clone(), arguments.clone(), Some(below))
                });
                wanted.push((key, asked, want));
                made.push(GroupItem::Want(want));
            }
            self.spots[spot].groups.push(Group { types: types.clone(), items: made });
        }
        if (type_name || differ) && self.has_interface(spot) {
            self.want_type(spot);
        }
        spot
    }

    /// Object types that these types can be, and interfaces themselves.
    pub(super) fn possible(&self, named: &[TypeId]) -> Vec<TypeId> {
        let mut possible: Vec<TypeId> = Vec::new();
        for id in named {
            let Some(name) = self.graph.types().name(*id) else { continue };
            possible.extend(self.graph.possible(name));
            if self.graph.is_interface(name) {
                possible.push(*id);
            }
        }
        possible.sort_unstable();
        possible.dedup();
        possible
    }

    fn has_interface(&self, spot: SpotId) -> bool {
        let concrete = self.graph.concrete();
        self.spots[spot].possible.iter().any(|id| concrete.get(*id as usize) == Some(&false))
    }

    /// The want for the concrete type at a position.
    pub(super) fn want_type(&mut self, spot: SpotId) -> WantId {
        if let Some(known) = self.spots[spot].type_name {
            return known;
        }
        let want = self.wants.add(Want {
            spot,
            types: self.spots[spot].possible.clone(),
            key: TYPE_NAME.into(),
            name: TYPE_NAME.into(),
            arguments: Vec::new(),
            slot: u32::MAX,
            below: None,
        });
        self.spots[spot].wants.push(want);
        self.spots[spot].type_name = Some(want);
        want
    }

    /// The types here, by which conditions of the selections they satisfy.
    fn grouped(&self, possible: &[TypeId], items: &[&Selections]) -> Vec<Vec<TypeId>> {
        let mut conditions: Vec<&Name> = Vec::new();
        items.iter().for_each(|items| conditions_of(items, &mut conditions));
        let mut groups: IndexMap<Vec<bool>, Vec<TypeId>> = IndexMap::new();
        for id in possible {
            let satisfied = conditions.iter().map(|name| self.graph.is_possible(name, *id)).collect();
            groups.entry(satisfied).or_default().push(*id);
        }
        groups.into_values().collect()
    }

    /// The types here in groups that want the same, with what they want.
    fn collected<'i>(&self, possible: &[TypeId], items: &[&'i Selections]) -> Groups<'i> {
        let mut groups = Groups::new();
        for types in self.grouped(possible, items) {
            let Some(first) = types.first() else { continue };
            let mut fields = Collected::new();
            items.iter().for_each(|items| self.collect(*first, items, &mut fields));
            groups.push((types, fields));
        }
        groups
    }

    /// GraphQL specification, "CollectFields".
    fn collect<'i>(&self, id: TypeId, items: &'i Selections, into: &mut Collected<'i>) {
        for item in items {
            match item {
                Item::Field { key, name, arguments, below } => {
                    let given = || arguments.iter().map(|(name, v)| (name.clone(), Given::Variable(*v)));
                    let (_, _, all) = into
                        .entry(key.clone())
                        .or_insert_with(|| (name.clone(), given().collect(), Vec::new()));
                    all.extend(below);
                }
                Item::On { type_name, below } if self.graph.is_possible(type_name, id) => {
                    self.collect(id, below, into);
                }
                Item::On { .. } => {}
            }
        }
    }

    /// Wants a field of objects of some types. `below` is what the client selects of it; `None` wants nothing yet.
    pub(super) fn want(
        &mut self,
        spot: SpotId,
        types: Vec<TypeId>,
        key: Name,
        name: Name,
        arguments: Vec<(Name, Given)>,
        below: Option<&[&Selections]>,
    ) -> WantId {
        let named = self.named(&types, &name);
        let slot = match named.is_empty() {
            true => self.leaf_slot(spot, &key, &name, &arguments),
            false => self.new_slot(spot),
        };
        let want = self.wants.add(Want { spot, types, key, name, arguments, slot, below: None });
        self.spots[spot].wants.push(want);
        if !named.is_empty() {
            let below = self.client_spot(Some(want), &named, below.unwrap_or_default());
            self.wants[want].below = Some(below);
        }
        want
    }

    /// The composite types that a field has on these types; none for a leaf.
    fn named(&self, types: &[TypeId], field: &str) -> Vec<TypeId> {
        let mut named: Vec<TypeId> = types
            .iter()
            .filter_map(|id| self.graph.field(self.graph.types().name(*id)?, field))
            .filter_map(|definition| self.graph.types().id(definition.ty.inner_named_type()))
            .collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    fn leaf_slot(&mut self, spot: SpotId, key: &Name, name: &Name, arguments: &[(Name, Given)]) -> u32 {
        let identity = (key.clone(), name.clone(), arguments.to_vec());
        if let Some(slot) = self.spots[spot].leaves.get(&identity) {
            return *slot;
        }
        let slot = self.new_slot(spot);
        self.spots[spot].leaves.insert(identity, slot);
        slot
    }

    fn new_slot(&mut self, spot: SpotId) -> u32 {
        let spot = &mut self.spots[spot];
        spot.width += 1;
        spot.width - 1
    }
}

/// The same selections of the same field: one want, whatever else the types want.
fn is_the_same(one: &Asked<'_>, other: &Asked<'_>) -> bool {
    let below = one.2.len() == other.2.len()
        && one.2.iter().zip(&other.2).all(|(one, other)| std::ptr::eq::<Selections>(*one, *other));
    below && one.0 == other.0 && one.1 == other.1
}

/// The types of all groups that ask the same under a key.
fn types_of(groups: &Groups<'_>, key: &Name, asked: &Asked<'_>) -> Vec<TypeId> {
    let with = groups.iter().filter(|(_, fields)| fields.get(key).is_some_and(|own| is_the_same(own, asked)));
    let mut types: Vec<TypeId> = with.flat_map(|(types, _)| types.iter().copied()).collect();
    types.sort_unstable();
    types
}

fn conditions_of<'i>(items: &'i Selections, into: &mut Vec<&'i Name>) {
    for item in items {
        if let Item::On { type_name, below } = item {
            if !into.contains(&type_name) {
                into.push(type_name);
            }
            conditions_of(below, into);
        }
    }
}
