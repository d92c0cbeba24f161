//! Enters: an address and a partner's routes. Leaves: the partner, listening, with its counters and its switch.
//! Never listens anywhere that it wasn't told to.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::behaviour::{Behaviour, Switch, instead, spoiled};
use super::calls::Calls;
use crate::DemoError;

/// A partner that answers over HTTP. It stops when it is dropped.
#[derive(Debug)]
pub struct Partner {
    name: &'static str,
    address: SocketAddr,
    url: String,
    calls: Calls,
    switch: Switch,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Partner {
    /// Who it is: `asl`, `terzosettore`, `trasporti`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a source's `url` is set to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it was asked so far.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// From the next request on it behaves so.
    pub fn behave(&self, behaviour: Behaviour) {
        self.switch.set(behaviour);
    }

    /// Closes the port; requests in flight have a second to end.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if tokio::time::timeout(Duration::from_secs(1), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// A port taken, its counters and its switch: what the routes need to know before they exist.
pub(super) struct Opening {
    name: &'static str,
    listener: TcpListener,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// Its counters.
    pub(super) calls: Calls,
    /// Its switch.
    pub(super) switch: Switch,
}

/// Takes the port.
pub(super) async fn open(name: &'static str, address: SocketAddr) -> Result<Opening, DemoError> {
    let failed = |cause| DemoError::Listen { who: name, address, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Opening { name, listener, address, calls: Calls::default(), switch: Switch::default() })
}

/// How a request is named in the counters, from its method and path.
pub(super) type KindOf = fn(&Method, &str) -> String;

#[derive(Clone)]
struct Watch {
    calls: Calls,
    switch: Switch,
    kind_of: KindOf,
}

impl Opening {
    /// Serves `routes` at the port; `path` is where under it a source's `url` begins.
    pub(super) fn serve(self, path: &str, routes: Router, kind_of: KindOf) -> Partner {
        let watch = Watch { calls: self.calls.clone(), switch: self.switch.clone(), kind_of };
        let routes = routes.layer(middleware::from_fn_with_state(watch, watched));
        let (stop, stopped) = oneshot::channel::<()>();
        let served = axum::serve(self.listener, routes).with_graceful_shutdown(async {
            // An answer or a dropped sender: both mean stop.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async {
            // `axum::serve` retries what can be retried and has no other error.
            let _ = served.await;
        });
        let url = format!("http://{}{path}", self.address);
        let (name, address, calls, switch) = (self.name, self.address, self.calls, self.switch);
        Partner { name, address, url, calls, switch, stop: Some(stop), task }
    }
}

async fn watched(State(watch): State<Watch>, request: Request, next: Next) -> Response {
    watch.calls.request((watch.kind_of)(request.method(), request.uri().path()));
    let behaviour = watch.switch.now();
    match instead(behaviour) {
        Some(reply) => reply,
        None => spoiled(behaviour, next.run(request).await).await,
    }
}
