//! A question in; the GraphQL document that asks it, and where its variables' values are, out. Made once for each question.
//!
//! Every value is a variable: no text of a caller is ever part of the document.

use crate::reply::write_string;
use crate::{Asked, Field, Operation, RepresentationType, Representations, Selection, Value, What};

mod body;

/// The document of a question, or of several that go together, ready to be sent with each fetch's values.
pub struct Document {
    /// The request body up to the variables: `{"query":"…","variables":{`.
    head: Vec<u8>,
    /// For each question of entities its variable, as JSON with its colon, and how its representations are written.
    entities: Vec<(Vec<u8>, Vec<body::Written>)>,
    /// Each other variable, as JSON with its colon, and which value stands behind it.
    variables: Vec<(Vec<u8>, u32)>,
}

impl Document {
    /// Prints the document of a question.
    pub fn of(asked: &Asked) -> Self {
        Self::made(&[asked], false, print(asked))
    }

    /// Prints one document for several questions of entities: the lookup of each under [`alias`].
    pub fn together(asked: &[&Asked]) -> Self {
        Self::made(asked, true, print_together(asked))
    }

    fn made(asked: &[&Asked], numbered: bool, (text, variables): (String, Vec<u32>)) -> Self {
        let mut head = Vec::with_capacity(text.len() + 64);
        head.extend_from_slice(b"{\"query\":");
        write_string(&mut head, &text);
        head.extend_from_slice(b",\"variables\":{");
        let of_entities = asked.iter().enumerate().filter_map(|(number, asked)| match &asked.what {
            What::Entities { types, .. } => {
                let name = variable_of(numbered.then_some(number));
                Some((key(&name), types.iter().map(body::Written::new).collect()))
            }
            What::Roots { .. } => None,
        });
        let entities = of_entities.collect();
        let variables =
            variables.into_iter().enumerate().map(|(number, value)| (key(&format!("v{number}")), value));
        Self { head, entities, variables: variables.collect() }
    }

    /// The body of a request with these values, and for each question of entities its representations.
    pub fn body<'r>(
        &self,
        values: &[Value],
        representations: impl IntoIterator<Item = &'r Representations>,
    ) -> Vec<u8> {
        let representations: Vec<&Representations> = representations.into_iter().collect();
        let rows: usize = representations.iter().map(|rows| rows.text().len() + rows.len() * 48).sum();
        let mut out = Vec::with_capacity(self.head.len() + 64 + rows);
        out.extend_from_slice(&self.head);
        let empty = out.len();
        for ((name, written), rows) in self.entities.iter().zip(representations) {
            separate(&mut out, empty);
            out.extend_from_slice(name);
            body::write_representations(&mut out, written, rows);
        }
        for (name, index) in &self.variables {
            separate(&mut out, empty);
            out.extend_from_slice(name);
            match values.get(*index as usize) {
                Some(value) => body::write_value(&mut out, value),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b"}}");
        out
    }
}

fn separate(out: &mut Vec<u8>, empty: usize) {
    if out.len() > empty {
        out.push(b',');
    }
}

/// A name as the key of a JSON object, with its colon.
fn key(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 3);
    write_string(&mut out, name);
    out.push(b':');
    out
}

/// Under which key the lookup of a question that goes with others answers.
pub fn alias(number: usize) -> String {
    format!("_{number}")
}

/// The document's text, and the index of each variable's value.
fn print(asked: &Asked) -> (String, Vec<u32>) {
    let mut printer = Printer::default();
    let keyword = match &asked.what {
        What::Roots { operation, selection } => {
            printer.selection(selection);
            match operation {
                Operation::Query => "query",
                Operation::Mutation => "mutation",
                Operation::Subscription => "subscription",
            }
        }
        What::Entities { types, selection } => {
            printer.out.push('{');
            printer.entities(types, selection, None);
            printer.out.push('}');
            "query"
        }
    };
    let rows = matches!(asked.what, What::Entities { .. }).then(|| variable_of(None));
    printer.finish(keyword, rows.into_iter().collect())
}

fn print_together(asked: &[&Asked]) -> (String, Vec<u32>) {
    let mut printer = Printer::default();
    printer.out.push('{');
    for (number, asked) in asked.iter().enumerate() {
        if let What::Entities { types, selection } = &asked.what {
            printer.entities(types, selection, Some(number));
        }
    }
    printer.out.push('}');
    printer.finish("query", (0..asked.len()).map(|number| variable_of(Some(number))).collect())
}

/// The variable that holds the representations of a question: of the only one, or of one among several.
fn variable_of(number: Option<usize>) -> String {
    number.map_or_else(|| "representations".to_owned(), |number| format!("r{number}"))
}

#[derive(Default)]
struct Printer<'a> {
    out: String,
    /// The value and the type of each variable: one value may be wanted as `ID!` here and as `ID` there.
    variables: Vec<(u32, &'a str)>,
}

impl<'a> Printer<'a> {
    /// The whole text: what is declared, then what is asked. `rows` are the variables of representations.
    fn finish(self, keyword: &str, rows: Vec<String>) -> (String, Vec<u32>) {
        let mut declared: Vec<String> = rows.iter().map(|name| format!("${name}:[_Any!]!")).collect();
        let numbered = self.variables.iter().enumerate();
        declared.extend(numbered.map(|(number, (_, type_text))| format!("$v{number}:{type_text}")));
        let head = match declared.is_empty() {
            true => keyword.to_owned(),
            false => format!("{keyword}({})", declared.join(",")),
        };
        (head + &self.out, self.variables.iter().map(|(value, _)| *value).collect())
    }

    fn selection(&mut self, selection: &'a Selection) {
        self.out.push('{');
        self.type_names(selection, selection.type_id.is_none());
        let (plain, conditional): (Vec<&Field>, Vec<&Field>) =
            data_fields(selection).partition(|field| stands_plain(selection, field));
        plain.into_iter().for_each(|field| self.field(field));
        self.by_condition(conditional);
        self.out.push('}');
    }

    /// `_entities` with a fragment for each type that may come.
    fn entities(&mut self, types: &'a [RepresentationType], selection: &'a Selection, number: Option<usize>) {
        if let Some(number) = number {
            self.word(&alias(number));
            self.out.push(':');
        }
        self.out.push_str("_entities(representations:$");
        self.out.push_str(&variable_of(number));
        self.out.push_str("){");
        self.type_names(selection, types.len() != 1);
        for entity in types {
            let fields = data_fields(selection).filter(|field| is_of(field, entity));
            self.fragment(&entity.name, fields);
        }
        let others = data_fields(selection).filter(|field| !types.iter().any(|entity| is_of(field, entity)));
        self.by_condition(others.collect());
        self.out.push('}');
    }

    /// `__typename` comes first: whoever reads the answer knows then which fields to expect.
    fn type_names(&mut self, selection: &'a Selection, needed: bool) {
        let mut printed: Vec<&str> = Vec::new();
        for field in selection.fields.iter().filter(|field| &*field.name == "__typename") {
            if !printed.contains(&&*field.key) {
                printed.push(&field.key);
                self.key_and_name(field);
            }
        }
        if printed.is_empty() && (needed || selection.fields.is_empty()) {
            self.word("__typename");
        }
    }

    /// Fields of some concrete types, in one fragment for each type condition.
    fn by_condition(&mut self, fields: Vec<&'a Field>) {
        let mut conditions: Vec<&'a str> = Vec::new();
        for name in fields.iter().flat_map(|field| field.on_names.iter()) {
            if !conditions.contains(&&**name) {
                conditions.push(name);
            }
        }
        for condition in conditions {
            let of_condition =
                fields.iter().copied().filter(|field| field.on_names.iter().any(|name| **name == *condition));
            self.fragment(condition, of_condition);
        }
    }

    fn fragment(&mut self, condition: &str, fields: impl Iterator<Item = &'a Field>) {
        let mut fields = fields.peekable();
        if fields.peek().is_none() {
            return;
        }
        self.out.push_str("...on ");
        self.out.push_str(condition);
        self.out.push('{');
        fields.for_each(|field| self.field(field));
        self.out.push('}');
    }

    fn field(&mut self, field: &'a Field) {
        self.key_and_name(field);
        for (index, argument) in field.arguments.iter().enumerate() {
            let variable = self.variable(argument.value, &argument.type_text);
            self.out.push_str(if index == 0 { "(" } else { "," });
            self.out.push_str(&argument.name);
            self.out.push_str(&format!(":$v{variable}"));
        }
        if !field.arguments.is_empty() {
            self.out.push(')');
        }
        if let Some(below) = field.selection() {
            self.selection(below);
        }
    }

    fn key_and_name(&mut self, field: &Field) {
        if field.key != field.name {
            self.word(&field.key);
            self.out.push(':');
        }
        self.word(&field.name);
    }

    fn word(&mut self, word: &str) {
        if self.out.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '_') {
            self.out.push(' ');
        }
        self.out.push_str(word);
    }

    fn variable(&mut self, value: u32, type_text: &'a str) -> usize {
        let same = |(index, text): &(u32, &str)| *index == value && *text == type_text;
        self.variables.iter().position(same).unwrap_or_else(|| {
            self.variables.push((value, type_text));
            self.variables.len() - 1
        })
    }
}

fn data_fields(selection: &Selection) -> impl Iterator<Item = &Field> {
    selection.fields.iter().filter(|field| &*field.name != "__typename")
}

/// Needs no type condition: of every type, or of the only one there is.
fn stands_plain(selection: &Selection, field: &Field) -> bool {
    field.on.is_none() || matches!(&*field.on_names, [only] if *only == selection.type_name)
}

fn is_of(field: &Field, entity: &RepresentationType) -> bool {
    field.applies_to(entity.type_id) || field.on_names.contains(&entity.name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{Argument, Leaf, Output, TypeNames, Value};

    use super::*;

    fn leaf(name: &str, slot: u32) -> Field {
        Field {
            name: name.into(),
            key: name.into(),
            slot,
            on: None,
            on_names: Arc::from([]),
            arguments: Vec::new(),
            list_depth: 0,
            output: Output::Leaf(Leaf::String),
        }
    }

    fn object(name: &str, slot: u32, selection: Selection) -> Field {
        Field { output: Output::Object(Box::new(selection)), ..leaf(name, slot) }
    }

    fn on(field: Field, types: &[(u32, &str)]) -> Field {
        Field {
            on: Some(types.iter().map(|(id, _)| *id).collect()),
            on_names: types.iter().map(|(_, name)| Arc::from(*name)).collect(),
            ..field
        }
    }

    fn with(field: Field, arguments: &[(&str, &str, u32)]) -> Field {
        let arguments = arguments
            .iter()
            .map(|(name, type_text, value)| Argument {
                name: (*name).into(),
                type_text: (*type_text).into(),
                value: *value,
            })
            .collect();
        Field { arguments, ..field }
    }

    fn selection(type_name: &str, type_id: Option<u32>, fields: Vec<Field>) -> Selection {
        Selection { type_name: type_name.into(), type_id, width: fields.len() as u32, fields }
    }

    fn asked(what: What) -> Asked {
        Asked::new(what, Arc::new(TypeNames::new(["Fermata".into(), "Linea".into()])))
    }

    fn roots(operation: Operation, fields: Vec<Field>) -> Asked {
        asked(What::Roots { operation, selection: selection("Query", Some(9), fields) })
    }

    fn entity(name: &str, type_id: u32) -> RepresentationType {
        RepresentationType { name: name.into(), type_id, fields: vec!["id".into()] }
    }

    #[test]
    fn roots_print_compactly_with_aliases_and_variables_by_value_and_type() {
        let linea = selection("Linea", Some(1), vec![leaf("id", 0), leaf("nome", 1)]);
        let fields = vec![
            Field { key: "a".into(), ..with(object("linea", 0, linea.clone()), &[("id", "ID!", 0)]) },
            with(object("linee", 1, linea), &[("id", "ID", 0), ("first", "Int", 1)]),
            with(leaf("versione", 2), &[("id", "ID!", 0)]),
        ];
        let (text, variables) = print(&roots(Operation::Query, fields));
        assert_eq!(
            text,
            "query($v0:ID!,$v1:ID,$v2:Int){a:linea(id:$v0){id nome}linee(id:$v1,first:$v2){id nome}versione(id:$v0)}"
        );
        assert_eq!(variables, [0, 0, 1]);
    }

    #[test]
    fn a_question_without_arguments_declares_nothing() {
        assert_eq!(print(&roots(Operation::Query, vec![leaf("a", 0), leaf("b", 1)])).0, "query{a b}");
        assert_eq!(print(&roots(Operation::Mutation, vec![leaf("a", 0)])).0, "mutation{a}");
        assert_eq!(print(&roots(Operation::Query, vec![])).0, "query{__typename}");
    }

    #[test]
    fn fields_of_some_types_stand_in_fragments_after_the_type_name() {
        let luogo = selection(
            "Luogo",
            None,
            vec![
                leaf("id", 0),
                on(leaf("cap", 1), &[(0, "Fermata")]),
                leaf("__typename", 9),
                on(leaf("nome", 2), &[(0, "Fermata"), (1, "Linea")]),
            ],
        );
        let (text, _) = print(&roots(Operation::Query, vec![object("luogo", 0, luogo)]));
        assert_eq!(text, "query{luogo{__typename id...on Fermata{cap nome}...on Linea{nome}}}");
    }

    #[test]
    fn an_abstract_position_always_asks_for_the_type() {
        let fermata = selection("Luogo", None, vec![leaf("id", 0)]);
        assert_eq!(
            print(&roots(Operation::Query, vec![object("l", 0, fermata)])).0,
            "query{l{__typename id}}"
        );
        let concrete = selection("Fermata", Some(0), vec![on(leaf("id", 0), &[(0, "Fermata")])]);
        assert_eq!(print(&roots(Operation::Query, vec![object("l", 0, concrete)])).0, "query{l{id}}");
    }

    #[test]
    fn entities_have_a_fragment_for_each_type() {
        let one = asked(What::Entities {
            types: vec![entity("Fermata", 0)],
            selection: selection("Fermata", Some(0), vec![with(leaf("nome", 0), &[("lingua", "String", 3)])]),
        });
        let (text, variables) = print(&one);
        assert_eq!(
            text,
            "query($representations:[_Any!]!,$v0:String){_entities(representations:$representations){...on Fermata{nome(lingua:$v0)}}}"
        );
        assert_eq!(variables, [3]);

        let two = asked(What::Entities {
            types: vec![entity("Fermata", 0), entity("Linea", 1)],
            selection: selection(
                "_Entity",
                None,
                vec![
                    leaf("nome", 0),
                    on(leaf("cap", 1), &[(0, "Fermata")]),
                    on(leaf("x", 2), &[(5, "Altro")]),
                ],
            ),
        });
        assert_eq!(
            print(&two).0,
            "query($representations:[_Any!]!){_entities(representations:$representations){__typename...on Fermata{nome cap}...on Linea{nome}...on Altro{x}}}"
        );
    }

    #[test]
    fn the_body_is_json_whatever_the_values_hold() {
        let asked =
            roots(Operation::Query, vec![with(leaf("a", 0), &[("x", "String", 1), ("y", "[Int!]", 0)])]);
        let document = Document::of(&asked);
        let values = [Value::List(vec![Value::Int(1), Value::Null]), Value::Text("\"}}\n{evil".into())];
        let body: serde_json::Value = serde_json::from_slice(&document.body(&values, None)).unwrap();
        assert_eq!(
            body,
            serde_json::json!({ "query": "query($v0:String,$v1:[Int!]){a(x:$v0,y:$v1)}", "variables": { "v0": "\"}}\n{evil", "v1": [1, null] } })
        );
    }

    #[test]
    fn representations_come_before_the_variables() {
        let what = What::Entities {
            types: vec![entity("Fermata", 0)],
            selection: selection("Fermata", Some(0), vec![with(leaf("nome", 0), &[("n", "Int", 0)])]),
        };
        let document = Document::of(&asked(what));
        let mut rows = Representations::new(vec![entity("Fermata", 0)]);
        rows.push(0, [br#""a""#.as_slice()]);
        rows.push(0, [br#"{"istat":"034003"}"#.as_slice()]);
        let body: serde_json::Value =
            serde_json::from_slice(&document.body(&[Value::Int(2)], Some(&rows))).unwrap();
        assert_eq!(
            body.get("variables").unwrap(),
            &serde_json::json!({ "representations": [{ "__typename": "Fermata", "id": "a" }, { "__typename": "Fermata", "id": { "istat": "034003" } }], "v0": 2 })
        );
    }
}
