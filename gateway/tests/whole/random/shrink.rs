//! A case that differs in; the smallest of its kind found by taking things away, out: first of the query, then of the graph.

use std::collections::BTreeSet;

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Document, Selection, Value as Literal};
use tokio::runtime::Runtime;

use super::model::{Graph, Kind};
use super::query::Asked;
use super::trial::{Difference, Trial};

/// A graph, a query of it and what is wrong with the answer.
pub(crate) struct Case {
    pub(crate) graph: Graph,
    pub(crate) asked: Asked,
    pub(crate) difference: Difference,
}

impl Case {
    /// The case as a report.
    pub(crate) fn told(&self) -> String {
        let mut out = format!("seed {}: {}\n", self.graph.seed, self.difference.why);
        for source in self.graph.sources.iter().filter(|source| !source.types.is_empty()) {
            out += &format!("--- {}\n{}", source.name, self.graph.federated(source));
        }
        out += &format!("--- query\n{}\n", self.asked.text);
        out += &format!("--- variables\n{}\n", serde_json::Value::Object(self.asked.variables.clone()));
        out += &format!("--- expected\n{}\n--- got\n{}\n", self.difference.expected, self.difference.got);
        out
    }
}

/// The smallest case found.
pub(crate) fn shrunk(runtime: &Runtime, mut case: Case) -> Case {
    for _ in 0..2 {
        query(runtime, &mut case);
        graph(runtime, &mut case);
    }
    query(runtime, &mut case);
    case
}

fn query(runtime: &Runtime, case: &mut Case) {
    let Ok(trial) = Trial::new(case.graph.clone()) else { return };
    let Ok(mut document) = Document::parse(case.asked.text.as_str(), "query.graphql") else { return };
    let mut number = 0;
    loop {
        let mut left = number;
        let mut smaller = document.clone();
        if !edit(&mut smaller, &mut left) {
            return;
        }
        prune(&mut smaller);
        let asked = Asked { text: smaller.serialize().no_indent().to_string(), ..case.asked.clone() };
        match trial.run(runtime, &asked) {
            Some(Err(difference)) if difference.is_like(&case.difference) => {
                document = smaller;
                case.asked = asked;
                case.difference = difference;
            }
            _ => number += 1,
        }
    }
}

/// Does the edit of a number; false where there are fewer.
fn edit(document: &mut Document, left: &mut usize) -> bool {
    document.definitions.iter_mut().any(|definition| match definition {
        Definition::OperationDefinition(operation) => in_set(&mut operation.make_mut().selection_set, left),
        Definition::FragmentDefinition(fragment) => in_set(&mut fragment.make_mut().selection_set, left),
        _ => false,
    })
}

fn is_turn(left: &mut usize) -> bool {
    *left = left.wrapping_sub(1);
    *left == usize::MAX
}

fn in_set(set: &mut Vec<Selection>, left: &mut usize) -> bool {
    for at in 0..set.len() {
        if set.len() > 1 && is_turn(left) {
            set.remove(at);
            return true;
        }
    }
    for at in 0..set.len() {
        if let Selection::InlineFragment(fragment) = &set[at]
            && is_turn(left)
        {
            let within = fragment.selection_set.clone();
            set.splice(at..=at, within);
            return true;
        }
    }
    set.iter_mut().any(|selection| in_selection(selection, left))
}

fn in_selection(selection: &mut Selection, left: &mut usize) -> bool {
    let directives = match selection {
        Selection::Field(field) => &mut field.make_mut().directives,
        Selection::FragmentSpread(spread) => &mut spread.make_mut().directives,
        Selection::InlineFragment(fragment) => &mut fragment.make_mut().directives,
    };
    if !directives.is_empty() && is_turn(left) {
        directives.clear();
        return true;
    }
    match selection {
        Selection::Field(field) => {
            let field = field.make_mut();
            if field.alias.is_some() && is_turn(left) {
                field.alias = None;
                return true;
            }
            if !field.arguments.is_empty() && is_turn(left) {
                field.arguments.clear();
                return true;
            }
            in_set(&mut field.selection_set, left)
        }
        Selection::InlineFragment(fragment) => in_set(&mut fragment.make_mut().selection_set, left),
        Selection::FragmentSpread(_) => false,
    }
}

/// Takes away what nothing names any more.
fn prune(document: &mut Document) {
    loop {
        let mut names = BTreeSet::new();
        for definition in &document.definitions {
            match definition {
                Definition::OperationDefinition(operation) => spreads(&operation.selection_set, &mut names),
                Definition::FragmentDefinition(fragment) => spreads(&fragment.selection_set, &mut names),
                _ => {}
            }
        }
        let before = document.definitions.len();
        document.definitions.retain(|definition| match definition {
            Definition::FragmentDefinition(fragment) => names.contains(fragment.name.as_str()),
            _ => true,
        });
        if document.definitions.len() == before {
            break;
        }
    }
    let mut used = BTreeSet::new();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => variables(&operation.selection_set, &mut used),
            Definition::FragmentDefinition(fragment) => variables(&fragment.selection_set, &mut used),
            _ => {}
        }
    }
    for definition in &mut document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            operation.make_mut().variables.retain(|variable| used.contains(variable.name.as_str()));
        }
    }
}

fn spreads(set: &[Selection], names: &mut BTreeSet<String>) {
    for selection in set {
        match selection {
            Selection::Field(field) => spreads(&field.selection_set, names),
            Selection::InlineFragment(fragment) => spreads(&fragment.selection_set, names),
            Selection::FragmentSpread(spread) => {
                names.insert(spread.fragment_name.to_string());
            }
        }
    }
}

fn variables(set: &[Selection], used: &mut BTreeSet<String>) {
    for selection in set {
        let directives = match selection {
            Selection::Field(field) => &field.directives,
            Selection::FragmentSpread(spread) => &spread.directives,
            Selection::InlineFragment(fragment) => &fragment.directives,
        };
        for directive in directives.iter() {
            directive.arguments.iter().for_each(|argument| in_literal(&argument.value, used));
        }
        match selection {
            Selection::Field(field) => {
                field.arguments.iter().for_each(|argument| in_literal(&argument.value, used));
                variables(&field.selection_set, used);
            }
            Selection::InlineFragment(fragment) => variables(&fragment.selection_set, used),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn in_literal(literal: &Node<Literal>, used: &mut BTreeSet<String>) {
    match literal.as_ref() {
        Literal::Variable(name) => {
            used.insert(name.to_string());
        }
        Literal::List(items) => items.iter().for_each(|item| in_literal(item, used)),
        Literal::Object(fields) => fields.iter().for_each(|(_, value)| in_literal(value, used)),
        _ => {}
    }
}

/// Something to take away of a graph.
enum Cut {
    Field(String, String),
    Type(String),
    Piece(usize, String),
    Part(usize, String, String),
    Implements(usize, String, String),
    Member(usize, String, String),
    Key(usize, String, usize),
    Provides(usize, String, String),
    Arguments(String, String),
    Faults,
}

fn cuts(graph: &Graph) -> Vec<Cut> {
    let mut found = vec![Cut::Faults];
    let mut fine = Vec::new();
    for (name, ty) in &graph.types {
        found.extend(ty.fields.keys().map(|field| Cut::Field(name.clone(), field.clone())));
        fine.extend(ty.fields.keys().map(|field| Cut::Arguments(name.clone(), field.clone())));
    }
    found.extend(graph.types.keys().map(|name| Cut::Type(name.clone())));
    for (at, source) in graph.sources.iter().enumerate() {
        for (name, piece) in &source.types {
            found.push(Cut::Piece(at, name.clone()));
            for (field, part) in &piece.fields {
                if !part.provides.is_empty() {
                    found.push(Cut::Provides(at, name.clone(), field.clone()));
                }
                fine.push(Cut::Part(at, name.clone(), field.clone()));
            }
            found.extend(piece.implements.iter().map(|own| Cut::Implements(at, name.clone(), own.clone())));
            if piece.kind == Kind::Union {
                found.extend(piece.members.iter().map(|own| Cut::Member(at, name.clone(), own.clone())));
            }
            found.extend((0..piece.keys.len()).map(|key| Cut::Key(at, name.clone(), key)));
        }
    }
    found.extend(fine);
    found
}

fn cut(graph: &mut Graph, cut: &Cut) -> Option<()> {
    match cut {
        Cut::Faults => graph.faults = false,
        Cut::Field(name, field) => {
            graph.types.get_mut(name)?.fields.shift_remove(field)?;
            for source in &mut graph.sources {
                let piece = source.types.get_mut(name);
                piece.and_then(|piece| piece.fields.shift_remove(field));
            }
        }
        Cut::Type(name) => {
            graph.types.shift_remove(name)?;
            graph.sources.iter_mut().for_each(|source| {
                source.types.shift_remove(name);
            });
        }
        Cut::Piece(at, name) => {
            graph.sources[*at].types.shift_remove(name)?;
        }
        Cut::Part(at, name, field) => {
            graph.sources[*at].types.get_mut(name)?.fields.shift_remove(field)?;
        }
        Cut::Implements(at, name, own) => {
            graph.sources[*at].types.get_mut(name)?.implements.retain(|other| other != own);
        }
        Cut::Member(at, name, own) => {
            graph.sources[*at].types.get_mut(name)?.members.retain(|other| other != own);
        }
        Cut::Key(at, name, key) => {
            let keys = &mut graph.sources[*at].types.get_mut(name)?.keys;
            (*key < keys.len()).then(|| keys.remove(*key))?;
        }
        Cut::Provides(at, name, field) => {
            graph.sources[*at].types.get_mut(name)?.fields.get_mut(field)?.provides.clear();
        }
        Cut::Arguments(name, field) => {
            let arguments = &mut graph.types.get_mut(name)?.fields.get_mut(field)?.arguments;
            (!arguments.is_empty()).then(|| arguments.clear())?;
        }
    }
    Some(())
}

fn graph(runtime: &Runtime, case: &mut Case) {
    for what in cuts(&case.graph) {
        let mut smaller = case.graph.clone();
        if cut(&mut smaller, &what).is_none() {
            continue;
        }
        let Ok(trial) = std::panic::catch_unwind(|| Trial::new(smaller.clone())) else { continue };
        let Ok(trial) = trial else { continue };
        let run = std::panic::AssertUnwindSafe(|| trial.run(runtime, &case.asked));
        if let Ok(Some(Err(difference))) = std::panic::catch_unwind(run)
            && difference.is_like(&case.difference)
        {
            case.graph = smaller;
            case.difference = difference;
        }
    }
}
