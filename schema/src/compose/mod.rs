//! Composition: the sources' SDL in, one supergraph out, or every mistake of every file. Pure: no I/O.
//!
//! Each source is read and checked alone (`read`, `rules`), then all are merged (`merge`), then every field is shown to be
//! reachable (`satisfiability`), then the graph is printed in the public join specification (`print`), so that other routers can
//! read it. Federation v2 is composed as its specification says; v1 files are taken leniently.

mod access;
mod blanking;
mod costs;
mod definitions;
mod field_set;
mod links;
mod marks;
mod merge;
mod personal;
mod print;
mod read;
mod rules;
mod satisfiability;
mod subgraph;
mod supergraph;
mod text;

use std::sync::Arc;

pub(crate) use merge::is_executable;

use apollo_compiler::Schema;

use crate::catalogue::read::quickly;
use crate::parallel::each;
use crate::{Diagnostic, Location};
use subgraph::Subgraph;

/// One source's SDL.
#[derive(Debug, Clone, Copy)]
pub struct SourceSdl<'a> {
    /// The source's name in the configuration.
    pub name: &'a str,
    /// Its address, when it has one; only printed.
    pub url: Option<&'a str>,
    /// The file, as the user would name it; only for diagnostics.
    pub file: &'a str,
    /// The file's text.
    pub sdl: &'a str,
}

/// A composed graph.
#[derive(Debug, Clone)]
pub struct Supergraph {
    sdl: String,
    schema: Arc<Schema>,
    warnings: Vec<Diagnostic>,
}

impl Supergraph {
    /// The supergraph's SDL, in the join specification.
    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    /// The same, as it is read back.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What is worth knowing, though nothing is refused.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// Composes the sources. The order in which they are given doesn't matter: the text is always the same.
///
/// # Errors
///
/// All mistakes, with file, line and Federation's name of the rule. A later stage's mistakes show only when the earlier ones are
/// mended: SDL first, then each source's own rules and the merge, then reachability.
pub fn compose(sources: &[SourceSdl<'_>]) -> Result<Supergraph, Vec<Diagnostic>> {
    let (subgraphs, mut warnings) = read_all(sources)?;
    let (merged, problems, doubts) = merge::merge(&subgraphs);
    refuse_any(problems)?;
    warnings.extend(doubts);
    let (unreachable, doubts) = satisfiability::check(&subgraphs, &merged);
    refuse_any(unreachable)?;
    warnings.extend(doubts);
    warnings.extend(blanking::check(&subgraphs, &merged));
    let sdl = print::print(&subgraphs, &merged);
    // What is printed says it all: reading it needs the memory.
    drop((merged, subgraphs));
    let schema = validate(&sdl)?;
    Ok(Supergraph { sdl, schema, warnings })
}

fn read_all(sources: &[SourceSdl<'_>]) -> Result<(Vec<Subgraph>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut sorted: Vec<&SourceSdl<'_>> = sources.iter().collect();
    sorted.sort_by_key(|source| source.name);
    let (mut subgraphs, mut problems) = (Vec::new(), Vec::new());
    let mut taken: Vec<String> = Vec::new();
    for source in &sorted {
        taken.push(graph_value(source.name, &taken));
    }
    let named: Vec<_> = sorted.into_iter().zip(taken).collect();
    for read in each(&named, |(source, graph)| read::read(source, graph.clone())) {
        match read {
            Ok((subgraph, found)) => {
                subgraphs.push(subgraph);
                problems.extend(found);
            }
            Err(found) => problems.extend(found),
        }
    }
    rules::adopt_keys(&mut subgraphs);
    for subgraph in &mut subgraphs {
        problems.extend(rules::apply(subgraph));
    }
    let (problems, mut warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(Diagnostic::is_error);
    refuse_any(problems)?;
    // What a source says often is told once.
    warnings.dedup_by(|next, kept| next.rule == kept.rule && next.at.file == kept.at.file);
    Ok((subgraphs, warnings))
}

/// The parser's findings about another file, in the same words.
pub(crate) fn told(file: &str, found: &apollo_compiler::validation::DiagnosticList) -> Vec<Diagnostic> {
    read::diagnostics(&file.into(), found)
}

fn refuse_any(problems: Vec<Diagnostic>) -> Result<(), Vec<Diagnostic>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// A source's value in `join__Graph`: its name in capitals, other characters as `_`, told apart where names collide.
fn graph_value(name: &str, taken: &[String]) -> String {
    let mut value: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if value.starts_with(|c: char| c.is_ascii_digit()) || value.is_empty() {
        value.insert(0, '_');
    }
    let base = value.clone();
    let mut count = 0;
    while taken.contains(&value) {
        count += 1;
        value = format!("{base}_{count}");
    }
    value
}

/// The last net: what we print must be a valid schema to the parser that the gateway reads it with.
fn validate(sdl: &str) -> Result<Arc<Schema>, Vec<Diagnostic>> {
    if let Some(schema) = quickly(sdl).and_then(|schema| schema.validate().ok()) {
        return Ok(Arc::new(schema.into_inner()));
    }
    let file = "supergraph.graphql".into();
    match Schema::parse_and_validate(sdl, "supergraph.graphql") {
        Ok(schema) => Ok(Arc::new(schema.into_inner())),
        Err(bad) => {
            let found = read::diagnostics(&file, &bad.errors);
            let help = "the sources agree one by one, but not as one schema: compare the types that the message names";
            Err(found
                .into_iter()
                .map(|d| Diagnostic { at: Location::file(file.clone()), ..d }.help(help))
                .collect())
        }
    }
}
