//! `/graphql`: negotiate, refuse what a browser could be made to send, read, wait for a turn, ask, answer.

use std::panic::AssertUnwindSafe;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method, Request as HttpRequest};
use axum::response::Response;
use bytes::BytesMut;
use futures::{FutureExt, StreamExt};
use raccordo_policy::Caller;
use tokio::time::timeout;

use super::answer::{self, By};
use super::log::{self, Trace};
use super::negotiate::{self, MediaType};
use super::{Settings, Shared, csrf, decode, explorer};
use crate::code::Code;
use crate::pipeline::Answered;
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
    let Some(media_type) = negotiate::answer_type(&head.headers) else {
        return answer::refused(&unacceptable(), By::Http, MediaType::Json);
    };
    let read = match head.method {
        Method::GET | Method::HEAD => by_query_string(&shared.settings, &head.headers, query_string),
        Method::POST => by_body(&shared.settings, &head.headers, body, &trace).await,
        _ => Err(other_method()),
    };
    let told = match read {
        Ok(request) => ask(&shared, &trace, &request).await,
        Err(refusal) => Err((refusal, By::Http)),
    };
    match told {
        Ok(answered) => answer::answered(answered, media_type),
        Err((refusal, by)) => answer::refused(&refusal, by, media_type),
    }
}

fn by_query_string(settings: &Settings, headers: &HeaderMap, text: Option<&str>) -> Result<Request, Refusal> {
    csrf::check(headers, &settings.cors_origins)?;
    decode::from_query_string(text.unwrap_or_default())
}

async fn by_body(
    settings: &Settings,
    headers: &HeaderMap,
    body: Body,
    trace: &Trace,
) -> Result<Request, Refusal> {
    decode::check_content_type(headers)?;
    let body = read_body(settings, body).await?;
    trace.received(body.len());
    decode::from_body(&body)
}

/// The whole body, within its limits of size and time.
async fn read_body(settings: &Settings, body: Body) -> Result<BytesMut, Refusal> {
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
    let mut read = BytesMut::with_capacity(announced as usize);
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
            read.extend_from_slice(&chunk);
        }
        Ok(())
    };
    timeout(settings.body_timeout, reading).await.map_err(|_| {
        let code = Code { status: 408, ..Code::REQUEST_LIMIT_EXCEEDED };
        Refusal::new(code, "the body of the request did not come in time")
    })??;
    Ok(read)
}

/// Waits for a turn, then asks, with a bound to each and no panic beyond here.
async fn ask(shared: &Shared, trace: &Trace, request: &Request) -> Result<Answered, Refused> {
    let Some(_turn) = shared.gate.enter().await else {
        let refusal = Refusal::new(
            Code::OVERLOADED,
            "the gateway has too much to do; try again after `Retry-After` seconds",
        );
        return Err((refusal, By::Http));
    };
    let caller = Caller::anonymous();
    let response = AssertUnwindSafe(shared.respond.respond(&caller, trace.id(), request)).catch_unwind();
    match timeout(shared.settings.answer_timeout, response).await {
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

fn unacceptable() -> Refusal {
    let code = Code { status: 406, ..Code::BAD_USER_INPUT };
    Refusal::new(
        code,
        "answers are `application/graphql-response+json` or `application/json`; accept one of them",
    )
}

fn other_method() -> Refusal {
    let code = Code { status: 405, ..Code::OPERATION_RESOLUTION_FAILURE };
    Refusal::new(code, "operations are sent by GET or POST")
}
