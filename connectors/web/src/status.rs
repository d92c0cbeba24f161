//! A status in, its meaning out: RFC 9110 §15, as far as a gateway must tell blame.

use std::time::{Duration, SystemTime};

use raccordo_connector_api::{Failure, FailureKind};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// As [`check_status`], with how long a source that isn't there wants to be left alone.
///
/// # Errors
/// As of [`check_status`].
pub fn check_head(status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    check_status(status).map_err(|failure| match failure.kind {
        FailureKind::Unreachable => failure.after(retry_after(headers)),
        _ => failure,
    })
}

/// RFC 9110 §10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => Some(Duration::from_secs(u64::from(seconds))),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

/// Nothing for a success; else whose fault the status says it is. What 404 means is the caller's to decide first.
///
/// # Errors
/// `Unreachable` for 408, 429 and 5xx; `Malformed` for redirects, which are never followed; `Refused` for any other 4xx.
pub fn check_status(status: StatusCode) -> Result<(), Failure> {
    let code = status.as_u16();
    match code {
        200..=299 => Ok(()),
        401 => Err(Failure::refused("answered 401: the source wants other credentials")),
        403 => Err(Failure::refused("answered 403: the source's rules forbid it")),
        408 | 429 | 500.. => Err(Failure::unreachable(format!("answered {code}"))),
        400.. => Err(Failure::refused(format!("answered {code}: the source doesn't accept what was asked"))),
        300.. => Err(Failure::malformed(format!(
            "answered {code}: redirects aren't followed, set `url` to where it leads"
        ))),
        _ => Err(Failure::malformed(format!("answered {code}, which ends no call"))),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_source_says_how_long_it_wants_to_be_left_alone() {
        let after = |status: StatusCode, text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            check_head(status, &headers).unwrap_err().retry_after.map(|pause| pause.as_secs())
        };
        let away = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(after(away, "7"), Some(7));
        assert_eq!(after(StatusCode::TOO_MANY_REQUESTS, " 120 "), Some(120));
        assert_eq!(after(away, "Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert!(after(away, "Fri, 31 Dec 2100 23:59:59 GMT").unwrap() > 1_000_000_000);
        for other in ["", "-1", "presto", "1.5", "99999999999"] {
            assert_eq!(after(away, other), None, "{other}");
        }
        assert_eq!(after(StatusCode::FORBIDDEN, "7"), None);
    }
}
