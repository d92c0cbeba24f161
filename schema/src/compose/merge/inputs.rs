//! Arguments and input fields: what every source takes, in the strictest type.

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;
use rustc_hash::FxHashSet;

use super::{Instance, Merging, types};
use crate::Diagnostic;
use crate::compose::marks::Marks;
use crate::compose::subgraph::{Field, Input, Subgraph};
use crate::compose::supergraph::{Graph, MergedInput};

/// An argument or input field as one source has it.
type Given<'a> = (Graph, &'a Subgraph, &'a Input);

/// The rules that differ between arguments, input fields and arguments of directives.
pub(super) struct Rules {
    mismatch: &'static str,
    /// Given several defaults; nothing when that is only worth a warning.
    default: Option<&'static str>,
    missing: &'static str,
    absent: &'static str,
    /// What is `@inaccessible` needn't be in every source.
    hidden_may_lack: bool,
    coordinate: fn(&str, &Name) -> String,
}

const ARGUMENT: Rules = Rules {
    mismatch: "FIELD_ARGUMENT_TYPE_MISMATCH",
    default: Some("FIELD_ARGUMENT_DEFAULT_MISMATCH"),
    missing: "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    absent: "INCONSISTENT_ARGUMENT_PRESENCE",
    hidden_may_lack: false,
    coordinate: |field, name| format!("{field}({name}:)"),
};

const INPUT_FIELD: Rules = Rules {
    mismatch: "FIELD_TYPE_MISMATCH",
    default: Some("INPUT_FIELD_DEFAULT_MISMATCH"),
    missing: "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
    absent: "INCONSISTENT_INPUT_OBJECT_FIELD",
    hidden_may_lack: true,
    coordinate: |input, name| format!("{input}.{name}"),
};

/// Of executable directives: each source reads its own default where none is given.
pub(super) const DIRECTIVE: Rules = Rules {
    mismatch: "FIELD_ARGUMENT_TYPE_MISMATCH",
    default: None,
    missing: "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    absent: "INCONSISTENT_ARGUMENT_PRESENCE",
    hidden_may_lack: false,
    coordinate: |directive, name| format!("@{directive}({name}:)"),
};

impl<'a> Merging<'a> {
    /// The fields of an input object that every source has.
    pub(super) fn input_fields(
        &mut self,
        name: &Name,
        instances: &[Instance<'a>],
    ) -> IndexMap<Name, MergedInput> {
        let holders: Vec<_> = instances.iter().map(|i| (i.graph, i.source, &i.def.inputs)).collect();
        let merged = self.common(name, &holders, &INPUT_FIELD);
        if merged.is_empty()
            && let Some(first) = instances.first()
        {
            let message = format!("no field of the input object `{name}` is in every source");
            let at = first.source.locate(first.def.at);
            let diagnostic = Diagnostic::error("EMPTY_MERGED_INPUT_TYPE", at, message);
            self.problems.push(diagnostic.help("give the sources at least one field in common"));
        }
        merged
    }

    /// The arguments of a field that every source resolving it takes.
    pub(super) fn arguments(
        &mut self,
        place: &str,
        fields: &[(Graph, &'a Subgraph, &'a Field)],
    ) -> IndexMap<Name, MergedInput> {
        let holders: Vec<_> = fields.iter().map(|(g, s, f)| (*g, *s, &f.arguments)).collect();
        let mut merged = self.common(place, &holders, &ARGUMENT);
        merged.values_mut().for_each(|argument| argument.joins.clear());
        merged
    }

    /// What every holder has, merged.
    pub(super) fn common(
        &mut self,
        place: &str,
        holders: &[(Graph, &'a Subgraph, &'a IndexMap<Name, Input>)],
        rules: &Rules,
    ) -> IndexMap<Name, MergedInput> {
        let mut merged = IndexMap::new();
        let mut seen: FxHashSet<&Name> = FxHashSet::default();
        for name in holders.iter().flat_map(|(_, _, inputs)| inputs.keys()) {
            if !seen.insert(name) {
                continue;
            }
            let given: Vec<Given<'a>> =
                holders.iter().filter_map(|(g, s, all)| Some((*g, *s, all.get(name)?))).collect();
            let lacking = holders.iter().find(|(_, _, all)| !all.contains_key(name));
            // What no client sees may be missing somewhere: nothing is passed on.
            let hidden = rules.hidden_may_lack && given.iter().any(|(_, _, input)| input.marks.inaccessible);
            if let Some((_, lacking, _)) = lacking.filter(|_| !hidden) {
                self.left_out(&(rules.coordinate)(place, name), &given, lacking, rules);
                continue;
            }
            let everywhere = lacking.is_none();
            if let Some(input) = self.one_input(&(rules.coordinate)(place, name), &given, everywhere, rules) {
                merged.insert(name.clone(), input);
            }
        }
        merged
    }

    /// What isn't everywhere can't be passed on; that is refused where a source insists on it.
    fn left_out(&mut self, place: &str, given: &[Given<'a>], lacking: &Subgraph, rules: &Rules) {
        let insisting = given.iter().find(|(_, _, input)| input.required());
        if let Some((_, source, input)) = insisting {
            let message = format!(
                "`{place}` must be given in `{}`, but `{}` doesn't take it",
                source.name, lacking.name
            );
            let diagnostic = Diagnostic::error(rules.missing, source.locate(input.at), message);
            self.problems.push(diagnostic.help(format!("add it to `{}`, or make it optional", lacking.name)));
        } else if let Some((_, source, input)) = given.first() {
            let message = format!("`{place}` is left out of the graph: `{}` doesn't take it", lacking.name);
            self.warnings.push(Diagnostic::warning(rules.absent, source.locate(input.at), message));
        }
    }

    fn one_input(
        &mut self,
        place: &str,
        given: &[Given<'a>],
        everywhere: bool,
        rules: &Rules,
    ) -> Option<MergedInput> {
        let all: Vec<&Type> = given.iter().map(|(_, _, input)| &input.ty).collect();
        let Some(ty) = self.input_type(&all) else {
            self.input_mismatch(place, given, rules);
            return None;
        };
        let equal = everywhere && all.iter().all(|t| **t == ty);
        let joins = given.iter().map(|(graph, _, input)| (*graph, input.ty.to_string()));
        Some(MergedInput {
            description: types::description(given.iter().map(|(_, _, i)| i.description.as_deref())),
            default: self.default(place, given, rules),
            joins: if equal { Vec::new() } else { joins.collect() },
            marks: Marks::merge(given.iter().map(|(_, _, i)| &i.marks)),
            ty,
        })
    }

    fn input_mismatch(&mut self, place: &str, given: &[Given<'a>], rules: &Rules) {
        let Some((_, first, input)) = given.first() else { return };
        let other = given.iter().find(|(_, _, i)| self.input_type(&[&i.ty, &input.ty]).is_none());
        let Some((_, source, clash)) = other.or_else(|| given.last()) else { return };
        let message = format!(
            "`{place}` has type `{}` in `{}`, but `{}` in `{}`",
            input.ty, first.name, clash.ty, source.name
        );
        let diagnostic = Diagnostic::error(rules.mismatch, source.locate(clash.at), message);
        self.problems.push(diagnostic.help("give it one type in all sources; only nullability may differ"));
    }

    /// The default that all give. Where only some do there is none: each source reads its own.
    fn default(&mut self, place: &str, given: &[Given<'a>], rules: &Rules) -> Option<Node<Value>> {
        let mut said =
            given.iter().filter_map(|(_, source, input)| Some((source, input, input.default.as_ref()?)));
        let (first, _, default) = said.next()?;
        let clash = said.find(|(_, _, other)| *other != default);
        let everywhere = given.iter().all(|(_, _, input)| input.default.as_ref() == Some(default));
        if everywhere {
            return Some(default.clone());
        }
        let (source, input, what) = match clash {
            Some((source, input, other)) => (source, input, format!("`{}`", other.serialize().no_indent())),
            None => {
                let without = given.iter().find(|(_, _, input)| input.default.is_none());
                let (_, source, input) = without?;
                (source, input, "none".to_owned())
            }
        };
        let message = format!(
            "the default of `{place}` is `{}` in `{}`, but {what} in `{}`",
            default.serialize().no_indent(),
            first.name,
            source.name
        );
        let at = source.locate(input.at);
        match rules.default.filter(|_| clash.is_some()) {
            Some(rule) => {
                let diagnostic = Diagnostic::error(rule, at, message);
                self.problems.push(diagnostic.help("give it the same default in all sources"));
            }
            None => {
                self.warnings.push(Diagnostic::warning("INCONSISTENT_DEFAULT_VALUE_PRESENCE", at, message))
            }
        }
        None
    }
}
