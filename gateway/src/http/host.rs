//! Which host a request is for. On loopback, only loopback names are answered: a page elsewhere whose own name was made to resolve
//! to 127.0.0.1 (DNS rebinding) is of the same origin to the browser, and would else read everything.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{Version, header};
use axum::middleware::Next;
use axum::response::Response;

use super::{Shared, page};

/// Answers 400 to a request of HTTP/1.1 that doesn't say which host it is for, or says it twice (RFC 9112 §3.2).
pub(crate) async fn named(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return page::problem(400, "Bad Request", "a request has one `Host` header");
    }
    next.run(request).await
}

/// Answers 421 to a request for a host that isn't this one.
pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if shared.settings.loopback_hosts_only && !is_for_loopback(&request) {
        return page::problem(
            421,
            "Misdirected Request",
            "this gateway answers to `localhost` and loopback addresses only",
        );
    }
    next.run(request).await
}

fn is_for_loopback(request: &Request) -> bool {
    // HTTP/2 has the host in the target, HTTP/1.1 in the header; a target with a host wins (RFC 9112 §3.2.2).
    let target = request.uri().host().map(str::to_owned);
    let named = target.or_else(|| {
        let value = request.headers().get(header::HOST)?.to_str().ok()?;
        value.parse::<Authority>().ok().map(|authority| authority.host().to_owned())
    });
    // Without any host it isn't a browser.
    named.is_none_or(|host| is_loopback(&host)) && request.headers().get_all(header::HOST).iter().count() <= 1
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    let address = host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    // RFC 6761 §6.3: `localhost` and what is below it never leave the machine.
    address || host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_and_addresses_are_told_from_others() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "gateway.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org",
            "10.0.0.1",
            "[::]",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
