//! A fetch of a subscription in; its events out, by the protocol that the subgraph is configured to speak.

use std::sync::OnceLock;

use raccordo_connector_api::{Events, Failure, Fetch};
use raccordo_connector_web::{Client, HeaderMap};
use url::Url;

use crate::{socket, sse};

/// How the subgraph sends events, and where.
#[derive(Clone)]
pub(crate) struct Subscriptions {
    /// How.
    pub(crate) protocol: Protocol,
    /// Where: of scheme `http` or `https`.
    pub(crate) url: Url,
}

/// The protocols of subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// GraphQL over SSE, distinct connections mode.
    Sse,
    /// `graphql-transport-ws`.
    Socket,
}

/// Opens subscriptions. Its client is made at the first of them: most subgraphs have none.
pub(crate) struct Subscriber {
    how: Subscriptions,
    headers: HeaderMap,
    client: OnceLock<Client>,
}

impl Subscriber {
    /// Opens nothing yet. `headers` go with every subscription.
    pub(crate) fn new(how: Subscriptions, headers: HeaderMap) -> Self {
        Self { how, headers, client: OnceLock::new() }
    }

    /// Opens a subscription.
    ///
    /// # Errors
    /// Why there is no stream.
    pub(crate) async fn subscribe(&self, fetch: &Fetch) -> Result<Events, Failure> {
        let client = self.client()?;
        match self.how.protocol {
            Protocol::Sse => sse::subscribe(client, &self.how.url, fetch).await,
            Protocol::Socket => socket::subscribe(client, &self.how.url, fetch).await,
        }
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let headers = self.headers.clone();
        let client = match self.how.protocol {
            Protocol::Sse => Client::new(&self.how.url, headers)?,
            Protocol::Socket => Client::for_sockets(&self.how.url, headers)?,
        };
        Ok(self.client.get_or_init(|| client))
    }
}
