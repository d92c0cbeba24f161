//! The shape of an operation: for every position of the answer, which response keys an object there can have, each with a slot.
//!
//! The union of what the client asks, what steps bring and what steps need: all of them then speak of slots, never of names.

use indexmap::IndexMap;
use raccordo_schema::mapping::Name;

use super::planner::{DraftItem, DraftPath, DraftStep};
use crate::operation::{Item, Selections};

/// The slots of the objects at one position.
#[derive(Debug, Default)]
pub(super) struct Shape {
    slots: IndexMap<Name, Shape>,
}

impl Shape {
    /// How many slots an object here has.
    pub(super) fn width(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The slot of a response key, and the shape below it.
    pub(super) fn slot(&self, key: &str) -> Option<(u32, &Shape)> {
        self.slots.get_full(key).map(|(index, _, below)| (index as u32, below))
    }

    fn enter(&mut self, key: &str) -> &mut Shape {
        if !self.slots.contains_key(key) {
            self.slots.insert(key.into(), Shape::default());
        }
        // The key was just put there.
        self.slots.entry(key.into()).or_default()
    }

    /// What the client asks.
    pub(super) fn add_client(&mut self, items: &Selections) {
        for item in items {
            match item {
                Item::Field { name, .. } if name.starts_with("__") => {}
                Item::Field { key, below, .. } => {
                    let shape = self.enter(key);
                    if let Some(below) = below {
                        shape.add_client(below);
                    }
                }
                Item::On { below, .. } => self.add_client(below),
            }
        }
    }

    /// What a step brings, with its renamings applied.
    pub(super) fn add_output(&mut self, items: &[DraftItem], renames: &Renames<'_>) {
        for item in items {
            match item {
                DraftItem::Field { name, .. } if name == "__typename" => {}
                DraftItem::Field { name, alias, below, .. } => {
                    let key = alias.as_deref().unwrap_or(name);
                    let shape = self.enter(renames.meaning(key));
                    shape.add_output(below, &renames.below(key));
                }
                DraftItem::On { below, .. } => self.add_output(below, renames),
            }
        }
    }

    /// The shape at a step's path.
    fn at(&mut self, path: &[DraftPath], meant: &Aliases) -> &mut Shape {
        path.iter().fold(self, |shape, segment| match segment {
            DraftPath::Key(key) if shape.slots.contains_key(key.as_str()) => shape.enter(key),
            DraftPath::Key(key) => shape.enter(meant.of(key)),
            DraftPath::Types(_) => shape,
        })
    }

    /// The slot that a path or an input means by a key.
    pub(super) fn brought(&self, key: &str, meant: &Aliases) -> Option<(u32, &Shape)> {
        self.slot(key).or_else(|| self.slot(meant.of(key)))
    }
}

/// What the planner's own aliases stand for.
///
/// It gives a field an alias where two of its fetches would want the same key with other arguments, and patches the paths and inputs
/// that mean it; on sibling positions that have no such field it patches them too, wrongly. There the alias stands for its field.
#[derive(Debug, Default)]
pub(super) struct Aliases(IndexMap<Name, Name>);

impl Aliases {
    fn of<'k>(&'k self, key: &'k str) -> &'k str {
        self.0.get(key).map_or(key, |name| name)
    }

    fn add(&mut self, items: &[DraftItem]) {
        for item in items {
            match item {
                DraftItem::Field { name, alias, below, .. } => {
                    if let Some(alias) = alias.as_deref().filter(|alias| alias.starts_with(PLANNERS)) {
                        self.0.insert(alias.into(), name.as_str().into());
                    }
                    self.add(below);
                }
                DraftItem::On { below, .. } => self.add(below),
            }
        }
    }
}

/// How the planner's own aliases begin.
const PLANNERS: &str = "_internal_qp_alias_";

/// The whole shape of an operation, and what the planner's aliases stand for.
pub(super) fn whole(client: &Selections, steps: &[DraftStep]) -> (Shape, Aliases) {
    let mut aliases = Aliases::default();
    steps.iter().for_each(|step| aliases.add(&step.output));
    let mut shape = Shape::default();
    shape.add_client(client);
    // A step stands behind those it waits for, so that what its path leads through is there.
    let mut placed = vec![false; steps.len()];
    while let Some(index) = (0..steps.len()).find(|index| is_next(steps, &placed, *index)) {
        if let (Some(step), Some(placed)) = (steps.get(index), placed.get_mut(index)) {
            shape.at(&step.path, &aliases).add_output(&step.output, &Renames::new(&step.renames));
            *placed = true;
        }
    }
    (shape, aliases)
}

fn is_next(steps: &[DraftStep], placed: &[bool], index: usize) -> bool {
    let is_placed = |index: usize| placed.get(index).copied().unwrap_or(true);
    !is_placed(index)
        && steps.get(index).is_some_and(|step| step.parents.iter().all(|parent| is_placed(*parent)))
}

/// The renamings that hold at a position: keys that a source answers under and that mean another key.
#[derive(Debug, Clone)]
pub(super) struct Renames<'a> {
    paths: Vec<(Vec<&'a str>, &'a str)>,
}

impl<'a> Renames<'a> {
    /// A step's renamings.
    pub(super) fn new(renames: &'a [(Vec<DraftPath>, String)]) -> Self {
        let keys = |path: &'a Vec<DraftPath>| {
            path.iter()
                .filter_map(|segment| match segment {
                    DraftPath::Key(key) => Some(key.as_str()),
                    DraftPath::Types(_) => None,
                })
                .collect()
        };
        Self { paths: renames.iter().map(|(path, meaning)| (keys(path), meaning.as_str())).collect() }
    }

    /// The key that a key means here. Aliases of the planner are unique in a step, so types needn't be compared.
    pub(super) fn meaning<'k>(&self, key: &'k str) -> &'k str
    where
        'a: 'k,
    {
        self.paths
            .iter()
            .find(|(path, _)| matches!(path.as_slice(), [own] if *own == key))
            .map_or(key, |(_, meaning)| meaning)
    }

    /// The renamings below a key.
    pub(super) fn below(&self, key: &str) -> Renames<'a> {
        let paths = self.paths.iter().filter_map(|(path, meaning)| match path.split_first() {
            Some((first, rest)) if *first == key && !rest.is_empty() => Some((rest.to_vec(), *meaning)),
            _ => None,
        });
        Renames { paths: paths.collect() }
    }
}
