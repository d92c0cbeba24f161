//! A configuration's file in; [`Checked`] out, or every mistake in it and in the files it names.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api::Kind;
use raccordo_policy::Policy;
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, compose};
use raccordo_schema::{Diagnostic, Location};

use crate::access;
use crate::checked::{Checked, CostMode, CostSettings, RequestLimits};
use crate::environment::Lookup;
use crate::keys::{DEFAULT_LISTEN, ROOT};
use crate::operations::read_operations;
use crate::reader::{Map, Surroundings, read_map};
use crate::sources::{ReadSource, read_sources};
use crate::yaml::{self, Node};

/// A source that the gateway itself serves, composed with the configured ones.
#[derive(Debug, Clone, Copy)]
pub struct OwnSource<'a> {
    /// Its name; no configured source may have it.
    pub name: &'a str,
    /// Its SDL.
    pub sdl: &'a str,
}

/// Loads a configuration. `kinds` are the kinds that its sources may have.
///
/// # Errors
/// Every mistake in the file and in the SDL files it names, warnings among them, each with its place.
pub fn load(path: &Path, env: &Lookup<'_>, kinds: &[&dyn Kind]) -> Result<Checked, Vec<Diagnostic>> {
    load_with_own(path, env, kinds, &[])
}

/// The same, with sources that the gateway itself serves composed in.
///
/// # Errors
/// As [`load`].
pub fn load_with_own(
    path: &Path,
    env: &Lookup<'_>,
    kinds: &[&dyn Kind],
    own: &[OwnSource<'_>],
) -> Result<Checked, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let file = path.display().to_string();
    let root = read_file(path, &file, &mut found)?;
    let around = Surroundings { lookup: env, folder: path.parent().unwrap_or(Path::new("")) };
    let map = read_map(&root, "", ROOT, &around, &mut found);
    let listen = read_listen(&map, &mut found);
    let policy = read_access(&map, &root, listen, &mut found);
    let cors_origins = read_origins(&map, &mut found);
    let operations = read_operations(map.section("operations"), around.folder, &mut found);
    let sources = read_sources(&root, &map, kinds, own, &around, &mut found);
    let composed = compose_all(&sources, own, &mut found);
    // The configuration's own mistakes first, in its order; then each source's as they were found.
    found.sort_by_key(
        |told| if *told.at.file == *file { (0, told.at.line, told.at.column) } else { (1, 0, 0) },
    );
    let wrong = found.iter().any(Diagnostic::is_error);
    let (Some(listen), Some(policy), Some((supergraph, catalogue)), false) =
        (listen, policy, composed, wrong)
    else {
        return Err(found);
    };
    Ok(Checked {
        listen,
        policy,
        sources: sources.into_iter().filter_map(|source| source.checked).collect(),
        supergraph,
        catalogue,
        limits: request_limits(map.section("limits")),
        operations,
        cost: cost(map.section("cost")),
        shares_in_flight: shares_in_flight(&map),
        cors_origins,
        log: Arc::from(map.values.text("log").unwrap_or("info")),
        introspection: map.values.flag("introspection").unwrap_or(true),
        explorer: map.values.flag("explorer").unwrap_or(true),
        warnings: found,
    })
}

fn read_file(path: &Path, file: &str, found: &mut Vec<Diagnostic>) -> Result<Node, Vec<Diagnostic>> {
    let text = std::fs::read_to_string(path).map_err(|error| vec![unreadable(file, None, &error)])?;
    yaml::parse(file, &text, found).map_err(|fatal| {
        found.push(fatal);
        std::mem::take(found)
    })
}

/// A file that can't be read. `named_at` is where the configuration names it.
pub(crate) fn unreadable(file: &str, named_at: Option<Location>, error: &std::io::Error) -> Diagnostic {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "it doesn't exist",
        std::io::ErrorKind::PermissionDenied => "this user may not read it",
        std::io::ErrorKind::IsADirectory => "it is a folder",
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text",
        _ => "reading it failed",
    };
    let at = named_at.unwrap_or_else(|| Location::file(file));
    Diagnostic::error("FILE_UNREADABLE", at, format!("the file `{file}` can't be read: {why}"))
        .help("files are looked for beside the configuration")
}

fn read_listen(map: &Map, found: &mut Vec<Diagnostic>) -> Option<SocketAddr> {
    let text = map.values.text("listen").unwrap_or(DEFAULT_LISTEN);
    let address = text.parse().ok();
    if address.is_none() {
        found.push(
            Diagnostic::error(
                "WRONG_VALUE",
                map.values.at("listen"),
                "`listen` is not an address with a port",
            )
            .help("write an IP address and a port, as `127.0.0.1:4000` or `\"[::1]:4000\"`"),
        );
    }
    address
}

fn read_access(
    map: &Map,
    root: &Node,
    listen: Option<SocketAddr>,
    found: &mut Vec<Diagnostic>,
) -> Option<Policy> {
    // A word that isn't `open` has been refused by the table.
    let entry = root.entries().iter().find(|entry| entry.key == "access");
    if entry.is_some() && !map.gives("access") {
        return None;
    }
    let at = if entry.is_some() { map.values.at("listen") } else { root.at.clone() };
    access::policy(entry.is_some(), listen?, &at).map_err(|wrong| found.push(wrong)).ok()
}

/// Origins are compared as text with what browsers send: scheme, host and port, no path. `*` would open a loopback gateway to every web page.
fn read_origins(map: &Map, found: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
    let mut origins = Vec::new();
    for (origin, at) in map.section("cors").map_or(&[][..], |cors| cors.texts("origins")) {
        let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
        if host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '@', '?', '#', ' '])) {
            origins.push(origin.to_lowercase().into());
        } else {
            found.push(
                Diagnostic::error("WRONG_VALUE", at.clone(), format!("`{origin}` is not an origin"))
                    .help("write scheme, host and port, without a path, as `https://cruscotto.example`; `*` is never allowed"),
            );
        }
    }
    origins
}

pub(crate) fn request_limits(limits: Option<&Map>) -> RequestLimits {
    let number = |name: &str| limits.map_or(0, |limits| limits.number(name));
    RequestLimits {
        body_bytes: number("body_bytes"),
        tokens: number("tokens"),
        depth: number("depth"),
        aliases: number("aliases"),
        root_fields: number("root_fields"),
        directives: number("directives"),
        selections: number("selections"),
        variable_values: number("variable_values"),
        timeout: Duration::from_millis(number("timeout_ms") as u64),
        concurrency: number("concurrency"),
        queue: number("queue"),
        streams: number("streams"),
        events: number("events"),
        answer_bytes: number("answer_bytes"),
        sockets: number("sockets"),
        socket_operations: number("socket_operations"),
    }
}

pub(crate) fn cost(section: Option<&Map>) -> CostSettings {
    let text = section.and_then(|section| section.values.text("mode"));
    let number = |name: &str| section.map_or(0, |section| section.number(name)) as u64;
    CostSettings {
        mode: match text {
            Some("measure") => CostMode::Measure,
            Some("enforce") => CostMode::Enforce,
            _ => CostMode::Off,
        },
        max: number("max"),
        list_size: number("list_size"),
        report: section.and_then(|section| section.values.flag("report")).unwrap_or(false),
    }
}

fn shares_in_flight(map: &Map) -> bool {
    let all = map.section("traffic").and_then(|traffic| traffic.section("all"));
    all.and_then(|all| all.values.flag("share_in_flight")).unwrap_or(false)
}

/// Composes what could be read. A source whose SDL is wrong keeps the graph from being composed; its own mistakes are told already.
fn compose_all(
    sources: &[ReadSource],
    own: &[OwnSource<'_>],
    found: &mut Vec<Diagnostic>,
) -> Option<(Arc<str>, Arc<Catalogue>)> {
    let configured = sources.iter().map(|source| {
        let read = source.read.as_ref()?;
        Some(SourceSdl { name: &source.name, url: source.url.as_deref(), file: &read.file, sdl: &read.sdl })
    });
    let mut all: Vec<SourceSdl<'_>> = configured.collect::<Option<_>>()?;
    all.extend(own.iter().map(|own| SourceSdl { name: own.name, url: None, file: own.name, sdl: own.sdl }));
    if all.is_empty() {
        return None;
    }
    let supergraph = compose(&all).map_err(|wrong| found.extend(wrong)).ok()?;
    found.extend(supergraph.warnings().iter().cloned());
    let catalogue =
        Catalogue::of(Arc::clone(supergraph.schema())).map_err(|wrong| found.extend(wrong)).ok()?;
    Some((Arc::from(supergraph.sdl()), Arc::new(catalogue)))
}
