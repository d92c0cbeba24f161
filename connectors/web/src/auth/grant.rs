//! The settings of `auth: { oauth2 }` in; one access token at a time out (RFC 6749 §4.4), or what to do about there being none.
//!
//! What the token endpoint says goes to nobody: of an error only the code that RFC 6749 §5.2 names is told.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use raccordo_connector_api::{Failure, FailureKind, Limits, Meter, Origin, jitter};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::Access;
use super::assertion::Signer;
use crate::client::{Answer, Call, Client};
use crate::offload::parse_json;

/// Bytes that a token endpoint's answer may have.
const REPLY_BYTES: usize = 64 * 1024;
/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the endpoint is asked for one token, where it isn't there.
const TRIES: u32 = 3;
/// How long is waited before the second try; twice as long before the third.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a token is taken to be good where the endpoint doesn't say.
const UNSAID_LIFE: Duration = Duration::from_secs(300);
/// How long a token is kept at most, whatever the endpoint says.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);

/// How tokens are asked for.
pub(crate) struct Grant {
    pub(crate) url: Url,
    pub(crate) client_id: Box<str>,
    pub(crate) proof: Proof,
    /// `scope`, `audience`, `resource`.
    pub(crate) parameters: Vec<(&'static str, Box<str>)>,
    /// How the endpoint's connections are proven; nothing else of it counts here.
    pub(crate) access: Access,
    /// Made at the first token: most checks of a configuration want none.
    pub(crate) client: OnceLock<Client>,
}

/// How the client proves who it is.
pub(crate) enum Proof {
    /// Its secret, as basic authentication.
    Basic(Box<str>),
    /// Its secret, in the body.
    Post(Box<str>),
    /// A statement that it signs, for this audience.
    Signed(Box<Signer>, Box<str>),
}

/// A token that was granted.
pub(crate) struct Granted {
    /// The header's value.
    pub(crate) value: HeaderValue,
    /// How long it is good for.
    pub(crate) life: Duration,
}

impl Grant {
    /// A token, asked for until `deadline`: again only where the endpoint wasn't there.
    ///
    /// # Errors
    /// `Unreachable`, `TimedOut`, `Refused`, `Malformed`.
    pub(crate) async fn ask(&self, deadline: Instant) -> Result<Granted, Failure> {
        let mut tries = 1;
        loop {
            let asked = self.once(deadline.min(Instant::now() + TRY_TIMEOUT)).await;
            let failure = match asked {
                Ok(granted) => return Ok(granted),
                Err(failure) => failure,
            };
            let away = matches!(failure.kind, FailureKind::Unreachable | FailureKind::TimedOut);
            let pause = jitter(PAUSE * tries);
            if !away || tries == TRIES || Instant::now() + pause >= deadline {
                return Err(failure);
            }
            tries += 1;
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(&self, deadline: Instant) -> Result<Granted, Failure> {
        let call = self.call()?;
        let limits = Limits { reply_bytes: REPLY_BYTES, ..Limits::default() };
        let asked =
            self.client()?.once(call, &Origin::default(), None, deadline, &limits, &Meter::default()).await;
        let answer = asked.map_err(|failure| Failure {
            detail: format!("no access token: the token endpoint: {}", failure.detail),
            ..failure
        })?;
        granted(&answer)
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::with_access(&self.url, self.access.clone())?;
        Ok(self.client.get_or_init(|| client))
    }

    fn call(&self) -> Result<Call, Failure> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in &self.parameters {
            form.append_pair(name, value);
        }
        let mut basic = None;
        match &self.proof {
            Proof::Basic(secret) => basic = Some(secret),
            Proof::Post(secret) => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret);
            }
            Proof::Signed(signer, audience) => {
                let assertion = signer.assertion(&self.client_id, audience)?;
                form.append_pair("client_id", &self.client_id)
                    .append_pair(
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    )
                    .append_pair("client_assertion", &assertion);
            }
        }
        let body = Bytes::from(form.finish());
        let call = Call::post(self.url.clone(), "application/x-www-form-urlencoded", body);
        match basic {
            None => Ok(call),
            Some(secret) => {
                Ok(call.header(AUTHORIZATION, basic_of(&encoded(&self.client_id), &encoded(secret))?))
            }
        }
    }
}

/// RFC 6749 §2.3.1: id and secret are form-encoded before they become basic authentication.
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// RFC 7617 §2.
///
/// # Errors
/// `Internal`; base64 always fits a header.
pub(crate) fn basic_of(user: &str, password: &str) -> Result<HeaderValue, Failure> {
    let text = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| Failure::internal("basic authentication can't be written"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// RFC 6749 §5.1 and §5.2.
fn granted(answer: &Answer) -> Result<Granted, Failure> {
    let status = answer.status.as_u16();
    match status {
        200..=299 => read(&parse_json(&answer.body).map_err(|_| {
            Failure::malformed("the token endpoint's answer isn't JSON: does `token_url` lead to one?")
        })?),
        408 | 429 | 500.. => Err(Failure::unreachable(format!("the token endpoint answered {status}"))),
        400..=499 => Err(refused(status, &answer.body)),
        _ => Err(Failure::malformed(format!(
            "the token endpoint answered {status}: set `token_url` to where tokens are given"
        ))),
    }
}

fn read(reply: &Value) -> Result<Granted, Failure> {
    let other =
        reply.get("token_type").and_then(Value::as_str).is_some_and(|of| !of.eq_ignore_ascii_case("bearer"));
    if other {
        return Err(Failure::malformed("the token endpoint gave a token that isn't a bearer token"));
    }
    let token = reply.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let token =
        token.ok_or_else(|| Failure::malformed("the token endpoint's answer has no `access_token`"))?;
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Failure::malformed("the token endpoint gave a token that no header can carry"))?;
    value.set_sensitive(true);
    Ok(Granted { value, life: life(reply.get("expires_in")) })
}

/// How long a token is good for. Some servers write the number as a text; one that is past at once is used once.
fn life(expires_in: Option<&Value>) -> Duration {
    let seconds = match expires_in {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    match seconds.filter(|seconds| seconds.is_finite()) {
        None => UNSAID_LIFE,
        Some(seconds) => Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_LIFE.as_secs_f64())),
    }
}

fn refused(status: u16, body: &Bytes) -> Failure {
    let reply = parse_json(body).unwrap_or_default();
    let code = reply.get("error").and_then(Value::as_str).unwrap_or_default();
    let (code, advice) = match code {
        "invalid_client" => (
            "invalid_client",
            "are `client_id` and the secret or key those that it knows, and is `client_auth` what it expects?",
        ),
        "invalid_grant" => {
            ("invalid_grant", "it doesn't accept the signed statement: see `assertion_audience`")
        }
        "unauthorized_client" => {
            ("unauthorized_client", "the client may not ask by client credentials there")
        }
        "unsupported_grant_type" => ("unsupported_grant_type", "it gives no tokens by client credentials"),
        "invalid_scope" => ("invalid_scope", "the client may not have what `scope` asks for"),
        "invalid_target" => ("invalid_target", "it doesn't know what `resource` or `audience` names"),
        "invalid_request" => {
            ("invalid_request", "it misses something, or gets too much: see `scope`, `audience`")
        }
        _ => ("no known code", "does `token_url` lead to a token endpoint?"),
    };
    Failure::refused(format!("no access token: the token endpoint answered {status}, {code}: {advice}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_life_is_what_is_said_within_bounds() {
        let seconds = |value: Value| life(Some(&value)).as_secs();
        assert_eq!(life(None), UNSAID_LIFE);
        assert_eq!(seconds(json!(3600)), 3600);
        assert_eq!(seconds(json!("3600")), 3600);
        assert_eq!(seconds(json!(59.9)), 59);
        assert_eq!(seconds(json!(0)), 0);
        assert_eq!(seconds(json!(-5)), 0);
        assert_eq!(seconds(json!(1e300)), 24 * 3600);
        assert_eq!(seconds(json!("presto")), 300);
        assert_eq!(seconds(json!(null)), 300);
    }

    #[test]
    fn what_is_no_bearer_token_is_refused() {
        let kind = |reply: Value| read(&reply).map(|_| ()).map_err(|failure| failure.kind);
        assert_eq!(kind(json!({ "access_token": "x" })), Ok(()));
        assert_eq!(kind(json!({ "access_token": "x", "token_type": "bearer" })), Ok(()));
        for wrong in [
            json!({}),
            json!({ "access_token": "" }),
            json!({ "access_token": 7 }),
            json!({ "access_token": "a\nb" }),
            json!({ "access_token": "x", "token_type": "DPoP" }),
        ] {
            assert_eq!(kind(wrong), Err(FailureKind::Malformed));
        }
    }
}
