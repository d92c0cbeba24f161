//! Size before work: depth, aliases, and selections after expansion are counted on the parsed text, each fragment once,
//! before anything is expanded. A kilobyte of doubling fragments is refused in microseconds.

use apollo_compiler::ast;
use apollo_compiler::schema::ExtendedType;
use rustc_hash::FxHashMap;

use crate::code::Code;
use crate::graph::Graph;
use crate::request::Refusal;

/// What an operation may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Tokens of the document, white space and its end included.
    pub tokens: usize,
    /// Nesting of fields.
    pub depth: usize,
    /// Aliases of the operation, those in fragments counted at every spread.
    pub aliases: usize,
    /// Selections after fragments and abstract types are expanded.
    pub selections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tokens: 20_000, depth: 20, aliases: 500, selections: 20_000 }
    }
}

impl Limits {
    /// Nesting of the text itself, literals and inline fragments included: more than any operation of the allowed depth needs,
    /// less than a stack holds.
    pub(super) fn nesting(&self) -> usize {
        self.depth * 8 + 64
    }
}

/// The size of a selection set.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    depth: usize,
    aliases: usize,
    selections: usize,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            selections: self.selections.saturating_add(other.selections),
        }
    }
}

struct Measuring<'a> {
    graph: &'a Graph,
    fragments: FxHashMap<&'a str, &'a ast::FragmentDefinition>,
    known: FxHashMap<&'a str, Option<Size>>,
}

/// Refuses an operation that is over a limit.
///
/// # Errors
/// `MAX_DEPTH_LIMIT`, `MAX_ALIASES_LIMIT`, `REQUEST_LIMIT_EXCEEDED`.
pub(super) fn measure(
    graph: &Graph,
    limits: &Limits,
    document: &ast::Document,
    operation: &ast::OperationDefinition,
) -> Result<(), Refusal> {
    let fragments = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            ast::Definition::FragmentDefinition(fragment) => Some((fragment.name.as_str(), &**fragment)),
            _ => None,
        })
        .collect();
    let mut measuring = Measuring { graph, fragments, known: FxHashMap::default() };
    let root = graph.api_schema().root_operation(operation.operation_type).map(ToString::to_string);
    let size = measuring.set(&operation.selection_set, root.as_deref());
    if size.depth > limits.depth {
        let message =
            format!("the operation is {} levels deep; at most {} are allowed", size.depth, limits.depth);
        return Err(Refusal::new(Code::MAX_DEPTH_LIMIT, message));
    }
    if size.aliases > limits.aliases {
        let message = format!("the operation has more than {} aliases", limits.aliases);
        return Err(Refusal::new(Code::MAX_ALIASES_LIMIT, message));
    }
    if size.selections > limits.selections {
        let message = format!(
            "the operation selects more than {} fields once its fragments and abstract types are expanded",
            limits.selections
        );
        return Err(Refusal::new(Code::REQUEST_LIMIT_EXCEEDED, message));
    }
    Ok(())
}

impl<'a> Measuring<'a> {
    fn set(&mut self, selections: &'a [ast::Selection], parent: Option<&str>) -> Size {
        let types = parent.map_or(1, |parent| self.graph.possible_count(parent).max(1));
        let mut size = Size::default();
        for selection in selections {
            let one = match selection {
                ast::Selection::Field(field) => self.field(field, parent, types),
                ast::Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().map(ToString::to_string);
                    self.set(&fragment.selection_set, on.as_deref().or(parent))
                }
                ast::Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str()),
            };
            size = size.beside(one);
        }
        size
    }

    fn field(&mut self, field: &'a ast::Field, parent: Option<&str>, types: usize) -> Size {
        let below_type = parent.and_then(|parent| self.field_type(parent, field.name.as_str()));
        let below = self.set(&field.selection_set, below_type.as_deref());
        Size {
            depth: below.depth + 1,
            aliases: below.aliases.saturating_add(usize::from(field.alias.is_some())),
            selections: below.selections.saturating_add(1).saturating_mul(types),
        }
    }

    /// A fragment is measured once. One that spreads itself is left to validation, which refuses it.
    fn fragment(&mut self, name: &str) -> Size {
        let Some((name, fragment)) =
            self.fragments.get_key_value(name).map(|(name, fragment)| (*name, *fragment))
        else {
            return Size::default();
        };
        if let Some(known) = self.known.get(name) {
            return known.unwrap_or_default();
        }
        self.known.insert(name, None);
        let on = fragment.type_condition.to_string();
        let size = self.set(&fragment.selection_set, Some(&on));
        self.known.insert(name, Some(size));
        size
    }

    fn field_type(&self, parent: &str, field: &str) -> Option<String> {
        let fields = match self.graph.api_schema().types.get(parent)? {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => return None,
        };
        fields.get(field).map(|field| field.ty.inner_named_type().to_string())
    }
}
