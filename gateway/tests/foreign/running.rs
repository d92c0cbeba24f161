//! A folder with a configuration of the two subgraphs, and `raccordo` as it is typed there.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use raccordo_tests::call::post;
use raccordo_tests::real::Subgraph;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::registry::{self, Registry};

/// The two subgraphs and a folder with their configuration, their SDL and what `compose` makes of them.
pub(crate) struct District {
    pub(crate) transport: Subgraph,
    folder: TempDir,
    _registry: Registry,
}

/// The command, not run yet, in a folder.
fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raccordo"));
    command.args(words).current_dir(folder);
    command
}

impl District {
    pub(crate) fn start() -> Self {
        let (transport, registry) = (Subgraph::start().unwrap(), Registry::start());
        let folder = tempfile::tempdir().unwrap();
        let source = |name: &str, url: &str| {
            format!("  {name}: {{ kind: graphql, schema: {name}.graphql, url: \"{url}\" }}\n")
        };
        let config = format!(
            "listen: 127.0.0.1:0\naccess: open\nsources:\n{}{}",
            source("anagrafe", &registry.url),
            source("trasporti", transport.url())
        );
        for (name, text) in [
            ("raccordo.yaml", config.as_str()),
            ("anagrafe.graphql", registry::SDL),
            ("trasporti.graphql", Subgraph::SDL),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let district = Self { transport, folder, _registry: registry };
        let supergraph = district.said(&["compose", "--config", "raccordo.yaml"]);
        district.write("supergraph.graphql", &supergraph);
        district
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// What a command that succeeds prints.
    pub(crate) fn said(&self, words: &[&str]) -> String {
        let output = command(self.folder.path(), words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Serves, either way.
    pub(crate) fn serve(&self, input: [&str; 2]) -> Gateway {
        let words = ["serve", input[0], input[1], "--listen", "127.0.0.1:0", "--log", "error"];
        let mut process =
            command(self.folder.path(), &words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let url = first.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("no address in {first:?}")).trim_end_matches(';').to_owned();
        Gateway { process, url }
    }
}

/// A gateway in a process of its own; it ends with its value.
pub(crate) struct Gateway {
    process: Child,
    url: String,
}

impl Gateway {
    pub(crate) fn ask(&self, query: &str) -> Value {
        let headers = [("content-type", "application/json"), ("accept", "application/graphql-response+json")];
        let reply = post(&self.url, &headers, &json!({ "query": query }).to_string()).unwrap();
        serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("{}", reply.body))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
