//! The explorer's page, its files and its sample queries, out of the binary. Nothing of it asks another host.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::explorer_assets::{self, Asset, CONTENT_SECURITY_POLICY};
use super::{Shared, page};

/// `/` leads to the explorer until there are pages.
pub(super) async fn home() -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, "/graphql")]).into_response();
    page::harden(&mut response);
    response
}

/// The page itself, at `GET /graphql` for a browser.
pub(super) async fn show(headers: &HeaderMap) -> Response {
    match explorer_assets::asset("") {
        Some(page) => send(page, headers),
        None => page::not_found().await,
    }
}

/// A file of the page.
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match explorer_assets::asset(&path) {
        Some(asset) => send(asset, &headers),
        None => page::not_found().await,
    }
}

/// The sample queries.
pub(super) async fn samples(State(shared): State<Shared>) -> Response {
    let samples = shared.settings.explorer.clone().unwrap_or_default();
    let mut response = samples.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    page::harden(&mut response);
    response
}

/// Files are sent as they are kept, compressed: every browser takes that, and a client that says nothing of encodings does too (RFC 9110 §12.5.3).
fn send(asset: Asset, asked: &HeaderMap) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known
        .is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == asset.etag));
    let mut response = match unchanged {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => (StatusCode::OK, asset.gzip).into_response(),
    };
    let headers = response.headers_mut();
    if !unchanged {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let kept = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::ETAG, HeaderValue::from_static(asset.etag));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    page::harden(&mut response);
    response
}
