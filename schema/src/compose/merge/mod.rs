//! Many sources' graphs into one. In: checked sources. Out: `Merged`, or every disagreement. One file for each kind of thing.

mod access;
mod directives;
mod enums;
mod externals;
mod fields;
mod inaccessible;
mod inputs;
mod interfaces;
mod overrides;
mod sharing;
mod types;

pub(crate) use directives::is_executable;

use std::collections::BTreeMap;

use apollo_compiler::Name;
use rustc_hash::FxHashSet;

use super::subgraph::{Kind, Subgraph, TypeDef};
use super::supergraph::{Graph, JoinType, Merged, MergedType};
use super::text;
use crate::Diagnostic;

/// A type as one source has it.
#[derive(Clone, Copy)]
pub(crate) struct Instance<'a> {
    pub(crate) graph: Graph,
    pub(crate) source: &'a Subgraph,
    pub(crate) def: &'a TypeDef,
}

/// What merging works on and with.
pub(crate) struct Merging<'a> {
    pub(crate) sources: &'a [Subgraph],
    /// Names used as types of arguments and input fields.
    inputs: FxHashSet<&'a str>,
    /// Names used as types of output fields.
    outputs: FxHashSet<&'a str>,
    pub(crate) problems: Vec<Diagnostic>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Merges the sources. Problems are told beside the result, so that the caller decides.
pub(crate) fn merge(sources: &[Subgraph]) -> (Merged, Vec<Diagnostic>, Vec<Diagnostic>) {
    let (inputs, outputs) = usage(sources);
    let mut merging = Merging { sources, inputs, outputs, problems: Vec::new(), warnings: Vec::new() };
    let mut merged = Merged::default();
    for (name, instances) in by_name(sources) {
        if let Some(def) = merging.one_type(&name, &instances) {
            merged.types.insert(name, def);
        }
    }
    interfaces::complete(&mut merging, &mut merged);
    access::complete(&mut merging, &mut merged);
    directives::merge(&mut merging, &mut merged);
    inaccessible::check(&mut merging, &merged);
    merging.queries(&merged);
    (merged, merging.problems, merging.warnings)
}

fn by_name(sources: &[Subgraph]) -> BTreeMap<Name, Vec<Instance<'_>>> {
    let mut all: BTreeMap<Name, Vec<Instance<'_>>> = BTreeMap::new();
    for (graph, source) in sources.iter().enumerate() {
        for def in source.types.values() {
            all.entry(def.name.clone()).or_default().push(Instance { graph, source, def });
        }
    }
    all
}

fn usage(sources: &[Subgraph]) -> (FxHashSet<&str>, FxHashSet<&str>) {
    let (mut inputs, mut outputs) = (FxHashSet::default(), FxHashSet::default());
    for def in sources.iter().flat_map(|source| source.types.values()) {
        inputs.extend(def.inputs.values().map(|input| input.ty.inner_named_type().as_str()));
        for field in def.fields.values() {
            outputs.insert(field.ty.inner_named_type().as_str());
            inputs.extend(field.arguments.values().map(|a| a.ty.inner_named_type().as_str()));
        }
    }
    for directive in sources.iter().flat_map(|source| source.directives.values()) {
        inputs.extend(directive.arguments.values().map(|a| a.ty.inner_named_type().as_str()));
    }
    (inputs, outputs)
}

impl<'a> Merging<'a> {
    fn one_type(&mut self, name: &Name, instances: &[Instance<'a>]) -> Option<MergedType> {
        let kind = self.kind(name, instances)?;
        let mut merged = MergedType::new(kind);
        merged.description = types::description(instances.iter().map(|i| i.def.description.as_deref()));
        merged.marks = super::marks::Marks::merge(instances.iter().map(|i| &i.def.marks));
        self.subject(name, instances);
        self.base(name, instances);
        merged.joins = instances.iter().flat_map(join_types).collect();
        for instance in instances {
            for interface in instance.def.implements.keys() {
                merged.implements.entry(interface.clone()).or_default().push(instance.graph);
            }
            for member in instance.def.members.keys() {
                merged.members.entry(member.clone()).or_default().push(instance.graph);
            }
        }
        match kind {
            Kind::Object | Kind::Interface => merged.fields = self.fields(name, kind, instances),
            Kind::Enum => merged.values = self.enum_values(name, instances),
            Kind::Input => merged.inputs = self.input_fields(name, instances),
            Kind::Scalar | Kind::Union => {}
        }
        Some(merged)
    }

    /// The one kind that all sources give a type.
    fn kind(&mut self, name: &Name, instances: &[Instance<'a>]) -> Option<Kind> {
        let first = instances.first()?;
        let kind = first.def.graph_kind();
        let other = instances.iter().find(|i| i.def.graph_kind() != kind);
        let Some(other) = other else { return Some(kind) };
        let (a, b) = (kind.words(), other.def.graph_kind().words());
        let message =
            format!("`{name}` is {a} in `{}`, but {b} in `{}`", first.source.name, other.source.name);
        let diagnostic = Diagnostic::error("TYPE_KIND_MISMATCH", other.source.locate(other.def.at), message);
        self.problems.push(diagnostic.help("give the type one kind everywhere, or rename one of them"));
        None
    }

    fn subject(&mut self, name: &Name, instances: &[Instance<'a>]) {
        let mut said = instances.iter().filter_map(|i| i.def.marks.subject.as_ref().map(|key| (i, key)));
        let Some((first, key)) = said.next() else { return };
        if let Some((other, other_key)) = said.find(|(_, k)| *k != key) {
            let message = format!(
                "`{name}` is a subject by `{key}` in `{}`, but by `{other_key}` in `{}`",
                first.source.name, other.source.name
            );
            let at = other.source.locate(other.def.at);
            let diagnostic = Diagnostic::error("SUBJECT_KEY_MISMATCH", at, message);
            self.problems.push(diagnostic.help("one field names the person in the whole graph"));
        }
    }

    /// An extension extends something that some source defines.
    fn base(&mut self, name: &Name, instances: &[Instance<'a>]) {
        let root = matches!(name.as_str(), "Query" | "Mutation" | "Subscription");
        let Some(first) = instances.first().filter(|_| !root) else { return };
        if instances.iter().all(|i| i.def.only_extended) {
            let message = format!("`{name}` is only ever extended: no source defines it");
            let at = first.source.locate(first.def.at);
            let diagnostic = Diagnostic::error("EXTENSION_WITH_NO_BASE", at, message);
            self.problems.push(diagnostic.help("write it without `extend` in one source"));
        }
    }

    fn queries(&mut self, merged: &Merged) {
        let any = merged.types.get("Query").is_some_and(|query| !query.fields.is_empty());
        if !any {
            let at =
                crate::Location::file(self.sources.first().map_or_else(|| "".into(), |s| s.file.clone()));
            let diagnostic = Diagnostic::error("NO_QUERIES", at, "no source defines a field of `Query`");
            self.problems.push(diagnostic.help("define at least one query in one source"));
        }
    }

    /// Whether the name is used as an input, as an output.
    pub(crate) fn positions(&self, name: &str) -> (bool, bool) {
        (self.inputs.contains(name), self.outputs.contains(name))
    }
}

fn join_types(instance: &Instance<'_>) -> Vec<JoinType> {
    let join = |key, extension, resolvable| JoinType {
        graph: instance.graph,
        key,
        extension,
        resolvable,
        interface_object: instance.def.interface_object,
    };
    if instance.def.keys.is_empty() {
        return vec![join(None, false, true)];
    }
    let keys = instance.def.keys.iter();
    keys.map(|key| join(Some(text::field_set(&key.fields.selections)), key.said, key.resolvable)).collect()
}
