//! `/graphql`: negotiate, refuse what a browser could be made to send, take in, wait for a turn, read, ask, answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method, Request as HttpRequest};
use axum::response::Response;
use bytes::BytesMut;
use futures::{FutureExt, StreamExt};
use raccordo_policy::Caller;
use tokio::time::timeout;

use super::admit::{SMALL, Taken};
use super::answer::{self, By};
use super::log::{self, Trace};
use super::negotiate::{self, MediaType};
use super::{Settings, Shared, csrf, decode, explorer, socket, sse};
use crate::code::Code;
use crate::pipeline::{Answered, Told};
use crate::request::{Refusal, Request};

/// Why nothing was answered, and who says so.
type Refused = (Refusal, By);

/// Handles everything sent to `/graphql`.
pub(super) async fn handle(
    State(shared): State<Shared>,
    Extension(trace): Extension<Trace>,
    request: HttpRequest<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let by_get = matches!(head.method, Method::GET | Method::HEAD);
    let query_string = head.uri.query();
    let is_page = by_get && !decode::is_asking(query_string) && negotiate::wants_html(&head.headers);
    if is_page && shared.settings.explorer.is_some() {
        return explorer::show(&head.headers).await;
    }
    if socket::is_wanted(&head.method, &head.headers) {
        return socket::open(&shared, &trace, head).await;
    }
    let (once, events) = (negotiate::answer_type(&head.headers), negotiate::takes_events(&head.headers));
    if once.is_none() && !events {
        return answer::refused(&unacceptable(), By::Http, MediaType::Json);
    }
    let media_type = once.unwrap_or(MediaType::Json);
    let received = match head.method {
        Method::GET | Method::HEAD => by_query_string(&shared.settings, &head.headers, query_string),
        Method::POST => by_body(&shared, &head.headers, body, &trace).await,
        _ => Err(other_method()),
    };
    let told = match received {
        Ok(received) if events => return sse::respond(&shared, &trace, received, once).await,
        Ok(received) => ask(&shared, &trace, received).await,
        Err(refusal) => Err((refusal, By::Http)),
    };
    match told {
        Ok(answered) => answer::answered(answered, media_type),
        Err((refusal, by)) => answer::refused(&refusal, by, media_type),
    }
}

/// A request as it came: read only once it has its turn.
pub(super) enum Received<'r> {
    QueryString(&'r str),
    Body(BytesMut, Taken),
}

impl Received<'_> {
    /// The request, and the room that it takes until it is answered.
    fn read(self, settings: &Settings) -> Result<(Request, Taken), Refusal> {
        let values = settings.variable_values;
        match self {
            Self::QueryString(text) => Ok((decode::from_query_string(text, values)?, Taken::default())),
            Self::Body(body, taken) => Ok((decode::from_body(&body, values)?, taken)),
        }
    }
}

fn by_query_string<'r>(
    settings: &Settings,
    headers: &HeaderMap,
    text: Option<&'r str>,
) -> Result<Received<'r>, Refusal> {
    csrf::check(headers, &settings.cors_origins)?;
    Ok(Received::QueryString(text.unwrap_or_default()))
}

async fn by_body(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
    trace: &Trace,
) -> Result<Received<'static>, Refusal> {
    decode::check_content_type(headers)?;
    let (body, taken) = read_body(shared, body).await?;
    trace.received(body.len());
    Ok(Received::Body(body, taken))
}

/// The whole body, within its limits of size and time.
async fn read_body(shared: &Shared, body: Body) -> Result<(BytesMut, Taken), Refusal> {
    let settings = &shared.settings;
    let most = settings.body_bytes;
    let too_large = || {
        Refusal::new(
            Code::REQUEST_LIMIT_EXCEEDED,
            format!("the body of a request may have {most} bytes at most"),
        )
    };
    let announced = body.size_hint().lower();
    if announced > most as u64 {
        return Err(too_large());
    }
    let mut chunks = body.into_data_stream();
    // A length that is only announced takes no memory.
    let mut read = BytesMut::with_capacity((announced as usize).min(SMALL));
    let mut taken = Taken::default();
    let reading = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| {
                Refusal::new(
                    Code { status: 400, ..Code::BAD_USER_INPUT },
                    "the body of the request broke off",
                )
            })?;
            if read.len() + chunk.len() > most {
                return Err(too_large());
            }
            if !shared.room.hold(read.len() + chunk.len(), &mut taken) {
                return Err(overloaded());
            }
            read.extend_from_slice(&chunk);
        }
        Ok(())
    };
    timeout(settings.body_timeout, reading).await.map_err(|_| {
        let code = Code { status: 408, ..Code::REQUEST_LIMIT_EXCEEDED };
        Refusal::new(code, "the body of the request did not come in time")
    })??;
    Ok((read, taken))
}

/// Waits for a turn, then asks.
async fn ask(shared: &Shared, trace: &Trace, received: Received<'_>) -> Result<Answered, Refused> {
    let Some(_turn) = shared.gate.enter().await else { return Err((overloaded(), By::Http)) };
    let (request, _room) = received.read(&shared.settings).map_err(|refusal| (refusal, By::Http))?;
    let caller = Caller::anonymous();
    bounded(shared, trace, shared.respond.respond(&caller, trace.id(), &request)).await
}

/// As `ask`, for a client that takes a stream too. A stream has its place for as long as it is open; its turn ends before.
pub(super) async fn open(shared: &Shared, trace: &Trace, received: Received<'_>) -> Result<Told, Refused> {
    let Some(_turn) = shared.gate.enter().await else { return Err((overloaded(), By::Http)) };
    let (request, _room) = received.read(&shared.settings).map_err(|refusal| (refusal, By::Http))?;
    let caller = Caller::anonymous();
    let told = bounded(shared, trace, shared.respond.open(&caller, trace.id(), &request)).await?;
    let Told::Stream(answers) = told else { return Ok(told) };
    let Ok(place) = Arc::clone(&shared.streams).try_acquire_owned() else {
        let message = "as many subscriptions are open as may be; try again after `Retry-After` seconds";
        return Err((Refusal::new(Code::OVERLOADED, message), By::Http));
    };
    let trace = trace.clone();
    let answers = AssertUnwindSafe(answers).catch_unwind().map(move |told| {
        let _held = &place;
        told.unwrap_or_else(|_panic| Err(log::fault(&trace)))
    });
    Ok(Told::Stream(answers.boxed()))
}

/// The response, with a bound to its time and no panic beyond here.
async fn bounded<T>(
    shared: &Shared,
    trace: &Trace,
    response: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refused> {
    match timeout(shared.settings.answer_timeout, AssertUnwindSafe(response).catch_unwind()).await {
        Ok(Ok(told)) => told.map_err(|refusal| (refusal, By::Gateway)),
        Ok(Err(_panic)) => Err((log::fault(trace), By::Gateway)),
        Err(_) => {
            let refusal = Refusal::new(
                Code { status: 504, ..Code::REQUEST_LIMIT_EXCEEDED },
                "the request took longer than it may; ask for less at once",
            );
            Err((refusal, By::Http))
        }
    }
}

pub(super) fn overloaded() -> Refusal {
    Refusal::new(Code::OVERLOADED, "the gateway has too much to do; try again after `Retry-After` seconds")
}

fn unacceptable() -> Refusal {
    let code = Code { status: 406, ..Code::BAD_USER_INPUT };
    Refusal::new(
        code,
        "answers are `application/graphql-response+json`, `application/json` or `text/event-stream`; accept one of them",
    )
}

fn other_method() -> Refusal {
    let code = Code { status: 405, ..Code::OPERATION_RESOLUTION_FAILURE };
    Refusal::new(code, "operations are sent by GET or POST")
}
