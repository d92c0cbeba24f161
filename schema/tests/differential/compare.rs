//! One graph, composed by us and elsewhere. In: sources. Out: what differs, as sorted lines; nothing where the two agree.

use std::collections::BTreeSet;
use std::path::PathBuf;

use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, compose};
use raccordo_tests::real::{ComposedElsewhere, Composer, ToCompose};

use crate::facts;

/// What we make of a graph.
pub(crate) enum Ours {
    Good {
        supergraph: String,
        api: String,
    },
    /// The rules broken, each with what is said of it.
    Refused(Vec<(String, String)>),
}

pub(crate) fn ours(sources: &[ToCompose]) -> Ours {
    let files: Vec<SourceSdl<'_>> =
        sources.iter().map(|s| SourceSdl { name: &s.name, url: None, file: &s.name, sdl: &s.sdl }).collect();
    match compose(&files) {
        Ok(supergraph) => {
            let catalogue = Catalogue::from_supergraph(supergraph.sdl());
            let api = catalogue.map_or_else(|wrong| format!("{wrong:?}"), |c| c.api_sdl());
            Ours::Good { supergraph: supergraph.sdl().to_owned(), api }
        }
        Err(found) => Ours::Refused(found.iter().map(|d| (d.rule.to_owned(), d.to_string())).collect()),
    }
}

/// Starts the other composer.
pub(crate) fn composer() -> Composer {
    match std::env::var_os("RACCORDO_COMPOSER") {
        Some(script) => Composer::start_other(&PathBuf::from(script)).unwrap(),
        None => Composer::start().unwrap(),
    }
}

/// What differs, one line each: verdicts, or facts that only one of the two states.
pub(crate) fn differences(ours: &Ours, theirs: &ComposedElsewhere) -> BTreeSet<String> {
    match (ours, theirs) {
        (Ours::Good { supergraph, api }, ComposedElsewhere::Good { supergraph: other, api: other_api }) => {
            let mut all = of_facts("supergraph", supergraph, other);
            all.extend(of_facts("api", api, other_api));
            all
        }
        (Ours::Good { .. }, ComposedElsewhere::Refused(errors)) => {
            errors.iter().map(|(code, _)| format!("refused elsewhere: {code}")).collect()
        }
        (Ours::Refused(rules), ComposedElsewhere::Good { .. }) => {
            rules.iter().map(|(rule, _)| format!("refused here: {rule}")).collect()
        }
        // Which of several mistakes is told of first is each composer's own matter.
        (Ours::Refused(_), ComposedElsewhere::Refused(_)) => BTreeSet::new(),
    }
}

fn of_facts(what: &str, ours: &str, theirs: &str) -> BTreeSet<String> {
    let (ours, theirs) = (facts::of(ours), facts::of(theirs));
    let here = ours.difference(&theirs).map(|fact| format!("{what}, only here: {fact}"));
    here.chain(theirs.difference(&ours).map(|fact| format!("{what}, only elsewhere: {fact}"))).collect()
}
