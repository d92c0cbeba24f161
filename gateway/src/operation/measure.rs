//! Size before work: depth, aliases, root fields, directives, and selections after expansion are counted on the parsed text, each
//! fragment once, before anything is expanded or validated. A kilobyte of doubling fragments is refused in microseconds.

use apollo_compiler::ast;
use apollo_compiler::schema::ExtendedType;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::code::Code;
use crate::graph::Graph;
use crate::request::Refusal;

/// How many times its tokens a document's operations may select together, each with all the fragments that it uses: validation looks at
/// each operation's fragments anew. 80,000 selections take it some 40 ms, 15 million 700 ms and 150 MB.
const VALIDATED: usize = 4;

/// What an operation may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tokens of the document, white space and its end included.
    pub tokens: usize,
    /// Nesting of fields.
    pub depth: usize,
    /// Aliases of the operation, those in fragments counted at every spread.
    pub aliases: usize,
    /// Fields of the root type, those in fragments counted at every spread.
    pub root_fields: usize,
    /// Directives of the operation, those in fragments counted at every spread.
    pub directives: usize,
    /// Selections after fragments and abstract types are expanded.
    pub selections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 20_000,
            depth: 20,
            aliases: 500,
            root_fields: 100,
            directives: 500,
            selections: 20_000,
        }
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
    /// Fields of the set itself, not of those below.
    fields: usize,
    directives: usize,
    selections: usize,
    incremental: bool,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            fields: self.fields.saturating_add(other.fields),
            directives: self.directives.saturating_add(other.directives),
            selections: self.selections.saturating_add(other.selections),
            incremental: self.incremental || other.incremental,
        }
    }

    fn with(mut self, directives: &ast::DirectiveList) -> Self {
        self.directives = self.directives.saturating_add(directives.len());
        self.incremental |= directives.has("defer") || directives.has("stream");
        self
    }
}

/// What is known of an operation once it is measured.
pub(super) struct Measured {
    /// It says `@defer` or `@stream` somewhere.
    pub(super) incremental: bool,
}

struct Measuring<'a> {
    graph: &'a Graph,
    fragments: FxHashMap<&'a str, &'a ast::FragmentDefinition>,
    known: FxHashMap<&'a str, Option<Size>>,
}

/// Refuses an operation that is over a limit, and a document that is too much to validate.
///
/// # Errors
/// `MAX_DEPTH_LIMIT`, `MAX_ALIASES_LIMIT`, `REQUEST_LIMIT_EXCEEDED`.
pub(super) fn measure(
    graph: &Graph,
    limits: &Limits,
    document: &ast::Document,
    operation: &ast::OperationDefinition,
) -> Result<Measured, Refusal> {
    let fragments: FxHashMap<&str, &ast::FragmentDefinition> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            ast::Definition::FragmentDefinition(fragment) => Some((fragment.name.as_str(), &**fragment)),
            _ => None,
        })
        .collect();
    bound_validation(limits, document, &fragments)?;
    let root = graph.api_schema().root_operation(operation.operation_type).map(|name| name.as_str());
    let mut measuring = Measuring { graph, fragments, known: FxHashMap::default() };
    let mut size = measuring.set(&operation.selection_set, root).with(&operation.directives);
    for variable in &operation.variables {
        size = size.with(&variable.directives);
    }
    check(limits, &size)?;
    Ok(Measured { incremental: size.incremental })
}

fn check(limits: &Limits, size: &Size) -> Result<(), Refusal> {
    if size.depth > limits.depth {
        let message =
            format!("the operation is {} levels deep; at most {} are allowed", size.depth, limits.depth);
        return Err(Refusal::new(Code::MAX_DEPTH_LIMIT, message));
    }
    if size.aliases > limits.aliases {
        let message = format!("the operation has more than {} aliases", limits.aliases);
        return Err(Refusal::new(Code::MAX_ALIASES_LIMIT, message));
    }
    let over = |what: String| Err(Refusal::new(Code::REQUEST_LIMIT_EXCEEDED, what));
    if size.fields > limits.root_fields {
        return over(format!("the operation asks for more than {} root fields", limits.root_fields));
    }
    if size.directives > limits.directives {
        return over(format!("the operation has more than {} directives", limits.directives));
    }
    if size.selections > limits.selections {
        return over(format!(
            "the operation selects more than {} fields once its fragments and abstract types are expanded",
            limits.selections
        ));
    }
    Ok(())
}

/// Counts what validation would look at: for each operation the fragments that it reaches, each once.
fn bound_validation<'a>(
    limits: &Limits,
    document: &'a ast::Document,
    fragments: &FxHashMap<&'a str, &'a ast::FragmentDefinition>,
) -> Result<(), Refusal> {
    let most = limits.tokens.saturating_mul(VALIDATED);
    let mut seen = 0_usize;
    let operations = document.definitions.iter().filter_map(|definition| match definition {
        ast::Definition::OperationDefinition(operation) => Some(&**operation),
        _ => None,
    });
    for operation in operations {
        let mut reached: FxHashSet<&str> = FxHashSet::default();
        let mut open: Vec<&'a [ast::Selection]> = vec![&operation.selection_set];
        while let Some(set) = open.pop() {
            seen = seen.saturating_add(set.len());
            if seen > most {
                let message = format!(
                    "the document's operations, with their fragments, select more than {most} fields"
                );
                return Err(Refusal::new(Code::REQUEST_LIMIT_EXCEEDED, message));
            }
            open.extend(set.iter().filter_map(|selection| match selection {
                ast::Selection::Field(field) => Some(field.selection_set.as_slice()),
                ast::Selection::InlineFragment(fragment) => Some(fragment.selection_set.as_slice()),
                ast::Selection::FragmentSpread(spread) => {
                    let fragment = *fragments.get(spread.fragment_name.as_str())?;
                    reached.insert(fragment.name.as_str()).then_some(fragment.selection_set.as_slice())
                }
            }));
        }
    }
    Ok(())
}

/// A selection's own directives.
pub(super) fn directives(selection: &ast::Selection) -> &ast::DirectiveList {
    match selection {
        ast::Selection::Field(field) => &field.directives,
        ast::Selection::InlineFragment(fragment) => &fragment.directives,
        ast::Selection::FragmentSpread(spread) => &spread.directives,
    }
}

impl<'a> Measuring<'a> {
    fn set(&mut self, selections: &'a [ast::Selection], parent: Option<&'a str>) -> Size {
        let types = parent.map_or(1, |parent| self.graph.possible_count(parent).max(1));
        let mut size = Size::default();
        for selection in selections {
            let one = match selection {
                ast::Selection::Field(field) => self.field(field, parent, types),
                ast::Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().map(|name| name.as_str());
                    self.set(&fragment.selection_set, on.or(parent))
                }
                ast::Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str()),
            };
            size = size.beside(one.with(directives(selection)));
        }
        size
    }

    fn field(&mut self, field: &'a ast::Field, parent: Option<&'a str>, types: usize) -> Size {
        let below_type = parent.and_then(|parent| self.field_type(parent, field.name.as_str()));
        let below = self.set(&field.selection_set, below_type);
        Size {
            depth: below.depth + 1,
            aliases: below.aliases.saturating_add(usize::from(field.alias.is_some())),
            fields: 1,
            selections: below.selections.saturating_add(1).saturating_mul(types),
            ..below
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
        let size = self
            .set(&fragment.selection_set, Some(fragment.type_condition.as_str()))
            .with(&fragment.directives);
        self.known.insert(name, Some(size));
        size
    }

    fn field_type(&self, parent: &str, field: &str) -> Option<&'a str> {
        let fields = match self.graph.api_schema().types.get(parent)? {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => return None,
        };
        fields.get(field).map(|field| field.ty.inner_named_type().as_str())
    }
}
