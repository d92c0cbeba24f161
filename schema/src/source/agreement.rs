//! The SDL of a source and that of one of its members in; where they don't say the same of the graph, out. Only the mapping may differ:
//! `@connect`, `@from`, `@code`, and descriptions. What clients and the planner see must be one.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, InputValueDefinition};
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use indexmap::IndexMap;

use super::document::{Document, Places};
use crate::{Diagnostic, Location};

/// Compares the SDL of a source with that of one of its members, each `(file, text)`. Texts that can't be read disagree in nothing: they
/// have mistakes of their own.
pub fn disagreements(source: (&str, &str), member: (&str, &str)) -> Vec<Diagnostic> {
    let mut unread = Vec::new();
    let documents =
        (Document::read(source.0, source.1, &mut unread), Document::read(member.0, member.1, &mut unread));
    let (Some(whole), Some(own)) = documents else { return Vec::new() };
    let (whole, own) = (statements(&whole), statements(&own));
    let mut found: Vec<Diagnostic> = Vec::new();
    let gone = |of: &Statements, coordinate: &str| parents(coordinate).any(|parent| !of.contains_key(parent));
    for (coordinate, said) in &whole {
        match own.get(coordinate) {
            Some(here) if here.text == said.text => {}
            Some(here) => found.push(differs(coordinate, here, said)),
            None if gone(&own, coordinate) => {}
            None => {
                let message = format!("`{coordinate}` is not in `{}`", member.0);
                found.push(disagrees(
                    Location::file(member.0),
                    message,
                    format!("{} has it: {}", said.at, said.text),
                ));
            }
        }
    }
    for (coordinate, here) in own.iter().filter(|(name, _)| !whole.contains_key(*name) && !gone(&whole, name))
    {
        let message = format!("`{coordinate}` is not in the source's own SDL, `{}`", source.0);
        found.push(disagrees(here.at.clone(), message, "remove it here, or add it there".to_owned()));
    }
    found.sort_by(|a, b| a.at.cmp(&b.at));
    found
}

/// What one coordinate is said to be.
struct Statement {
    text: String,
    at: Location,
}

type Statements = IndexMap<String, Statement>;

fn differs(coordinate: &str, here: &Statement, there: &Statement) -> Diagnostic {
    let message = format!("`{coordinate}` is {} here, and {} in the source's own SDL", here.text, there.text);
    disagrees(here.at.clone(), message, format!("write it as at {}", there.at))
}

fn disagrees(at: Location, message: String, help: String) -> Diagnostic {
    Diagnostic::error("MEMBERS_DISAGREE", at, message).help(help)
}

/// `Query.residenti(eta:)` has the parents `Query` and `Query.residenti`.
fn parents(coordinate: &str) -> impl Iterator<Item = &str> {
    coordinate
        .char_indices()
        .filter(|(_, sign)| matches!(sign, '.' | '('))
        .filter_map(|(at, _)| coordinate.get(..at))
}

/// Everything that a document says of the graph, by coordinate.
fn statements(document: &Document) -> Statements {
    let mut said = Statements::new();
    let mut writing = Writing { document, said: &mut said };
    let own = |name: &str| !name.starts_with("raccordo__") && !name.contains("__");
    for (name, ty) in document.schema.types.iter().filter(|(name, ty)| !ty.is_built_in() && own(name)) {
        writing.of_type(name, ty);
    }
    said
}

struct Writing<'a> {
    document: &'a Document,
    said: &'a mut Statements,
}

impl Writing<'_> {
    fn of_type(&mut self, name: &str, ty: &ExtendedType) {
        let at = self.places().at_name(ty.name());
        let directives = ty.directives().iter().map(|component| &component.node);
        let directives = self.directives(directives);
        match ty {
            ExtendedType::Scalar(_) => self.say(name.to_owned(), format!("a scalar{directives}"), at),
            ExtendedType::Object(object) => {
                let above = sorted(object.implements_interfaces.iter().map(|name| name.as_str()));
                self.say(name.to_owned(), format!("an object type{}{directives}", implementing(&above)), at);
                object.fields.values().for_each(|field| self.of_field(name, field));
            }
            ExtendedType::Interface(interface) => {
                let above = sorted(interface.implements_interfaces.iter().map(|name| name.as_str()));
                self.say(name.to_owned(), format!("an interface{}{directives}", implementing(&above)), at);
                interface.fields.values().for_each(|field| self.of_field(name, field));
            }
            ExtendedType::Union(union) => {
                let members = sorted(union.members.iter().map(|name| name.as_str()));
                self.say(name.to_owned(), format!("the union of {}{directives}", members.join(", ")), at);
            }
            ExtendedType::Enum(definition) => {
                self.say(name.to_owned(), format!("an enum{directives}"), at);
                for value in definition.values.values() {
                    let text = format!("a value{}", self.directives(value.directives.iter()));
                    self.say(format!("{name}.{}", value.value), text, self.document.places.at(value));
                }
            }
            ExtendedType::InputObject(input) => {
                self.say(name.to_owned(), format!("an input object{directives}"), at);
                for field in input.fields.values() {
                    self.of_input(format!("{name}.{}", field.name), field);
                }
            }
        }
    }

    fn of_field(&mut self, parent: &str, field: &Node<FieldDefinition>) {
        let coordinate = format!("{parent}.{}", field.name);
        let text = format!("`{}`{}", field.ty, self.directives(field.directives.iter()));
        for argument in &field.arguments {
            self.of_input(format!("{coordinate}({}:)", argument.name), argument);
        }
        self.say(coordinate, text, self.document.places.at(field));
    }

    fn of_input(&mut self, coordinate: String, input: &Node<InputValueDefinition>) {
        let default = input.default_value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        let text = format!("`{}{default}`{}", input.ty, self.directives(input.directives.iter()));
        self.say(coordinate, text, self.document.places.at(input));
    }

    fn say(&mut self, coordinate: String, text: String, at: Location) {
        self.said.insert(coordinate, Statement { text, at });
    }

    fn places(&self) -> &Places {
        &self.document.places
    }

    /// The directives that are not of the mapping, in any order, as text.
    fn directives<'d>(&self, directives: impl Iterator<Item = &'d Node<Directive>>) -> String {
        let links = &self.document.links;
        let of_mapping = |directive: &Node<Directive>| {
            ["connect", "from", "code"].iter().any(|name| links.is_connect(directive, name))
        };
        let printed =
            directives.filter(|directive| !of_mapping(directive)).map(|directive| directive.to_string());
        let printed: Vec<String> =
            printed.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let printed = sorted(printed.iter().map(String::as_str));
        if printed.is_empty() { String::new() } else { format!(" with `{}`", printed.join(" ")) }
    }
}

fn implementing(interfaces: &[&str]) -> String {
    if interfaces.is_empty() { String::new() } else { format!(" that implements {}", interfaces.join(", ")) }
}

fn sorted<'s>(names: impl Iterator<Item = &'s str>) -> Vec<&'s str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from", "@personal", "@code"])
"#;

    fn compare(whole: &str, own: &str) -> Vec<(String, usize)> {
        let found =
            disagreements(("a.graphql", &format!("{LINKS}{whole}")), ("b.graphql", &format!("{LINKS}{own}")));
        assert!(found.iter().all(|told| &*told.at.file == "b.graphql" && told.rule == "MEMBERS_DISAGREE"));
        found.into_iter().map(|told| (told.message, told.at.line)).collect()
    }

    const WHOLE: &str = r#"type Query { p(a: Int = 1, c: ID): [P!]! @connect(sql: { table: "t" }) }
type P @key(fields: "id") { id: ID! n: String @from(column: "x") s: S }
enum S { A @code(is: ["1"]) B }
"#;

    #[test]
    fn only_the_mapping_may_differ() {
        let own = r#""In other words." type P @key(fields: "id") @connect(http: { get: "/p" }) { n: String s: S id: ID! @from(jq: ".k") }
enum S { B A @code(is: ["x"], otherwise: true) }
type Query { p(c: ID, a: Int = 1): [P!]! @connect(http: { get: "/all" }) }
"#;
        assert_eq!(compare(WHOLE, own), []);
    }

    #[test]
    fn every_difference_has_its_place() {
        let own = r#"type Query { p(a: Int = 2): [P!] @connect(sql: { table: "t" }) }
type P { id: ID!
  n: String! @personal(category: PERSONAL) s: S
  z: Int }
"#;
        let told = compare(WHOLE, own);
        let places: Vec<usize> = told.iter().map(|(_, line)| *line).collect();
        assert_eq!(places, [0, 0, 4, 4, 5, 6, 7], "{told:#?}");
        assert!(told.iter().any(|(message, _)| message.contains("`Query.p(c:)` is not in `b.graphql`")));
        assert!(told.iter().any(|(message, _)| message.contains("`S` is not in")));
        assert!(
            !told.iter().any(|(message, _)| message.contains("`S.A`")),
            "a type that is missing is told once"
        );
    }
}
