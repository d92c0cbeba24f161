//! What is asked of a source: a selection made flat and typed, shared between all requests that ask the same.
//!
//! Conditions are already applied and fragments resolved; values of arguments are not here but in the [`crate::Fetch`],
//! so that one [`Asked`] serves every value. No text of the client is in it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use raccordo_schema::mapping::Name;

use crate::Leaf;
use crate::representations::RepresentationType;
use crate::types::TypeNames;

/// One step's question, made once for a prepared operation.
pub struct Asked {
    /// What is asked.
    pub what: What,
    /// The graph's composite types; `type_id`s index it.
    pub types: Arc<TypeNames>,
    prepared: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Asked {
    /// A question over the graph's types.
    pub fn new(what: What, types: Arc<TypeNames>) -> Self {
        Self { what, types, prepared: OnceLock::new() }
    }

    /// What a connector made of this question and wants to find again: the printed document, the statement. Made at the first call.
    /// A question belongs to one source, so only one connector ever keeps something here.
    pub fn prepared<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<Arc<T>> {
        let kept = self.prepared.get_or_init(|| Arc::new(make()));
        Arc::clone(kept).downcast::<T>().ok()
    }

    /// The selection on the root type, or on the entities.
    pub fn selection(&self) -> &Selection {
        match &self.what {
            What::Roots { selection, .. } | What::Entities { selection, .. } => selection,
        }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("what", &self.what).finish_non_exhaustive()
    }
}

/// Root fields, or entities by key.
#[derive(Debug)]
pub enum What {
    /// Fields of a root type. The reply has one root object.
    Roots {
        /// Query, mutation or subscription.
        operation: Operation,
        /// The root fields.
        selection: Selection,
    },
    /// Entities by their representations. The reply has one row for each representation, in order.
    Entities {
        /// What representations look like, one for each concrete type that can come.
        types: Vec<RepresentationType>,
        /// The selection on them. Fields of one concrete type alone say so in [`Field::on`].
        selection: Selection,
    },
}

/// The root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Reads.
    Query,
    /// Writes: never repeated.
    Mutation,
    /// A stream of replies, one for each event: one root field of one source, opened once.
    Subscription,
}

/// The fields wanted of one object, and how wide the object is.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The static type: an object type, an interface or a union; the source's name for it.
    pub type_name: Name,
    /// Index of the type in [`Asked::types`] when it is an object type.
    pub type_id: Option<u32>,
    /// How many slots an object at this position has. Other steps fill the rest.
    pub width: u32,
    /// The fields, in the order they are asked. A response key stands once for each concrete type.
    pub fields: Vec<Field>,
}

impl Selection {
    /// The fields that an object of this concrete type has.
    pub fn fields_of(&self, type_id: u32) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.applies_to(type_id))
    }
}

/// One field wanted.
#[derive(Debug, Clone)]
pub struct Field {
    /// The field's name in the schema. `__typename` has no slot: its value is the type of its object.
    pub name: Name,
    /// Under which key a GraphQL source is asked to answer: an alias, or the name.
    pub key: Name,
    /// Where the value goes in its object.
    pub slot: u32,
    /// The concrete types it applies to, ascending; `None` is all. Indexes of [`Asked::types`].
    pub on: Option<Arc<[u32]>>,
    /// The type conditions as the source's GraphQL schema spells them; empty where [`Field::on`] is `None`, and where other fields
    /// under the same key ask for all that this one reads.
    pub on_names: Arc<[Name]>,
    /// Its arguments, in order of the schema's definition.
    pub arguments: Vec<Argument>,
    /// How many lists are around the value: 0 for a single one.
    pub list_depth: u8,
    /// A leaf, or an object.
    pub output: Output,
}

impl Field {
    /// Whether an object of this concrete type has it.
    pub fn applies_to(&self, type_id: u32) -> bool {
        self.on.as_ref().is_none_or(|types| types.binary_search(&type_id).is_ok())
    }

    /// The selection below, where it is an object.
    pub fn selection(&self) -> Option<&Selection> {
        match &self.output {
            Output::Object(selection) => Some(selection),
            Output::Leaf(_) => None,
        }
    }
}

/// What a field's value is.
#[derive(Debug, Clone)]
pub enum Output {
    /// A scalar or enum.
    Leaf(Leaf),
    /// An object, with what is wanted of it.
    Object(Box<Selection>),
}

/// An argument that is given. One that is left out isn't here.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// Its type as GraphQL writes it, to declare a variable: `[ID!]!`.
    pub type_text: Arc<str>,
    /// Where its value is in [`crate::Fetch::values`].
    pub value: u32,
}
