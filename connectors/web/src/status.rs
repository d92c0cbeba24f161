//! A status in, its meaning out: RFC 9110 §15, as far as a gateway must tell blame.

use raccordo_connector_api::Failure;
use reqwest::StatusCode;

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
