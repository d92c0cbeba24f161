//! The composite types of the graph by number, so that an object's type is four bytes and a comparison of types one of integers.

use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;

/// Objects, interfaces and unions of the supergraph, numbered.
#[derive(Debug, Default)]
pub struct TypeNames {
    names: Vec<Name>,
    by_name: FxHashMap<Name, u32>,
}

impl TypeNames {
    /// Numbers the names in the order given; a name given twice keeps its first number.
    pub fn new(names: impl IntoIterator<Item = Name>) -> Self {
        let mut types = Self::default();
        for name in names {
            if !types.by_name.contains_key(&name) {
                types.by_name.insert(name.clone(), types.names.len() as u32);
                types.names.push(name);
            }
        }
        types
    }

    /// The number of a name.
    pub fn id(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The name of a number.
    pub fn name(&self, id: u32) -> Option<&Name> {
        self.names.get(id as usize)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
