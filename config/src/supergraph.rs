//! A ready supergraph in; the configuration that serves it out: `raccordo serve --supergraph FILE` alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api::{Kind, Limits, Source};
use raccordo_schema::catalogue::{Catalogue, GraphSource};
use raccordo_schema::{Diagnostic, Location};

use crate::access;
use crate::checked::{Checked, CheckedSource};
use crate::keys::ROOT;
use crate::load::{cost, request_limits};
use crate::operations::read_operations;
use crate::reader::{Surroundings, read_map};
use crate::sources::{settings_of_url, unmapped};
use crate::yaml::{Data, Node};

/// How long one fetch may take where nothing says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The configuration of a supergraph that stands alone: every source is a subgraph at the address that its `join__Graph` value
/// gives, access is open and so only on loopback, all else is as by default. `kinds` must hold kind `graphql`.
///
/// # Errors
/// Mistakes in the supergraph, subgraphs without an address, an address beyond loopback.
pub fn for_supergraph(
    file: &str,
    sdl: &str,
    listen: SocketAddr,
    kinds: &[&dyn Kind],
) -> Result<Checked, Vec<Diagnostic>> {
    let at = Location::file(file);
    let catalogue = Catalogue::from_supergraph(sdl).map_err(|wrong| named(wrong, file))?;
    let mut found = Vec::new();
    let policy = access::policy(true, listen, &Location::file("--listen")).map_err(|wrong| found.push(wrong));
    let kind = kinds.iter().copied().find(|kind| kind.name() == "graphql");
    if kind.is_none() {
        found.push(Diagnostic::error("UNKNOWN_KIND", at.clone(), "kind `graphql` is not built in"));
    }
    let sources: Vec<CheckedSource> = kind
        .into_iter()
        .flat_map(|kind| catalogue.sources().iter().map(move |source| (kind, source)))
        .filter_map(|(kind, source)| subgraph(source, kind, &at).map_err(|wrong| found.extend(wrong)).ok())
        .collect();
    let (Ok(policy), true) = (policy, found.is_empty()) else { return Err(found) };
    let nothing = Node { at, data: Data::Null };
    let around = Surroundings { lookup: &|_| None, folder: std::path::Path::new("") };
    let defaults = read_map(&nothing, "", ROOT, &around, &mut found);
    Ok(Checked {
        listen,
        policy,
        sources,
        supergraph: Arc::from(sdl),
        catalogue: Arc::new(catalogue),
        limits: request_limits(defaults.section("limits")),
        operations: read_operations(defaults.section("operations"), around.folder, &mut found),
        cost: cost(defaults.section("cost")),
        shares_in_flight: false,
        cors_origins: Vec::new(),
        log: Arc::from("info"),
        introspection: true,
        explorer: true,
        warnings: Vec::new(),
    })
}

fn subgraph(source: &GraphSource, kind: &dyn Kind, at: &Location) -> Result<CheckedSource, Vec<Diagnostic>> {
    let Some(url) = &source.url else {
        let message = format!("the supergraph gives no address for `{}`", source.name);
        return Err(vec![
            Diagnostic::error("SUBGRAPH_URL", at.clone(), message)
                .help("serve it with `--config`, where its `url` is given"),
        ]);
    };
    let settings = settings_of_url(url, at, kind);
    let mapping = unmapped(&source.name, &at.file);
    let connector = kind.check(Source { name: &source.name, settings: &settings, mapping: &mapping })?;
    Ok(CheckedSource {
        name: source.name.clone(),
        kind: kind.name(),
        mapping,
        connector,
        timeout: TIMEOUT,
        limits: Limits::default(),
    })
}

/// The catalogue's mistakes, with the file as the user calls it.
fn named(wrong: Vec<Diagnostic>, file: &str) -> Vec<Diagnostic> {
    wrong
        .into_iter()
        .map(|mut diagnostic| {
            diagnostic.at.file = Arc::from(file);
            diagnostic
        })
        .collect()
}
