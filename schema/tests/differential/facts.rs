//! What a schema says, as lines that can be sorted and compared. In: the SDL of a supergraph, or of what clients see. Out: its facts, each
//! in one form however it was written. It judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::{Definition, Directive, Document, InputValueDefinition, Selection, Value};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::{Node, Schema};

/// Sorted facts, one a line.
pub(crate) type Facts = BTreeSet<String>;

/// The facts of a schema. Descriptions are facts too.
pub(crate) fn of(sdl: &str) -> Facts {
    let schema = Schema::builder().adopt_orphan_extensions().parse(sdl, "compared.graphql").build();
    let schema = match schema {
        Ok(schema) => schema,
        Err(bad) => return Facts::from([format!("unreadable: {}", bad.errors)]),
    };
    let mut read = Read { graphs: graphs(&schema), facts: Facts::new() };
    for (name, def) in schema.types.iter().filter(|(name, def)| !def.is_built_in() && !is_machinery(name)) {
        read.one_type(name, def);
    }
    for (name, def) in &schema.directive_definitions {
        if !def.is_built_in() && !is_machinery(name) && !FEDERATION.contains(&name.as_str()) {
            let mut locations: Vec<String> = def.locations.iter().map(ToString::to_string).collect();
            locations.sort();
            read.facts.insert(format!("@{name} on {} repeatable={}", locations.join(" | "), def.repeatable));
            read.arguments(&format!("@{name}"), &def.arguments);
        }
    }
    read.facts
}

/// Directives that the specifications define.
const FEDERATION: [&str; 9] =
    ["tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize", "link", "oneOf"];

fn is_machinery(name: &str) -> bool {
    [
        "join__",
        "link__",
        "core__",
        "requiresScopes__",
        "policy__",
        "federation__",
        "context__",
        "cost__",
        "raccordo__",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// From a value of `join__Graph` to the source's name.
fn graphs(schema: &Schema) -> BTreeMap<String, String> {
    let Some(ExtendedType::Enum(graphs)) = schema.types.get("join__Graph") else { return BTreeMap::new() };
    let name = |directives: &apollo_compiler::ast::DirectiveList| {
        let joined = directives.get("join__graph")?;
        joined.specified_argument_by_name("name")?.as_str().map(str::to_owned)
    };
    graphs
        .values
        .iter()
        .filter_map(|(value, def)| Some((value.to_string(), name(&def.directives)?)))
        .collect()
}

struct Read {
    graphs: BTreeMap<String, String>,
    facts: Facts,
}

impl Read {
    fn say(&mut self, fact: String) {
        self.facts.insert(fact);
    }

    fn described(&mut self, place: &str, description: Option<&Node<str>>) {
        if let Some(text) = description.map(|text| text.trim()).filter(|text| !text.is_empty()) {
            self.say(format!("{place} is described {text:?}"));
        }
    }

    fn one_type(&mut self, name: &str, def: &ExtendedType) {
        let (kind, description) = match def {
            ExtendedType::Scalar(d) => ("scalar", &d.description),
            ExtendedType::Object(d) => ("object", &d.description),
            ExtendedType::Interface(d) => ("interface", &d.description),
            ExtendedType::Union(d) => ("union", &d.description),
            ExtendedType::Enum(d) => ("enum", &d.description),
            ExtendedType::InputObject(d) => ("input", &d.description),
        };
        self.say(format!("{name} is {kind}"));
        self.described(name, description.as_ref());
        let applied: Vec<&Node<Directive>> = def.directives().iter().map(|d| &d.node).collect();
        self.directives(name, &applied);
        let having: Vec<String> =
            applied.iter().filter(|d| d.name == "join__type").filter_map(|d| self.graph_of(d)).collect();
        match def {
            ExtendedType::Scalar(_) => {}
            ExtendedType::Object(d) => {
                d.implements_interfaces.iter().for_each(|i| self.say(format!("{name} implements {i}")));
                d.fields.iter().for_each(|(field, def)| self.field(name, field, def, &having));
            }
            ExtendedType::Interface(d) => {
                d.implements_interfaces.iter().for_each(|i| self.say(format!("{name} implements {i}")));
                d.fields.iter().for_each(|(field, def)| self.field(name, field, def, &having));
            }
            ExtendedType::Union(d) => {
                d.members.iter().for_each(|m| self.say(format!("{name} has member {m}")))
            }
            ExtendedType::Enum(d) => {
                for (value, def) in &d.values {
                    let place = format!("{name}.{value}");
                    self.say(format!("{place} is a value"));
                    self.described(&place, def.description.as_ref());
                    self.directives(&place, &def.directives.iter().collect::<Vec<_>>());
                }
            }
            ExtendedType::InputObject(d) => {
                for (field, def) in &d.fields {
                    let place = format!("{name}.{field}");
                    self.input(&place, def);
                    self.joins(
                        &place,
                        &def.directives.iter().collect::<Vec<_>>(),
                        &def.ty.to_string(),
                        &having,
                    );
                }
            }
        }
    }

    fn field(&mut self, parent: &str, name: &str, def: &Component<FieldDefinition>, having: &[String]) {
        let place = format!("{parent}.{name}");
        self.say(format!("{place}: {}", def.ty));
        self.described(&place, def.description.as_ref());
        self.arguments(&place, &def.arguments);
        let applied: Vec<&Node<Directive>> = def.directives.iter().collect();
        self.directives(&place, &applied);
        self.joins(&place, &applied, &def.ty.to_string(), having);
    }

    /// A field without `@join__field` comes from every source that has the type.
    fn joins(&mut self, place: &str, applied: &[&Node<Directive>], ty: &str, having: &[String]) {
        let joins: Vec<_> = applied.iter().filter(|d| d.name == "join__field").collect();
        if joins.is_empty() {
            having.iter().for_each(|graph| self.say(format!("{place} from {graph} type={ty}")));
        }
        for join in joins {
            let graph = self.graph_of(join).unwrap_or_else(|| "an interface object".to_owned());
            let mut fact = format!("{place} from {graph}");
            let own = text(join, "type").unwrap_or_else(|| ty.to_owned());
            if graph != "an interface object" {
                fact += &format!(" type={own}");
            }
            for name in ["requires", "provides"] {
                fact +=
                    &text(join, name).map(|set| format!(" {name}={}", sorted_set(&set))).unwrap_or_default();
            }
            for name in ["override", "overrideLabel"] {
                fact += &text(join, name).map(|text| format!(" {name}={text}")).unwrap_or_default();
            }
            for name in ["external", "usedOverridden"] {
                let on = join.specified_argument_by_name(name).and_then(|v| v.to_bool()) == Some(true);
                fact += &if on { format!(" {name}") } else { String::new() };
            }
            self.say(fact);
        }
    }

    fn arguments(&mut self, place: &str, arguments: &[Node<InputValueDefinition>]) {
        for argument in arguments {
            self.input(&format!("{place}({}:)", argument.name), argument);
        }
    }

    fn input(&mut self, place: &str, def: &InputValueDefinition) {
        let default = def.default_value.as_ref().map(|v| format!(" = {}", value(v))).unwrap_or_default();
        self.say(format!("{place}: {}{default}", def.ty));
        self.described(place, def.description.as_ref());
        self.directives(place, &def.directives.iter().collect::<Vec<_>>());
    }

    /// Everything applied but `@join__field`, which has facts of its own.
    fn directives(&mut self, place: &str, applied: &[&Node<Directive>]) {
        for directive in applied.iter().filter(|d| d.name != "join__field") {
            let mut arguments: Vec<String> = directive
                .arguments
                .iter()
                .filter(|a| !is_default(&a.name, &a.value))
                .map(|a| match (a.name.as_str(), a.value.as_str(), a.value.as_enum()) {
                    ("key", Some(set), _) => format!("key={}", sorted_set(set)),
                    ("graph", _, Some(graph)) => format!("graph={}", self.name_of(graph)),
                    ("scopes" | "policies", _, _) => format!("{}={}", a.name, sorted_lists(&a.value)),
                    _ => format!("{}={}", a.name, value(&a.value)),
                })
                .collect();
            arguments.sort();
            if directive.name == "deprecated" && arguments.is_empty() {
                arguments.push("reason=\"No longer supported\"".to_owned());
            }
            self.say(format!("{place} @{}({})", directive.name, arguments.join(", ")));
        }
    }

    fn graph_of(&self, directive: &Directive) -> Option<String> {
        Some(self.name_of(directive.specified_argument_by_name("graph")?.as_enum()?))
    }

    fn name_of(&self, graph: &str) -> String {
        self.graphs.get(graph).cloned().unwrap_or_else(|| graph.to_owned())
    }
}

/// Arguments of `@join__type` that say what holds without them.
fn is_default(name: &str, value: &Value) -> bool {
    matches!(
        (name, value),
        ("extension" | "isInterfaceObject", Value::Boolean(false)) | ("resolvable", Value::Boolean(true))
    )
}

fn text(directive: &Directive, name: &str) -> Option<String> {
    directive.specified_argument_by_name(name)?.as_str().map(str::to_owned)
}

fn value(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<String> =
                fields.iter().map(|(name, v)| format!("{name}:{}", self::value(v))).collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(|v| self::value(v)).collect::<Vec<_>>().join(","))
        }
        other => other.serialize().no_indent().to_string(),
    }
}

/// Lists of lists of names, whose order says nothing.
fn sorted_lists(value: &Value) -> String {
    let inner = |v: &Value| {
        let mut words: Vec<String> = v.as_list().unwrap_or_default().iter().map(|v| self::value(v)).collect();
        words.sort();
        format!("[{}]", words.join(","))
    };
    let mut outer: Vec<String> = value.as_list().unwrap_or_default().iter().map(|v| inner(v)).collect();
    outer.sort();
    outer.join(",")
}

/// A field set in an order of its own.
pub(crate) fn sorted_set(text: &str) -> String {
    let Ok(document) = Document::parse(format!("{{ {text} }}"), "set") else {
        return format!("unreadable {text}");
    };
    match document.definitions.first() {
        Some(Definition::OperationDefinition(operation)) => sorted(&operation.selection_set),
        _ => format!("unreadable {text}"),
    }
}

fn sorted(selections: &[Selection]) -> String {
    let one = |selection: &Selection| match selection {
        Selection::Field(field) => {
            let mut arguments: Vec<String> =
                field.arguments.iter().map(|a| format!("{}:{}", a.name, value(&a.value))).collect();
            arguments.sort();
            let arguments =
                if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(",")) };
            let below = if field.selection_set.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", sorted(&field.selection_set))
            };
            format!("{}{arguments}{below}", field.name)
        }
        Selection::InlineFragment(fragment) => {
            let on = fragment.type_condition.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("...{on}{{{}}}", sorted(&fragment.selection_set))
        }
        Selection::FragmentSpread(spread) => format!("...{}", spread.fragment_name),
    };
    let mut parts: Vec<String> = selections.iter().map(one).collect();
    parts.sort();
    parts.join(" ")
}
