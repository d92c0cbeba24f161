//! Subscriptions that this project did not write either end of: a Federation subgraph that sends events (`tests/real/events.mjs`:
//! GraphQL Yoga, and the server of npm `graphql-ws`), and clients that take them (`tests/real/subscriber.mjs`: npm `graphql-sse`,
//! npm `graphql-ws`). In: a query. Out: what the client said of each event, and what the subgraph received.

use serde_json::Value;

use super::{
    RealError, ReceivedRequest,
    partner::{Partner, node},
};

/// A running subgraph that has subscriptions, private to the caller.
pub struct EventSubgraph {
    partner: Partner,
    url: String,
}

impl EventSubgraph {
    /// The subgraph's SDL (Federation v2), as a source's schema file would hold it.
    pub const SDL: &str = include_str!("../../real/partenze.graphql");

    /// Starts the subgraph: in a second or two.
    pub fn start() -> Result<Self, RealError> {
        let (partner, url) = Partner::start_script("the subgraph with events", "events.mjs", &[])?;
        Ok(Self { partner, url })
    }

    /// The GraphQL endpoint, over HTTP and over WebSockets: `http://127.0.0.1:PORT/graphql`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests received since the last call, oldest first: of method `POST` or `SUBSCRIBE`, the body being the operation; and
    /// one of method `END` for each subscription that is over, its `url` being the field.
    pub fn take_requests(&mut self) -> Result<Vec<ReceivedRequest>, RealError> {
        self.partner.take_requests()
    }

    /// Stops the subgraph now, whatever it was sending.
    pub fn stop(&mut self) {
        self.partner.stop();
    }
}

/// How a client subscribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Server-sent events, by npm `graphql-sse`.
    Sse,
    /// A WebSocket, by npm `graphql-ws`.
    Socket,
}

/// A client with one subscription. It goes away when its value is dropped.
pub struct Subscriber {
    partner: Partner,
}

impl Subscriber {
    /// Subscribes. After `most` results the client has enough.
    pub fn start(over: Over, url: &str, query: &str, most: Option<usize>) -> Result<Self, RealError> {
        let protocol = match over {
            Over::Sse => "sse",
            Over::Socket => "graphql-ws",
        };
        let most = most.map(|most| most.to_string()).unwrap_or_default();
        let mut command = node("subscriber.mjs")?;
        command.args([protocol, url, query, &most]);
        Ok(Self { partner: Partner::start("the subscriber", &mut command)? })
    }

    /// What the client says next: `{"next": …}`, `{"complete": true}`, `{"left": true}` or `{"error": …}`.
    pub fn next(&self) -> Result<Value, RealError> {
        let line = self.partner.next_line()?;
        serde_json::from_str(&line).map_err(|_| RealError::Unreadable { what: "the subscriber", line })
    }

    /// Everything the client says, until nothing follows.
    pub fn all(&self) -> Result<Vec<Value>, RealError> {
        let mut said = Vec::new();
        loop {
            let next = self.next()?;
            let is_last = next.get("next").is_none();
            said.push(next);
            if is_last {
                return Ok(said);
            }
        }
    }

    /// Ends the client at once, as a closed laptop would.
    pub fn kill(&mut self) {
        self.partner.kill();
    }
}
