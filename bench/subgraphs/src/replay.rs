//! A request's path and body enter; the bytes to send leave, learnt or replayed, and are counted. What is learnt is bounded:
//! past the bound a request is refused, never answered slowly.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::error::BenchError;
use crate::sdl;
use crate::walk::{self, World};

/// How many different bodies each subgraph learns.
const LEARNT: usize = 100_000;

/// Bytes as they go over the wire, status and headers included.
pub(crate) type Reply = Rc<[u8]>;

/// The subgraphs, and the whole they make.
pub(crate) struct Subgraphs {
    subgraphs: Vec<Subgraph>,
    whole: Valid<Schema>,
    world: World,
}

struct Subgraph {
    path: String,
    schema: Valid<Schema>,
    learnt: FxHashMap<Box<[u8]>, Reply>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    requests: u64,
    request_bytes: u64,
    reply_bytes: u64,
    wrong: u64,
}

impl Subgraphs {
    /// Every `NAME.graphql` of a folder, each at `/NAME`.
    pub(crate) fn read(folder: &Path, supergraph: &Path, world: World) -> Result<Self, BenchError> {
        let subgraphs: Vec<_> =
            files(folder)?.iter().map(|file| Subgraph::read(file)).collect::<Result<_, _>>()?;
        match subgraphs.is_empty() {
            true => Err(BenchError::Empty { path: folder.to_owned() }),
            false => Ok(Self { subgraphs, whole: sdl::supergraph(supergraph)?, world }),
        }
    }

    /// What to send to whoever posts a body to a path, or asks for the counts.
    pub(crate) fn reply(&mut self, path: &str, body: &[u8]) -> Reply {
        let world = self.world;
        match path {
            "/whole" => reply("200 OK", &answered(walk::answer(&self.whole, body, world)).0),
            "/counts" => reply("200 OK", &self.counted().to_string()),
            _ => match self.subgraphs.iter_mut().find(|subgraph| subgraph.path == path) {
                Some(subgraph) => subgraph.reply(body, world),
                None => reply("404 Not Found", "no subgraph is here"),
            },
        }
    }

    /// What was asked of each subgraph since this was last called.
    fn counted(&mut self) -> Value {
        let counted = self.subgraphs.iter_mut().map(|subgraph| {
            let counts = std::mem::take(&mut subgraph.counts);
            let told = json!({
                "requests": counts.requests,
                "request_bytes": counts.request_bytes,
                "reply_bytes": counts.reply_bytes,
                "wrong": counts.wrong,
            });
            (subgraph.path.trim_start_matches('/').to_owned(), told)
        });
        Value::Object(counted.collect())
    }
}

impl Subgraph {
    fn read(file: &Path) -> Result<Self, BenchError> {
        let name = file.file_stem().map(|name| name.to_string_lossy()).unwrap_or_default();
        let (learnt, counts) = (FxHashMap::default(), Counts::default());
        Ok(Self { path: format!("/{name}"), schema: sdl::subgraph(file)?, learnt, counts })
    }

    fn reply(&mut self, body: &[u8], world: World) -> Reply {
        self.counts.requests += 1;
        self.counts.request_bytes += body.len() as u64;
        let known = self.learnt.get(body).map(Rc::clone);
        let reply = known.unwrap_or_else(|| self.learn(body, world));
        self.counts.reply_bytes += reply.len() as u64;
        reply
    }

    /// A wrong request isn't learnt, so that each is counted.
    fn learn(&mut self, body: &[u8], world: World) -> Reply {
        if self.learnt.len() >= LEARNT {
            self.counts.wrong += 1;
            return reply("503 Service Unavailable", "as many different requests were learnt as may be");
        }
        let (text, is_right) = answered(walk::answer(&self.schema, body, world));
        let reply = reply("200 OK", &text);
        match is_right {
            true => drop(self.learnt.insert(body.into(), Rc::clone(&reply))),
            false => self.counts.wrong += 1,
        }
        reply
    }
}

fn answered(answer: Result<Value, String>) -> (String, bool) {
    match answer {
        Ok(data) => (json!({ "data": data }).to_string(), true),
        Err(why) => (json!({ "errors": [{ "message": why }] }).to_string(), false),
    }
}

fn reply(status: &str, text: &str) -> Reply {
    let length = text.len();
    let whole = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{text}"
    );
    whole.into_bytes().into()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
    let unreadable = |why| BenchError::Unreadable { path: folder.to_owned(), why };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "graphql") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
