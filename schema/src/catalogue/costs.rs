//! A supergraph's `@cost` and `@listSize`, under whatever names it imports them, in; weights by coordinate out.
//!
//! IBM, "GraphQL Cost Directives Specification"; weights may be texts, as there, or numbers, as Apollo's `cost/v0.1` has them.

use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, DirectiveList, FieldDefinition, Value};
use apollo_compiler::schema::ExtendedType;
use rustc_hash::FxHashMap;

use super::links::import;
use crate::mapping::Name;

/// The specification that brings both directives.
const IDENTITY: &str = "https://specs.apollo.dev/cost";

/// Every weight of the graph. What isn't here weighs what its kind does.
#[derive(Debug, Clone, Default)]
pub struct Costs {
    types: FxHashMap<Name, f64>,
    fields: FxHashMap<Name, FxHashMap<Name, FieldCost>>,
    inputs: FxHashMap<Name, FxHashMap<Name, f64>>,
}

/// What one field costs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldCost {
    /// The weight of each of its values.
    pub weight: Option<f64>,
    /// How long its list, or a list below it, is.
    pub list_size: Option<ListSize>,
    arguments: FxHashMap<Name, f64>,
}

/// How long a list is: `@listSize`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListSize {
    /// So long, where no argument says.
    pub assumed: Option<u64>,
    /// The arguments that say, each as a path: `first`, or `page.first` for a field of an input object.
    pub slicing: Vec<Box<[Name]>>,
    /// The fields below that are the lists, each as a path; empty when it is the field itself.
    pub sized: Vec<Box<[Name]>>,
    /// Exactly one of the arguments must be given.
    pub one_required: bool,
}

impl Costs {
    pub(super) fn of(supergraph: &Schema) -> Self {
        let names = Names::of(supergraph);
        let mut costs = Self::default();
        for ty in supergraph.types.values().filter(|ty| !ty.is_built_in()) {
            let name = Name::from(ty.name().as_str());
            if let Some(weight) = ty.directives().get(&names.cost).and_then(|directive| weight(directive)) {
                costs.types.insert(name.clone(), weight);
            }
            let fields: FxHashMap<Name, FieldCost> = match ty {
                ExtendedType::Object(object) => {
                    object.fields.values().filter_map(|field| names.field(field)).collect()
                }
                ExtendedType::Interface(interface) => {
                    interface.fields.values().filter_map(|field| names.field(field)).collect()
                }
                ExtendedType::InputObject(input) => {
                    let weights = input.fields.values().filter_map(|field| {
                        Some((Name::from(field.name.as_str()), names.weight(&field.directives)?))
                    });
                    let weights: FxHashMap<Name, f64> = weights.collect();
                    if !weights.is_empty() {
                        costs.inputs.insert(name, weights);
                    }
                    continue;
                }
                _ => continue,
            };
            if !fields.is_empty() {
                costs.fields.insert(name, fields);
            }
        }
        costs
    }

    /// The weight of each value of a type.
    pub fn of_type(&self, ty: &str) -> Option<f64> {
        self.types.get(ty).copied()
    }

    /// What is said of a field.
    pub fn of_field(&self, ty: &str, field: &str) -> Option<&FieldCost> {
        self.fields.get(ty)?.get(field)
    }

    /// The weight of an input object's field.
    pub fn of_input(&self, ty: &str, field: &str) -> Option<f64> {
        self.inputs.get(ty)?.get(field).copied()
    }
}

impl FieldCost {
    /// The weight of an argument.
    pub fn of_argument(&self, argument: &str) -> Option<f64> {
        self.arguments.get(argument).copied()
    }
}

/// What the two directives are called here.
struct Names {
    cost: String,
    list_size: String,
}

impl Names {
    fn of(supergraph: &Schema) -> Self {
        let text = |directive: &Directive, name: &str| {
            directive.specified_argument_by_name(name).and_then(|value| value.as_str()).map(str::to_owned)
        };
        let link = supergraph.schema_definition.directives.iter().find(|directive| {
            let url = text(directive, "url").or_else(|| text(directive, "feature"));
            url.is_some_and(|url| url.strip_prefix(IDENTITY).is_some_and(|rest| rest.starts_with("/v")))
        });
        // Without a link the names are what everybody calls them.
        let Some(link) = link else { return Self { cost: "cost".into(), list_size: "listSize".into() } };
        let space = text(link, "as").unwrap_or_else(|| "cost".into());
        let imports = link.specified_argument_by_name("import").and_then(|value| value.as_list());
        let imported = |name: &str| {
            let mut pairs = imports.into_iter().flatten().map(|item| import(item));
            pairs.find(|(there, _)| *there == name).map(|(_, here)| here.trim_start_matches('@').to_owned())
        };
        Self {
            list_size: imported("@listSize").unwrap_or_else(|| format!("{space}__listSize")),
            // A directive that has its specification's name needs no prefix.
            cost: imported("@cost").unwrap_or(space),
        }
    }

    fn weight(&self, directives: &DirectiveList) -> Option<f64> {
        weight(directives.get(&self.cost)?)
    }

    fn field(&self, field: &FieldDefinition) -> Option<(Name, FieldCost)> {
        let arguments = field.arguments.iter().filter_map(|argument| {
            Some((Name::from(argument.name.as_str()), self.weight(&argument.directives)?))
        });
        let cost = FieldCost {
            weight: self.weight(&field.directives),
            list_size: field.directives.get(&self.list_size).map(|directive| list_size(directive)),
            arguments: arguments.collect(),
        };
        (cost != FieldCost::default()).then(|| (Name::from(field.name.as_str()), cost))
    }
}

fn weight(directive: &Directive) -> Option<f64> {
    let weight = match &**directive.specified_argument_by_name("weight")? {
        Value::String(text) => text.trim().parse().ok()?,
        number => number.to_f64()?,
    };
    f64::is_finite(weight).then_some(weight)
}

fn list_size(directive: &Directive) -> ListSize {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let paths = |name: &str| {
        let items = argument(name).and_then(|value| value.as_list()).unwrap_or_default();
        items.iter().filter_map(|item: &Node<Value>| Some(path(item.as_str()?))).collect()
    };
    let assumed = argument("assumedSize").and_then(|value| value.to_i32());
    ListSize {
        assumed: assumed.and_then(|size| u64::try_from(size).ok()),
        slicing: paths("slicingArguments"),
        sized: paths("sizedFields"),
        one_required: argument("requireOneSlicingArgument").and_then(|value| value.to_bool()).unwrap_or(true),
    }
}

fn path(text: &str) -> Box<[Name]> {
    text.split('.').map(Name::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(link: &str, rest: &str) -> Costs {
        let sdl = format!("schema {link} {{ query: Query }} {rest}");
        Costs::of(&Schema::builder().parse(sdl, "s").build().unwrap_or_else(|wrong| wrong.partial))
    }

    #[test]
    fn the_directives_are_found_under_the_names_they_have_here() {
        for (link, cost, list_size) in [
            ("", "cost", "listSize"),
            (
                "@link(url: \"https://specs.apollo.dev/cost/v0.1\", import: [\"@cost\", \"@listSize\"])",
                "cost",
                "listSize",
            ),
            (
                "@link(url: \"https://specs.apollo.dev/cost/v0.1\", import: [{ name: \"@cost\", as: \"@peso\" }, { name: \"@listSize\", as: \"@lunga\" }])",
                "peso",
                "lunga",
            ),
            ("@link(url: \"https://specs.apollo.dev/cost/v0.1\")", "cost", "cost__listSize"),
            ("@link(url: \"https://specs.apollo.dev/cost/v0.1\", as: \"c\")", "c", "c__listSize"),
        ] {
            let query = format!("type Query {{ a: [Int] @{cost}(weight: 3) @{list_size}(assumedSize: 7) }}");
            let costs = costs(link, &query);
            let field = costs.of_field("Query", "a").unwrap();
            assert_eq!(field.weight, Some(3.0), "{link}");
            assert_eq!(field.list_size.as_ref().unwrap().assumed, Some(7), "{link}");
        }
        let other = "@link(url: \"https://specs.apollo.dev/cost/v0.1\", import: [{ name: \"@cost\", as: \"@peso\" }])";
        assert!(costs(other, "type Query { a: Int @cost(weight: 3) }").of_field("Query", "a").is_none());
    }

    #[test]
    fn weights_stand_on_types_fields_arguments_and_input_fields() {
        let costs = costs(
            "",
            "type Query { a(x: I @cost(weight: \"2.5\"), n: Int): S } scalar S @cost(weight: 0.5)
             enum E @cost(weight: -1) { A } input I { n: Int @cost(weight: 4) m: Int }
             interface N { l(p: P, first: Int): L @listSize(slicingArguments: [\"p.first\", \"first\"], sizedFields: [\"page.items\"], requireOneSlicingArgument: false) }
             type O @cost(weight: 7) { b: Int @cost(weight: \"x\") }",
        );
        assert_eq!(costs.of_field("Query", "a").unwrap().of_argument("x"), Some(2.5));
        assert_eq!(costs.of_field("Query", "a").unwrap().of_argument("n"), None);
        assert_eq!(
            (costs.of_type("S"), costs.of_type("E"), costs.of_type("O")),
            (Some(0.5), Some(-1.0), Some(7.0))
        );
        assert_eq!((costs.of_input("I", "n"), costs.of_input("I", "m")), (Some(4.0), None));
        assert_eq!(costs.of_field("O", "b"), None, "a weight that is no number says nothing");
        let size = costs.of_field("N", "l").unwrap().list_size.clone().unwrap();
        assert_eq!(size.slicing, [path("p.first"), path("first")]);
        assert_eq!((size.sized, size.one_required), (vec![path("page.items")], false));
    }
}
