//! A supergraph's SDL in; the graph's catalogue out: what clients see, who has which field, which coordinates are personal,
//! whose records are about persons. Works on any supergraph in the join specification, ours or not. Decides nothing.

mod costs;
mod defaults;
mod links;
mod marks;
mod owners;
pub(crate) mod read;
mod strip;

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticList, Valid};
use rustc_hash::FxHashMap;

pub use self::costs::{Costs, FieldCost, ListSize};
pub use self::marks::{Category, Generalise};
pub use self::owners::GraphSource;

use self::links::Machinery;
use self::marks::Marks;
use self::owners::Owners;
use crate::mapping::Name;
use crate::{Diagnostic, Location};

/// What is known of the graph before any request. Immutable; a reload makes another.
#[derive(Debug, Clone)]
pub struct Catalogue {
    supergraph: Arc<Schema>,
    whole: Schema,
    api: Valid<Schema>,
    owners: Owners,
    marks: Marks,
    costs: Arc<Costs>,
    possible: FxHashMap<Name, Box<[Name]>>,
}

/// What diagnostics call a supergraph that came as text.
const FILE: &str = "supergraph.graphql";

impl Catalogue {
    /// Reads a supergraph.
    ///
    /// # Errors
    /// Every mistake of its text; a text that is no supergraph; an API schema that isn't valid once what clients may not see is gone.
    pub fn from_supergraph(sdl: &str) -> Result<Self, Vec<Diagnostic>> {
        // A mistake is found quickly; where it is takes another reading.
        let quick = read::quickly(sdl).and_then(|supergraph| Self::of(Arc::new(supergraph)).ok());
        match quick {
            Some(catalogue) => Ok(catalogue),
            None => {
                let built = read::with_places(sdl);
                let supergraph = built.map_err(|wrong| translate("INVALID_GRAPHQL", &wrong.errors))?;
                Self::of(Arc::new(supergraph))
            }
        }
    }

    /// Reads a supergraph that is parsed already. It is shared, not copied.
    ///
    /// # Errors
    /// As [`Catalogue::from_supergraph`], but for its text.
    pub fn of(supergraph: Arc<Schema>) -> Result<Self, Vec<Diagnostic>> {
        let machinery = Machinery::of(&supergraph);
        let Some(owners) = Owners::of(&supergraph) else { return Err(vec![not_a_supergraph()]) };
        let marks = Marks::of(&supergraph);
        let costs = Arc::new(Costs::of(&supergraph));
        let possible = possible_types(&supergraph);
        let whole = strip::whole_schema(&supergraph, &machinery);
        let api = strip::api_schema(&whole, &machinery);
        let api = api.validate().map_err(|wrong| translate("INVALID_API_SCHEMA", &wrong.errors))?;
        let endless = defaults::in_circles(&whole);
        if !endless.is_empty() {
            return Err(endless);
        }
        Ok(Self { supergraph, whole, api, owners, marks, costs, possible })
    }

    /// The supergraph as it was read: what is joined from where. Nobody needs it once the graph is made.
    pub fn supergraph(&self) -> &Arc<Schema> {
        &self.supergraph
    }

    /// All types and fields of the graph, those hidden from clients included, without the machinery of composition.
    pub fn whole_schema(&self) -> &Schema {
        &self.whole
    }

    /// The schema that clients see.
    pub fn api_schema(&self) -> &Valid<Schema> {
        &self.api
    }

    /// The same as text, printed anew.
    pub fn api_sdl(&self) -> String {
        self.api.serialize().to_string()
    }

    /// The sources in the supergraph's order.
    pub fn sources(&self) -> &[GraphSource] {
        &self.owners.sources
    }

    /// The source that a `join__Graph` value stands for.
    pub fn source_of_graph(&self, graph: &str) -> Option<&GraphSource> {
        self.owners.sources.iter().find(|source| &*source.graph == graph)
    }

    /// The sources that can answer a field, as positions in [`Catalogue::sources`]; empty for an unknown field.
    pub fn owners(&self, ty: &str, field: &str) -> &[usize] {
        self.owners.of_field(ty, field)
    }

    /// The category of a field on its type. A field of an interface has its own: decide on each of [`Catalogue::possible_types`].
    pub fn category(&self, ty: &str, field: &str) -> Category {
        self.marks.field(ty, field).map_or(Category::Public, |mark| mark.category)
    }

    /// How a field's value is coarsened where a purpose allows only that.
    pub fn generalise(&self, ty: &str, field: &str) -> Option<Generalise> {
        self.marks.field(ty, field)?.generalise
    }

    /// The category of an argument: that of what it filters or orders.
    pub fn argument_category(&self, ty: &str, field: &str, argument: &str) -> Category {
        self.marks.argument(ty, field, argument)
    }

    /// What values, lists and arguments weigh.
    pub fn costs(&self) -> &Arc<Costs> {
        &self.costs
    }

    /// Whether any coordinate is not `PUBLIC`.
    pub fn has_personal(&self) -> bool {
        self.marks.has_personal()
    }

    /// Types whose records are about a person, each with the field that holds the person's key.
    pub fn subjects(&self) -> impl Iterator<Item = (&Name, &Name)> {
        self.marks.subjects.iter()
    }

    /// The field that holds the person's key, when the type's records are about one.
    pub fn subject_key(&self, ty: &str) -> Option<&Name> {
        self.marks.subjects.get(ty)
    }

    /// The object types that a value of this type can have at run time, those hidden from clients included; the type itself
    /// when it is an object type, none when it is unknown or a leaf.
    pub fn possible_types(&self, ty: &str) -> &[Name] {
        self.possible.get(ty).map_or(&[], |types| types)
    }
}

fn not_a_supergraph() -> Diagnostic {
    Diagnostic::error(
        "NOT_A_SUPERGRAPH",
        Location::file(FILE),
        "the text has no `join__Graph`, so it is not a supergraph",
    )
    .help("compose the sources first: `raccordo compose --config FILE`")
}

fn translate(rule: &'static str, list: &DiagnosticList) -> Vec<Diagnostic> {
    list.iter()
        .map(|diagnostic| {
            let at = diagnostic.error.location().and_then(|span| span.line_column(diagnostic.sources));
            let at = at.map_or(Location::file(FILE), |start| Location {
                file: Arc::from(FILE),
                line: start.line,
                column: start.column,
            });
            Diagnostic::error(rule, at, diagnostic.error.to_string().trim_end_matches('.'))
        })
        .collect()
}

/// Where an input field stands in the text.
fn location_of(schema: &Schema, ty: &str, field: &str) -> Option<Location> {
    let field = schema.get_input_object(ty)?.fields.get(field)?;
    let start = field.location()?.line_column(&schema.sources)?;
    Some(Location { file: Arc::from(FILE), line: start.line, column: start.column })
}

fn possible_types(schema: &Schema) -> FxHashMap<Name, Box<[Name]>> {
    let mut possible: FxHashMap<Name, Vec<Name>> = FxHashMap::default();
    for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        let own = Name::from(name.as_str());
        match ty {
            ExtendedType::Object(object) => {
                for interface in &object.implements_interfaces {
                    possible.entry(Name::from(interface.as_str())).or_default().push(own.clone());
                }
                possible.insert(own.clone(), vec![own]);
            }
            ExtendedType::Union(union_) => {
                possible
                    .insert(own, union_.members.iter().map(|member| Name::from(member.as_str())).collect());
            }
            _ => {}
        }
    }
    possible.into_iter().map(|(name, types)| (name, types.into_boxed_slice())).collect()
}

#[cfg(test)]
mod tests;
