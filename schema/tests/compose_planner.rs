//! Every good graph of `tests/compose/` is planned by the gateway's planner: what we show to be reachable, it reaches. For each root
//! field one operation asks for everything below it, four levels deep.

#![expect(clippy::unwrap_used, reason = "a test that can't read its own files has failed")]

use std::path::Path;

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use hive_router_query_planner::ast::normalization::normalize_operation;
use hive_router_query_planner::graph::PlannerOverrideContext;
use hive_router_query_planner::planner::Planner;
use hive_router_query_planner::utils::cancellation::CancellationToken;
use raccordo_schema::compose::{SourceSdl, compose};

const DEPTH: usize = 4;

#[test]
fn the_planner_reaches_every_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    let mut planned = 0;
    for entry in std::fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        if folder.file_name().unwrap().to_str().unwrap().starts_with("good_") {
            planned += plan_all(&folder);
        }
    }
    assert!(planned > 30, "{planned} operations");
}

fn plan_all(folder: &Path) -> usize {
    let sdl = supergraph(folder);
    let document = graphql_tools::parser::parse_schema::<String>(&sdl).unwrap().into_static();
    let planner = Planner::new_from_supergraph(&document, Default::default()).unwrap();
    let schema = Schema::parse_and_validate(&sdl, "supergraph.graphql").unwrap();
    let mut count = 0;
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation"), ("Subscription", "subscription")]
    {
        for (name, field) in schema.get_object(root).iter().flat_map(|object| &object.fields) {
            if hidden(field) {
                continue;
            }
            let text = format!("{operation} {{ {name}{} }}", below(&schema, &field.ty, DEPTH));
            let plan = plan(&planner, &text);
            assert!(plan.is_ok(), "{}: {text}: {}", folder.display(), plan.unwrap_err());
            count += 1;
        }
    }
    count
}

fn supergraph(folder: &Path) -> String {
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "graphql") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(path).unwrap()));
        }
    }
    let sources: Vec<SourceSdl<'_>> =
        files.iter().map(|(name, sdl)| SourceSdl { name, url: None, file: name, sdl }).collect();
    compose(&sources).unwrap().sdl().to_owned()
}

fn hidden(field: &FieldDefinition) -> bool {
    field.directives.has("inaccessible")
}

/// Everything below a type, so many levels deep.
fn below(schema: &Schema, ty: &Type, depth: usize) -> String {
    let name = ty.inner_named_type();
    let Some(def) = schema.types.get(name) else { return String::new() };
    let body = match def {
        ExtendedType::Object(object) => {
            let fields = object.fields.iter().map(|(name, field)| (name.as_str(), field));
            selections(schema, fields, depth)
        }
        ExtendedType::Interface(_) | ExtendedType::Union(_) => {
            let mut members: Vec<_> = schema
                .types
                .iter()
                .filter_map(|(member, def)| Some((member, def.as_object()?)))
                .filter(|(member, _)| schema.is_subtype(name, member))
                .collect();
            members.sort_by_key(|(member, _)| *member);
            let each = members.into_iter().map(|(member, object)| {
                let fields = object.fields.iter().map(|(name, field)| (name.as_str(), field));
                format!("... on {member} {{ {} }}", selections(schema, fields, depth))
            });
            each.collect::<Vec<_>>().join(" ")
        }
        _ => return String::new(),
    };
    format!(" {{ __typename {body} }}")
}

fn selections<'a>(
    schema: &Schema,
    fields: impl Iterator<Item = (&'a str, &'a apollo_compiler::schema::Component<FieldDefinition>)>,
    depth: usize,
) -> String {
    let visible = fields.filter(|(_, field)| !hidden(field));
    let parts = visible.filter_map(|(name, field)| {
        let leaf = schema.types.get(field.ty.inner_named_type()).is_some_and(|t| t.is_leaf());
        match (leaf, depth) {
            (true, _) => Some(name.to_owned()),
            (false, 0) => None,
            (false, _) => Some(format!("{name}{}", below(schema, &field.ty, depth - 1))),
        }
    });
    // A field may have another type in each member of an abstract type: aliases keep them apart.
    parts.collect::<Vec<_>>().join(" ")
}

fn plan(planner: &Planner, text: &str) -> Result<(), String> {
    let query = graphql_tools::parser::parse_query::<String>(text).map_err(|e| e.to_string())?.into_static();
    let document = normalize_operation(&planner.supergraph, &query, None).map_err(|e| e.to_string())?;
    let operation = document.executable_operation();
    let token = CancellationToken::new();
    let planned =
        planner.plan_from_normalized_operation(operation, PlannerOverrideContext::default(), &token);
    planned.map(|_| ()).map_err(|e| e.to_string())
}
