//! A subgraph that sends what the test says: server-sent events, byte for byte.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use futures::stream::unfold;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) const SDL: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

type Query {
  ora: String
}

type Subscription {
  testo: String
}
"#;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running subgraph.
pub(crate) struct Upstream {
    pub(crate) url: String,
    opened: mpsc::UnboundedReceiver<Feed>,
}

/// One subscription that was opened.
pub(crate) struct Feed(mpsc::Sender<Bytes>);

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let (sender, opened) = mpsc::unbounded_channel();
        let app = Router::new().route("/graphql", post(open)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, opened }
    }

    /// The next subscription that is opened.
    pub(crate) async fn opened(&mut self) -> Feed {
        timeout(PATIENCE, self.opened.recv()).await.expect("nobody subscribed").unwrap()
    }
}

async fn open(State(opened): State<mpsc::UnboundedSender<Feed>>) -> Response {
    let (sender, feed) = mpsc::channel(1);
    opened.send(Feed(sender)).unwrap_or_default();
    let body = unfold(feed, |mut feed| async { Some((Ok::<_, Infallible>(feed.recv().await?), feed)) });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

impl Feed {
    /// Sends bytes; false when whoever read them is gone.
    pub(crate) async fn send(&self, text: impl Into<Bytes>) -> bool {
        self.0.send(text.into()).await.is_ok()
    }

    /// Sends an event with this text.
    pub(crate) async fn text(&self, text: &str) -> bool {
        self.send(format!("event: next\ndata: {{\"data\":{{\"testo\":\"{text}\"}}}}\n\n")).await
    }

    /// Waits until whoever read the events has closed the connection.
    pub(crate) async fn gone(&self) {
        timeout(PATIENCE, self.0.closed()).await.expect("the subscription is still open");
    }
}
