//! A Federation subgraph: Mercurius (`tests/real/subgraph.mjs`). In: nothing, its data are fixed in the script. Out: its
//! endpoint, its SDL and the requests it received.

use super::{RealError, ReceivedRequest, partner::Partner};

/// A running subgraph, private to the caller.
pub struct Subgraph {
    partner: Partner,
    url: String,
}

impl Subgraph {
    /// The subgraph's SDL (Federation v2), as a source's schema file would hold it.
    pub const SDL: &str = include_str!("../../real/trasporti.graphql");

    /// Starts the subgraph: under a second.
    pub fn start() -> Result<Self, RealError> {
        let (partner, url) = Partner::start_script("the subgraph", "subgraph.mjs", &[])?;
        Ok(Self { partner, url })
    }

    /// The GraphQL endpoint: `http://127.0.0.1:PORT/graphql`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests received since the last call, oldest first; bodies are the JSON as it was read.
    pub fn take_requests(&mut self) -> Result<Vec<ReceivedRequest>, RealError> {
        self.partner.take_requests()
    }

    /// Stops the subgraph now: its address refuses connections from here on.
    pub fn stop(&mut self) {
        self.partner.stop();
    }
}
