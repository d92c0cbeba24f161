//! Where the two composers differ, and the rule that decides. In: one difference on a random graph. Out: why it is right, for what is
//! listed. What isn't listed fails the test.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Definition, Document, FieldDefinition, InputValueDefinition};
use apollo_compiler::{Name, Node};
use raccordo_tests::real::{ComposedElsewhere, ToCompose};

/// One difference with all that is known of its graph.
pub(crate) struct Case<'a> {
    pub(crate) line: &'a str,
    pub(crate) all: &'a BTreeSet<String>,
    pub(crate) sources: &'a [ToCompose],
    pub(crate) theirs: &'a ComposedElsewhere,
}

/// Differences of one kind.
struct Known {
    is: fn(&Case<'_>) -> bool,
    /// The rule that decides it.
    why: &'static str,
}

/// The rule that decides a difference, where it is listed.
pub(crate) fn why(case: &Case<'_>) -> Option<&'static str> {
    KNOWN.iter().find(|known| (known.is)(case)).map(|known| known.why)
}

const KNOWN: &[Known] = &[
    Known {
        is: |case| case.line == "refused here: TYPE_WITH_ONLY_UNUSED_EXTERNAL",
        why: "a v1 source that gives objects of a type of which it knows nothing but unused @external fields is refused, as Apollo's \
              composition does",
    },
    Known {
        is: |case| {
            let v1 = |source: &&ToCompose| !source.sdl.contains("specs.apollo.dev/federation");
            let external = |source: &ToCompose| source.sdl.lines().any(|line| line.ends_with(" @external"));
            case.refused_elsewhere("EXTERNAL_ARGUMENT_MISSING")
                && case.sources.iter().filter(v1).any(external)
        },
        why: "a v1 source's @external field that nothing in it uses is dropped before anything is compared, as Apollo's composition does",
    },
    Known {
        is: |case| case.refused_elsewhere("EXTERNAL_ARGUMENT_MISSING") && case.arguments(|all| all.len() > 2),
        why: "an external field repeats the arguments of the graph, not those that one of several sources takes",
    },
    Known {
        is: |case| {
            let v1 = |source: &&ToCompose| !source.sdl.contains("specs.apollo.dev/federation");
            let unused = |name: &str| {
                let external = |line: &str| line.trim().starts_with(name) && line.ends_with(" @external");
                case.sources.iter().filter(v1).any(|source| source.sdl.lines().any(external))
            };
            let field = case.line.split_once("only elsewhere: Query.").map(|(_, rest)| rest);
            field.and_then(|rest| rest.split([':', ' ']).next()).is_some_and(unused)
        },
        why: "a v1 source's @external field that nothing in it uses is not part of the graph",
    },
    Known {
        is: |case| case.line.starts_with("api, only elsewhere: ") && case.line.contains("@nota"),
        why: "what a linked specification defines is machinery of the supergraph: clients see neither the definition nor where it stands",
    },
    Known {
        is: |case| {
            case.refused_elsewhere("FIELD_ARGUMENT_TYPE_MISMATCH")
                && case.arguments(|all| all.contains(&None))
        },
        why: "an argument that not every source takes is left out of the graph, whatever its types",
    },
    Known {
        is: |case| {
            let optional = |a: &Option<Node<InputValueDefinition>>| {
                a.as_ref().is_none_or(|a| !a.ty.is_non_null() || a.default_value.is_some())
            };
            let rules = [
                "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
                "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
            ];
            rules.iter().any(|rule| case.refused_elsewhere(rule))
                && case.arguments(|all| all.iter().all(optional))
        },
        why: "a non-null argument or input field with a default need not be given (GraphQL, 5.4.3)",
    },
    Known {
        is: |case| {
            case.line == "refused here: INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"
                && case.says("interface Cosa @key")
        },
        why: "a source entered by an interface's key defines every implementation (Federation's list of errors), whether or not an interface object exists",
    },
    Known {
        is: |case| {
            case.line == "refused here: INTERFACE_KEY_NOT_ON_IMPLEMENTATION" && case.says("resolvable: false")
        },
        why: "an implementation whose key isn't resolvable can't be entered by its interface's key",
    },
    Known {
        is: |case| {
            case.line == "refused here: MISSING_TRANSITIVE_AUTH_REQUIREMENTS" && case.says("@interfaceObject")
        },
        why: "the interface's field demands what its implementations do, and so must what an interface object requires",
    },
    Known {
        is: |case| {
            case.line == "refused here: OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"
                && case.says("@interfaceObject")
        },
        why: "@override with an interface object on either side is not defined",
    },
    Known {
        is: |case| case.line == "refused here: EXTERNAL_ON_INTERFACE",
        why: "an interface object's type in another source is an interface, and an interface's field can't be external (Federation's list of errors)",
    },
    Known {
        is: |case| case.line == "refused here: EXTENSION_WITH_NO_BASE" && case.says("extend "),
        why: "some source defines what others extend, interfaces and v1 among them",
    },
    Known {
        is: |case| {
            ["EXTENSION_WITH_NO_BASE", "EXTERNAL_MISSING_ON_BASE", "TYPE_KIND_MISMATCH"]
                .iter()
                .any(|r| case.refused_elsewhere(r))
                && case.says("extend type Ente @key(fields: \"id\") @interfaceObject")
        },
        why: "an interface object may be written as an extension: it is the interface all the same",
    },
    Known {
        is: |case| {
            matches!(
                case.line,
                "refused here: KEY_INVALID_FIELDS" | "refused here: KEY_FIELDS_SELECT_INVALID_TYPE"
            ) && (case.says("type Query @key")
                || case.says("@key(fields: \"sede\")")
                || case.says("@key(fields: \"f"))
        },
        why: "a @key of Query is a @key, and an object in a @key needs a selection",
    },
    Known {
        is: |case| case.line.contains("Query @join__type(graph=") && case.says("type Query @key"),
        why: "a @key of Query is a @key",
    },
    Known {
        is: |case| {
            let hidden = ["REQUIRED_INACCESSIBLE", "REFERENCED_INACCESSIBLE", "ONLY_INACCESSIBLE_CHILDREN"];
            hidden.iter().any(|rule| case.line == format!("refused here: {rule}"))
                && case.says("@inaccessible")
        },
        why: "an input field that is @inaccessible anywhere is kept, and judged, though not every source has it",
    },
    Known {
        is: |case| {
            let kept = ["supergraph, only here: Filtro.", "supergraph, only here: Colore."];
            let place = case
                .line
                .split([':', ' ', '@'])
                .find(|word| word.starts_with("Filtro.") || word.starts_with("Colore."));
            let hidden = place.map(|place| format!("supergraph, only here: {place} @inaccessible()"));
            kept.iter().any(|start| case.line.starts_with(start))
                && hidden.is_some_and(|hidden| case.all.contains(&hidden))
        },
        why: "what no client sees may be missing in some source: it is kept, hidden",
    },
    Known {
        is: |case| {
            case.line == "refused here: SATISFIABILITY_ERROR"
                && case.says("@external")
                && case.says("extend type")
        },
        why: "a v1 extension resolves the fields of its keys; nothing leads there from a source that doesn't know them",
    },
    Known {
        is: |case| {
            case.refused_elsewhere("SATISFIABILITY_ERROR") && case.says("label:") && case.says("@requires")
        },
        why: "what is required may stand under a labelled @override: it is fetched from whichever source the label chooses",
    },
    Known {
        is: |case| case.line == "refused here: INVALID_GRAPHQL" && case.says("@interfaceObject @cost"),
        why: "an interface object is an interface in the graph, where @cost may not stand",
    },
    Known {
        is: |case| {
            case.line.starts_with("supergraph, only elsewhere: Ente.") && case.line.contains("@cost(weight=")
        },
        why: "@cost can't stand on an interface's field (Federation's list of errors): it is kept where the field is resolved",
    },
    Known {
        is: |case| case.differs_by(" external", "Ente."),
        why: "an interface object's @external field isn't resolved there, and its join says so",
    },
    Known {
        is: |case| case.differs_by("!", "Query."),
        why: "a source whose type of a root field is stricter than the graph's says its own type in its join",
    },
    Known {
        is: |case| {
            let elsewhere = case.line.split_once("only elsewhere: ").map_or("", |(_, fact)| fact);
            let here = case.line.split_once("only here: ").map_or("", |(_, fact)| fact);
            let has = |fact: &str| case.all.iter().any(|line| line.ends_with(fact));
            elsewhere.rsplit_once(" = ").is_some_and(|(fact, _)| has(&format!("only here: {fact}")))
                || !here.is_empty()
                    && case.all.iter().any(|line| line.contains(&format!("only elsewhere: {here} = ")))
        },
        why: "a default that only some sources give is no default of the graph: each source applies its own",
    },
    Known {
        is: |case| {
            let elsewhere = case.line.strip_prefix("supergraph, only elsewhere: ").unwrap_or_default();
            elsewhere.ends_with("override=s0")
                || case.all.iter().any(|line| {
                    case.line
                        .strip_prefix("supergraph, only here: ")
                        .is_some_and(|fact| line.ends_with(&format!("{fact} override=s0")))
                })
        },
        why: "an @override of a source that hasn't the field overrides nothing",
    },
    Known {
        is: |case| {
            case.line.starts_with("supergraph, only elsewhere: E")
                && case.line.contains(" from s")
                && case.says("@external")
                && (case.says("@extends {") || case.says("extend type"))
        },
        why: "a v1 extension without a key knows the first key of its type's owner, and no other",
    },
];

impl Case<'_> {
    fn refused_elsewhere(&self, rule: &str) -> bool {
        self.line.strip_prefix("refused elsewhere: ") == Some(rule)
    }

    fn says(&self, text: &str) -> bool {
        self.sources.iter().any(|source| source.sdl.contains(text))
    }

    /// A join fact of a type that one of the two states with something at its end, and the other without.
    fn differs_by(&self, end: &str, start: &str) -> bool {
        let fact = |side: &str| {
            self.line.strip_prefix(&format!("supergraph, only {side}: {start}")).map(str::to_owned)
        };
        let other =
            |side: &str, fact: String| self.all.contains(&format!("supergraph, only {side}: {start}{fact}"));
        fact("elsewhere").is_some_and(|f| other("here", f + end))
            || fact("here")
                .is_some_and(|f| f.strip_suffix(end).is_some_and(|f| other("elsewhere", f.to_owned())))
    }

    /// Whether, for each coordinate that the other composer's messages on this rule name, what the sources say of it passes. A source
    /// that has the field, or the input object, and not the argument, or the input field, counts as `None`.
    fn arguments(&self, passes: impl Fn(&[Option<Node<InputValueDefinition>>]) -> bool) -> bool {
        let ComposedElsewhere::Refused(errors) = self.theirs else { return false };
        let told: Vec<&str> = errors
            .iter()
            .filter(|(code, _)| self.refused_elsewhere(code))
            .filter_map(|(_, message)| message.split('"').nth(1))
            .collect();
        !told.is_empty() && told.iter().all(|place| passes(&self.of(place)))
    }

    fn of(&self, place: &str) -> Vec<Option<Node<InputValueDefinition>>> {
        let parts: Vec<&str> = place.split(['.', '(', ':', ')']).filter(|part| !part.is_empty()).collect();
        self.sources.iter().filter_map(|source| of_source(&source.sdl, &parts)).collect()
    }
}

fn of_source(sdl: &str, parts: &[&str]) -> Option<Option<Node<InputValueDefinition>>> {
    let document = Document::parse(sdl, "compared.graphql").ok()?;
    let find = |all: &[Node<InputValueDefinition>], name: &str| all.iter().find(|a| a.name == name).cloned();
    let is = |name: &Name| parts.first().is_some_and(|part| *name == **part);
    let field = |fields: &[Node<FieldDefinition>]| {
        fields
            .iter()
            .find(|f| parts.get(1).is_some_and(|part| f.name == *part))
            .map(|f| find(&f.arguments, parts.get(2).unwrap_or(&"")))
    };
    document.definitions.iter().find_map(|definition| match definition {
        Definition::InputObjectTypeDefinition(d) if is(&d.name) => {
            Some(find(&d.fields, parts.get(1).unwrap_or(&"")))
        }
        Definition::ObjectTypeDefinition(d) if is(&d.name) => field(&d.fields),
        Definition::ObjectTypeExtension(d) if is(&d.name) => field(&d.fields),
        _ => None,
    })
}
