//! A plan drawn as a tree: which source gets which fields and keys, and what waits for what. For `raccordo plan`.

use std::fmt::Write as _;

use raccordo_connector_api::{Field, Output, Selection, What};

use super::{Plan, Step};
use crate::graph::Graph;

/// Draws a plan.
pub fn draw(graph: &Graph, plan: &Plan) -> String {
    let mut out = String::new();
    if plan.steps.is_empty() {
        out.push_str("no source is asked\n");
    }
    for (index, step) in plan.steps.iter().enumerate().filter(|(_, step)| step.waits == 0) {
        draw_step(&mut out, graph, plan, index, step, 0);
    }
    out
}

/// A step is drawn under the last of the steps it waits for; under the others it is named.
fn draw_step(out: &mut String, graph: &Graph, plan: &Plan, index: usize, step: &Step, depth: usize) {
    let indent = "   ".repeat(depth);
    let source = graph.sources().get(step.source);
    let (name, kind) = source.map_or(("?", "?"), |source| (&*source.name, &*source.kind));
    let _ = write!(out, "{indent}{}. {name} ({kind})", index + 1);
    if !step.path_names.is_empty() {
        let _ = write!(out, " at {}", step.path_names.join("."));
    }
    let waits: Vec<String> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, other)| other.then.contains(&index))
        .map(|(other, _)| (other + 1).to_string())
        .collect();
    if !waits.is_empty() {
        let _ = write!(out, ", after {}", waits.join(" and "));
    }
    out.push('\n');
    if let Some(whom) = source.and_then(|source| source.connector.asks_members(&step.asked)) {
        let _ = writeln!(out, "{indent}   members: {whom}");
    }
    if let What::Entities { types, .. } = &step.asked.what {
        for ty in types {
            let _ = writeln!(out, "{indent}   for {} by {}", ty.name, ty.fields.join(", "));
        }
    }
    let _ = writeln!(out, "{indent}   {}", fields(step.asked.selection()));
    for child in &step.then {
        let last = plan.steps.iter().rposition(|other| other.then.contains(child));
        if let Some(step) = plan.steps.get(*child).filter(|_| last == Some(index)) {
            draw_step(out, graph, plan, *child, step, depth + 1);
        }
    }
}

fn fields(selection: &Selection) -> String {
    let fields =
        selection.fields.iter().filter(|field| &*field.name != "__typename" || selection.fields.len() == 1);
    format!("{{ {} }}", fields.map(field).collect::<Vec<_>>().join(" "))
}

fn field(field: &Field) -> String {
    let mut text = field.name.to_string();
    if !field.arguments.is_empty() {
        let arguments: Vec<&str> = field.arguments.iter().map(|argument| &*argument.name).collect();
        let _ = write!(text, "({})", arguments.join(", "));
    }
    if let Output::Object(below) = &field.output {
        let _ = write!(text, " {}", fields(below));
    }
    text
}
