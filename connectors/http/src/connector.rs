//! A checked source in; a connector that asks it, and knocks at it, out.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo_connector_api::{Checked, Connector, Failure, FailureKind, Fetch, Limits, Meter, Origin, Reply};
use raccordo_connector_web::{Call, Client};
use tokio::time::Instant;
use url::Url;

use crate::model::Model;
use crate::run::Run;
use crate::settings::Address;

/// A probe's patience.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// The most that a probe reads.
const PROBE_BYTES: usize = 64 * 1024;

/// A source that can be connected.
pub(crate) struct CheckedApi {
    address: Address,
    model: Arc<Model>,
}

impl CheckedApi {
    pub(crate) fn new(address: Address, model: Arc<Model>) -> Self {
        Self { address, model }
    }
}

impl Checked for CheckedApi {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        let client = Client::new(&self.address.base, self.address.headers.clone())?;
        Ok(Arc::new(Api { client, base: self.address.base.clone(), model: self.model.clone() }))
    }
}

/// Speaks to one source.
struct Api {
    client: Client,
    base: Url,
    model: Arc<Model>,
}

impl Api {
    async fn knock(&self) -> Result<(), Failure> {
        let limits = Limits { reply_bytes: PROBE_BYTES, ..Limits::default() };
        let deadline = Instant::now() + PROBE_TIMEOUT;
        let call = Call::get(self.base.clone());
        match self.client.call(call, &Origin::default(), deadline, &limits, &Meter::default()).await {
            Ok(answer) if answer.status.as_u16() < 500 => Ok(()),
            Ok(answer) => Err(Failure::unreachable(format!("answered {}", answer.status.as_u16()))),
            // It answers, with more than a knock reads.
            Err(failure) if failure.kind == FailureKind::OverLimit => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

impl Connector for Api {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        async move { Run::new(&self.model, &self.client, &self.base, fetch).answer().await }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.knock().boxed()
    }
}
