//! The composed graph as supergraph SDL in the join specification, version 0.4. Types by name, sources by name: the same graph
//! always gives the same text. It decides nothing.

use std::fmt::Write as _;

use super::definitions::{
    AUTHENTICATED, COST, INACCESSIBLE, JOIN_DEFINITIONS, ONE_OF, POLICY, RACCORDO, REQUIRES_SCOPES, TAG,
};
use super::marks::{Features, Marks};
use super::subgraph::{Kind, Subgraph};
use super::supergraph::{Graph, JoinField, Merged, MergedField, MergedInput, MergedType};
use super::text::{description, quoted};

/// Prints the supergraph.
pub(crate) fn print(sources: &[Subgraph], merged: &Merged) -> String {
    let features = features(merged);
    let mut out = String::new();
    schema(&mut out, merged, &features);
    out.push_str(JOIN_DEFINITIONS);
    let optional = [
        (features.tag, TAG),
        (features.inaccessible, INACCESSIBLE),
        (features.authenticated, AUTHENTICATED),
        (features.requires_scopes, REQUIRES_SCOPES),
        (features.policy, POLICY),
        (features.cost, COST),
        (features.one_of, ONE_OF),
        (features.raccordo, RACCORDO),
    ];
    for (_, text) in optional.iter().filter(|(used, _)| *used) {
        let _ = write!(out, "\n{text}");
    }
    graphs(&mut out, sources);
    for directive in &merged.directives {
        let _ = writeln!(out, "\n{}", directive.serialize().to_string().trim_end());
    }
    let printer = Printer { sources };
    for (name, def) in &merged.types {
        printer.one_type(&mut out, name, def);
    }
    out
}

fn features(merged: &Merged) -> Features {
    let mut features = Features::default();
    for def in merged.types.values() {
        def.marks.note(&mut features);
        for field in def.fields.values() {
            field.marks.note(&mut features);
            field.arguments.values().for_each(|a| a.marks.note(&mut features));
        }
        def.values.values().for_each(|v| v.marks.note(&mut features));
        def.inputs.values().for_each(|i| i.marks.note(&mut features));
    }
    features
}

fn schema(out: &mut String, merged: &Merged, features: &Features) {
    out.push_str("schema\n  @link(url: \"https://specs.apollo.dev/link/v1.0\")\n");
    out.push_str("  @link(url: \"https://specs.apollo.dev/join/v0.4\", for: EXECUTION)\n");
    let links = [
        (features.tag, "tag/v0.3", ""),
        (features.inaccessible, "inaccessible/v0.2", ", for: SECURITY"),
        (features.authenticated, "authenticated/v0.1", ", for: SECURITY"),
        (features.requires_scopes, "requiresScopes/v0.1", ", for: SECURITY"),
        (features.policy, "policy/v0.1", ", for: SECURITY"),
        (features.cost, "cost/v0.1", ", import: [\"@cost\", \"@listSize\"]"),
    ];
    for (_, spec, rest) in links.iter().filter(|(used, _, _)| *used) {
        let _ = writeln!(out, "  @link(url: \"https://specs.apollo.dev/{spec}\"{rest})");
    }
    if features.raccordo {
        let _ = writeln!(out, "  @link(url: \"{}/v0.1\", as: \"raccordo\")", super::links::CONNECT_SPEC);
    }
    composed_links(out, merged);
    out.push_str("{\n  query: Query\n");
    for (name, operation) in [("Mutation", "mutation"), ("Subscription", "subscription")] {
        if merged.types.contains_key(name) {
            let _ = writeln!(out, "  {operation}: {name}");
        }
    }
    out.push_str("}\n\n");
}

fn composed_links(out: &mut String, merged: &Merged) {
    let mut done: Vec<&str> = Vec::new();
    for composed in &merged.composed {
        if done.contains(&composed.identity.as_str()) {
            continue;
        }
        done.push(&composed.identity);
        let imports = merged.composed.iter().filter(|c| c.identity == composed.identity).map(|c| {
            let (name, original) = (quoted(&format!("@{}", c.name)), quoted(&format!("@{}", c.original)));
            if name == original { name } else { format!("{{ name: {original}, as: {name} }}") }
        });
        let imports: Vec<String> = imports.collect();
        let _ = writeln!(out, "  @link(url: {}, import: [{}])", quoted(&composed.url), imports.join(", "));
    }
}

fn graphs(out: &mut String, sources: &[Subgraph]) {
    out.push_str("\nenum join__Graph {\n");
    for source in sources {
        let (name, url) = (quoted(&source.name), quoted(&source.url));
        let _ = writeln!(out, "  {} @join__graph(name: {name}, url: {url})", source.graph);
    }
    out.push_str("}\n");
}

struct Printer<'a> {
    sources: &'a [Subgraph],
}

impl Printer<'_> {
    fn graph(&self, graph: Graph) -> &str {
        self.sources.get(graph).map_or("", |source| source.graph.as_str())
    }

    fn one_type(&self, out: &mut String, name: &str, def: &MergedType) {
        let keyword = match def.kind {
            Kind::Scalar => "scalar",
            Kind::Object => "type",
            Kind::Interface => "interface",
            Kind::Union => "union",
            Kind::Enum => "enum",
            Kind::Input => "input",
        };
        let _ = write!(out, "\n{}{keyword} {name}", description(def.description.as_deref(), ""));
        if !def.implements.is_empty() {
            let names: Vec<&str> = def.implements.keys().map(|n| n.as_str()).collect();
            let _ = write!(out, " implements {}", names.join(" & "));
        }
        self.type_directives(out, def);
        match def.kind {
            Kind::Scalar => out.push('\n'),
            Kind::Union => {
                let names: Vec<&str> = def.members.keys().map(|n| n.as_str()).collect();
                let _ = writeln!(out, "\n  = {}", names.join(" | "));
            }
            _ => self.body(out, def),
        }
    }

    fn type_directives(&self, out: &mut String, def: &MergedType) {
        for join in &def.joins {
            let _ = write!(out, "\n  @join__type(graph: {}", self.graph(join.graph));
            if let Some(key) = &join.key {
                let _ = write!(out, ", key: {}", quoted(key));
            }
            let flags = [
                (join.extension, ", extension: true"),
                (!join.resolvable, ", resolvable: false"),
                (join.interface_object, ", isInterfaceObject: true"),
            ];
            flags.iter().filter(|(on, _)| *on).for_each(|(_, text)| out.push_str(text));
            out.push(')');
        }
        for (interface, graphs) in &def.implements {
            for graph in graphs {
                let graph = self.graph(*graph);
                let _ = write!(out, "\n  @join__implements(graph: {graph}, interface: \"{interface}\")");
            }
        }
        for (member, graphs) in &def.members {
            for graph in graphs {
                let _ = write!(
                    out,
                    "\n  @join__unionMember(graph: {}, member: \"{member}\")",
                    self.graph(*graph)
                );
            }
        }
        marks(out, &def.marks, "\n ");
    }

    fn body(&self, out: &mut String, def: &MergedType) {
        out.push_str("\n{\n");
        for (name, field) in &def.fields {
            self.field(out, name, field);
        }
        for (name, value) in &def.values {
            let _ = write!(out, "{}  {name}", description(value.description.as_deref(), "  "));
            for graph in &value.graphs {
                let _ = write!(out, " @join__enumValue(graph: {})", self.graph(*graph));
            }
            out.push_str(&value.marks.print());
            out.push('\n');
        }
        for (name, input) in &def.inputs {
            out.push_str(&description(input.description.as_deref(), "  "));
            let _ = write!(out, "  {}", value_definition(name, input));
            for (graph, ty) in &input.joins {
                let _ = write!(out, " @join__field(graph: {}, type: {})", self.graph(*graph), quoted(ty));
            }
            out.push_str(&input.marks.print());
            out.push('\n');
        }
        out.push_str("}\n");
    }

    fn field(&self, out: &mut String, name: &str, field: &MergedField) {
        let _ = write!(out, "{}  {name}", description(field.description.as_deref(), "  "));
        let described = field.arguments.values().any(|a| a.description.is_some());
        if !field.arguments.is_empty() {
            let arguments = field.arguments.iter().map(|(name, argument)| {
                let text = format!("{}{}", value_definition(name, argument), argument.marks.print());
                if described {
                    format!("\n{}    {text}", description(argument.description.as_deref(), "    "))
                } else {
                    text
                }
            });
            let arguments: Vec<String> = arguments.collect();
            let (separator, end) = if described { ("", "\n  )") } else { (", ", ")") };
            let _ = write!(out, "({}{end}", arguments.join(separator));
        }
        let _ = write!(out, ": {}", field.ty);
        field.joins.iter().for_each(|join| self.join_field(out, join));
        out.push_str(&field.marks.print());
        out.push('\n');
    }

    fn join_field(&self, out: &mut String, join: &JoinField) {
        let mut arguments: Vec<String> = Vec::new();
        if let Some(graph) = join.graph {
            arguments.push(format!("graph: {}", self.graph(graph)));
        }
        let texts = [
            ("requires", &join.requires),
            ("provides", &join.provides),
            ("type", &join.ty),
            ("override", &join.overrides),
            ("overrideLabel", &join.override_label),
        ];
        for (name, text) in texts {
            arguments.extend(text.as_ref().map(|text| format!("{name}: {}", quoted(text))));
        }
        for (on, name) in [(join.external, "external"), (join.used_overridden, "usedOverridden")] {
            arguments.extend(on.then(|| format!("{name}: true")));
        }
        out.push_str(" @join__field");
        if !arguments.is_empty() {
            let _ = write!(out, "({})", arguments.join(", "));
        }
    }
}

fn value_definition(name: &str, input: &MergedInput) -> String {
    let mut out = format!("{name}: {}", input.ty);
    if let Some(default) = &input.default {
        let _ = write!(out, " = {}", default.serialize().no_indent());
    }
    out
}

fn marks(out: &mut String, marks: &Marks, before: &str) {
    let text = marks.print();
    if !text.is_empty() {
        let _ = write!(out, "{before}{text}");
    }
}
