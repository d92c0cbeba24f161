//! Uses of our directives in; what in them doesn't fit `connect.graphql` out. Knows types and names, not meanings.

use apollo_compiler::ast::{Directive, DirectiveDefinition, InputValueDefinition, Type, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

use super::document::{Document, Places, Use};
use super::links::{FEDERATION, Meaning, VOCABULARY};
use super::{CONNECT_URL, CONNECT_VERSION};
use crate::Diagnostic;
use crate::suggest::{known_words, nearest};

/// Checks every use of a directive of ours, and that every other directive is known.
/// Gives the places that need no second opinion, and those of uses that are wrong, so that nothing is read from them.
pub(crate) fn check_uses(document: &Document, found: &mut Vec<Diagnostic>) -> Checked {
    let mut checked = Checked::default();
    for usage in document.uses() {
        let span = usage.directive.location();
        match document.links.meaning(&usage.directive.name) {
            Some(Meaning::Connect(name)) => {
                checked.spans.extend(span);
                let before = found.len();
                if let Some(definition) = VOCABULARY.directive_definitions.get(name) {
                    check_use(&usage, definition, &document.places, found);
                }
                if found.len() > before {
                    checked.wrong.extend(span);
                }
            }
            Some(Meaning::Federation(_)) => {}
            None if document.schema.directive_definitions.contains_key(&usage.directive.name) => {}
            None if document.links.is_foreign(&usage.directive.name) => checked.spans.extend(span),
            None => {
                checked.spans.extend(span);
                found.push(unknown_directive(document, &usage));
            }
        }
    }
    checked
}

/// What [`check_uses`] went through.
#[derive(Default)]
pub(crate) struct Checked {
    /// Uses that GraphQL's own validation need not look at.
    pub(crate) spans: Vec<SourceSpan>,
    wrong: Vec<SourceSpan>,
}

impl Checked {
    /// Whether a use fits the vocabulary, so that it can be read.
    pub(crate) fn fits(&self, directive: &Node<Directive>) -> bool {
        directive.location().is_none_or(|span| !self.wrong.contains(&span))
    }
}

fn unknown_directive(document: &Document, usage: &Use<'_>) -> Diagnostic {
    let name = usage.directive.name.as_str();
    let at = document.places.at(usage.directive);
    let unknown = Diagnostic::error("UNKNOWN_DIRECTIVE", at, format!("`@{name}` is not known here"));
    let has = |vocabulary: &apollo_compiler::Schema| vocabulary.directive_definitions.contains_key(name);
    if has(&VOCABULARY) {
        return unknown.help(match document.links.connect {
            true => format!("add \"@{name}\" to the `import` of the connector vocabulary's `@link`"),
            false => format!(
                "link the vocabulary: `extend schema @link(url: \"{CONNECT_URL}/{CONNECT_VERSION}\", import: [\"@{name}\"])`"
            ),
        });
    }
    if has(&FEDERATION) {
        return unknown.help(format!("add \"@{name}\" to the `import` of Federation's `@link`"));
    }
    let known: Vec<&str> = VOCABULARY
        .directive_definitions
        .keys()
        .chain(FEDERATION.directive_definitions.keys())
        .map(Name::as_str)
        .collect();
    match nearest(name, known) {
        Some(word) => unknown.help(format!("did you mean `@{word}`?")),
        None => unknown.help("define it in this file, or import it with `@link`"),
    }
}

fn check_use(
    usage: &Use<'_>,
    definition: &DirectiveDefinition,
    places: &Places,
    found: &mut Vec<Diagnostic>,
) {
    let directive = usage.directive;
    let name = &directive.name;
    if !definition.locations.contains(&usage.location) {
        let right: Vec<&str> = definition.locations.iter().map(|location| word(location.name())).collect();
        found.push(
            Diagnostic::error(
                "WRONG_LOCATION",
                places.at(directive),
                format!("`@{name}` may not stand on {} `{}`", word(usage.location.name()), usage.on),
            )
            .help(format!("it stands on {}", right.join(" or "))),
        );
    }
    if usage.repeated && !definition.repeatable {
        let message = format!("`@{name}` stands twice on `{}`", usage.on);
        found.push(Diagnostic::error("REPEATED_DIRECTIVE", places.at(directive), message).help("keep one"));
    }
    let given: Vec<(&Name, &Node<Value>)> =
        directive.arguments.iter().map(|argument| (&argument.name, &argument.value)).collect();
    let path = Path { directive: name, members: Vec::new() };
    let known: Vec<_> = definition.arguments.iter().map(|argument| &**argument).collect();
    let mut check = Check { places, found };
    check.members(&path, &given, &known, places.at(directive));
}

/// How a directive's location is said.
fn word(location: &str) -> &str {
    match location {
        "OBJECT" => "an object type",
        "FIELD_DEFINITION" => "a field",
        "ARGUMENT_DEFINITION" => "an argument",
        "ENUM_VALUE" => "an enum value",
        "INTERFACE" => "an interface",
        "UNION" => "a union",
        "ENUM" => "an enum",
        "SCALAR" => "a scalar",
        "INPUT_OBJECT" => "an input",
        "INPUT_FIELD_DEFINITION" => "an input's field",
        "SCHEMA" => "the schema",
        other => other,
    }
}

/// Where in a directive we are, to say it as the user writes it: `@connect(filter: { op: })`.
struct Path<'a> {
    directive: &'a str,
    members: Vec<&'a str>,
}

impl<'a> Path<'a> {
    fn to(&self, member: &'a str) -> Self {
        let members = self.members.iter().copied().chain([member]).collect();
        Self { directive: self.directive, members }
    }

    /// A parameter's value and a source's code may be the empty text; a name or a program may not.
    fn may_be_empty(&self) -> bool {
        self.members.last().is_some_and(|last| matches!(*last, "value" | "is"))
    }

    fn text(&self) -> String {
        let Some((last, outer)) = self.members.split_last() else { return format!("@{}", self.directive) };
        let opened = outer.iter().map(|member| format!("{member}: {{ ")).collect::<String>();
        format!("@{}({opened}{last}:{})", self.directive, " }".repeat(outer.len()))
    }
}

struct Check<'a> {
    places: &'a Places,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    /// The arguments of a directive or the members of an input object.
    fn members(
        &mut self,
        path: &Path<'_>,
        given: &[(&Name, &Node<Value>)],
        known: &[&InputValueDefinition],
        at: crate::Location,
    ) {
        for (index, (name, value)) in given.iter().enumerate() {
            match known.iter().find(|definition| definition.name == **name) {
                None => self.unknown(path, name, known),
                Some(_) if given.iter().take(index).any(|(earlier, _)| earlier == name) => {
                    let message = format!("`{}` is given twice", path.to(name).text());
                    let at = self.places.at_name(name);
                    self.found.push(Diagnostic::error("REPEATED_ARGUMENT", at, message).help("keep one"));
                }
                Some(definition) => self.value(&path.to(name), value, &definition.ty),
            }
        }
        for definition in known.iter().filter(|d| d.ty.is_non_null() && d.default_value.is_none()) {
            if !given.iter().any(|(name, _)| **name == definition.name) {
                let message = format!("`{}` is missing", path.to(&definition.name).text());
                let help = format!("it is a value of type `{}`", definition.ty);
                self.found.push(Diagnostic::error("MISSING_ARGUMENT", at.clone(), message).help(help));
            }
        }
    }

    fn unknown(&mut self, path: &Path<'_>, name: &Name, known: &[&InputValueDefinition]) {
        let message = format!("`{}` has no `{name}`", path.text());
        self.found.push(
            Diagnostic::error("UNKNOWN_ARGUMENT", self.places.at_name(name), message)
                .help(known_words(name, known.iter().map(|definition| definition.name.as_str()))),
        );
    }

    fn value(&mut self, path: &Path<'_>, value: &Node<Value>, ty: &Type) {
        match (value.as_ref(), ty) {
            (Value::Null, _) if !ty.is_non_null() => {}
            (Value::List(items), Type::List(item) | Type::NonNullList(item)) => {
                items.iter().for_each(|value| self.value(path, value, item));
            }
            // One value where a list is expected is a list of one.
            (_, Type::List(item) | Type::NonNullList(item)) if !value.is_null() => {
                self.value(path, value, item)
            }
            (_, Type::Named(name) | Type::NonNullNamed(name)) => self.named(path, value, name),
            _ => self.wrong(path, value, &ty.to_string()),
        }
    }

    fn named(&mut self, path: &Path<'_>, value: &Node<Value>, name: &Name) {
        match (VOCABULARY.types.get(name), value.as_ref()) {
            (Some(ExtendedType::InputObject(input)), Value::Object(members)) => {
                let given: Vec<_> = members.iter().map(|(name, value)| (name, value)).collect();
                let known: Vec<_> = input.fields.values().map(|field| &***field).collect();
                self.members(path, &given, &known, self.places.at(value));
            }
            (Some(ExtendedType::Enum(known)), Value::Enum(given)) if known.values.contains_key(given) => {}
            (Some(ExtendedType::Enum(known)), given) => {
                let text = given.as_enum().map_or_else(|| given.to_string(), |name| name.to_string());
                let message = format!("`{}` can't be `{text}`", path.text());
                let at = self.places.at(value);
                self.found.push(
                    Diagnostic::error("WRONG_VALUE", at, message)
                        .help(known_words(text.trim_matches('"'), known.values.keys().map(Name::as_str))),
                );
            }
            (_, Value::String(text))
                if name == "String" && (!text.trim().is_empty() || path.may_be_empty()) => {}
            (_, Value::Int(_)) if name == "Int" && value.to_i32().is_some() => {}
            (_, Value::Boolean(_)) if name == "Boolean" => {}
            _ => self.wrong(path, value, name),
        }
    }

    fn wrong(&mut self, path: &Path<'_>, value: &Node<Value>, expected: &str) {
        let message = format!("`{}` can't be `{}`", path.text(), value.serialize().no_indent());
        let help = match VOCABULARY.types.get(expected.trim_end_matches('!')) {
            Some(ExtendedType::InputObject(input)) => {
                let members =
                    input.fields.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                format!("it is an object `{{ … }}` with {members}")
            }
            _ if value.as_str().is_some_and(|text| text.trim().is_empty()) => {
                "a name or a program isn't empty".to_owned()
            }
            _ => format!("it is a value of type `{expected}`"),
        };
        self.found.push(Diagnostic::error("WRONG_VALUE", self.places.at(value), message).help(help));
    }
}
