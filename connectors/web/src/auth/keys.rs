//! The table of `auth:` and `log_headers:`, which every kind over HTTP has. It drives the check, the JSON Schema and the documentation.

use raccordo_connector_api::{Key, KeyKind, Section};

const fn text(name: &'static str, doc: &'static str) -> Key {
    Key { name, kind: KeyKind::Text, required: false, doc }
}

const fn secret(name: &'static str, doc: &'static str) -> Key {
    Key { name, kind: KeyKind::Secret, required: false, doc }
}

const fn needed(key: Key) -> Key {
    Key { required: true, ..key }
}

/// The maps of a source over HTTP.
pub const SECTIONS: &[Section] = &[AUTH, LOG_HEADERS];

/// How long a connection may take to open.
pub const fn connect_timeout_key() -> Key {
    Key {
        name: "connect_timeout_ms",
        kind: KeyKind::Integer { min: 10, max: 60_000, default: 5_000 },
        required: false,
        doc: "Milliseconds that a connection may take to open, within the time of the fetch.",
    }
}

const AUTH: Section = Section {
    name: "auth",
    doc: "How the source knows the gateway: one of `oauth2`, `basic` and `bearer`, and beside it `api_key` and `tls`.",
    keys: &[],
    sections: &[OAUTH2, BASIC, BEARER, API_KEY, TLS],
};

const OAUTH2: Section = Section {
    name: "oauth2",
    doc: "An access token by client credentials (RFC 6749 §4.4), kept, renewed before it ends, shared by all calls.",
    keys: &[
        needed(Key {
            name: "token_url",
            kind: KeyKind::Url(&["https", "http"]),
            required: true,
            doc: "Where tokens are asked for.",
        }),
        needed(text("client_id", "The client's id there.")),
        secret("client_secret", "Its secret. This or `private_key`."),
        Key {
            name: "client_auth",
            kind: KeyKind::Choice(&["basic", "post"]),
            required: false,
            doc: "How id and secret are sent: as basic authentication, or in the body.",
        },
        secret(
            "private_key",
            "Its private key in PEM, such as `${file:client.pem}`: the client signs a short statement instead of sending a secret (RFC 7523, `private_key_jwt`).",
        ),
        text("key_id", "The key's id, sent as `kid`, where the authorization server wants one."),
        Key {
            name: "algorithm",
            kind: KeyKind::Choice(&["auto", "RS256", "PS256", "ES256"]),
            required: false,
            doc: "How it signs: `auto` is RS256 for an RSA key, ES256 for one on P-256.",
        },
        text(
            "assertion_audience",
            "For whom the signed statement is; `token_url` when not given. Some servers want their issuer's name.",
        ),
        text("scope", "The scopes asked for, separated by spaces."),
        text("audience", "The parameter `audience`, where the authorization server wants one."),
        text("resource", "The parameter `resource` (RFC 8707), where the authorization server wants one."),
    ],
    sections: &[],
};

const BASIC: Section = Section {
    name: "basic",
    doc: "Basic authentication.",
    keys: &[needed(text("user", "The user.")), needed(secret("password", "The password."))],
    sections: &[],
};

const BEARER: Section = Section {
    name: "bearer",
    doc: "A token that doesn't change.",
    keys: &[needed(secret("token", "The token, such as `${env.NAME}`."))],
    sections: &[],
};

const API_KEY: Section = Section {
    name: "api_key",
    doc: "A key in a header, or in the query where the source takes it nowhere else.",
    keys: &[
        needed(secret("value", "The key, such as `${env.NAME}`.")),
        text("header", "The header that carries it; `X-API-Key` when neither this nor `query` is given."),
        text(
            "query",
            "The query's parameter that carries it. URLs are kept in logs on the way: prefer a header.",
        ),
    ],
    sections: &[],
};

const TLS: Section = Section {
    name: "tls",
    doc: "The gateway's own certificate (mutual TLS), and whose certificates it trusts; for the source and for `token_url`.",
    keys: &[
        secret(
            "certificate",
            "The gateway's certificate in PEM with those that it hangs from, such as `${file:client.pem}`.",
        ),
        secret("private_key", "The certificate's key in PEM, not encrypted."),
        text("ca", "The certificates in PEM that alone are trusted, instead of the system's."),
    ],
    sections: &[],
};

const LOG_HEADERS: Section = Section {
    name: "log_headers",
    doc: "What each call tells the partner's own log.",
    keys: &[
        Key {
            name: "traceparent",
            kind: KeyKind::Bool(true),
            required: false,
            doc: "Whether the request's trace goes along as `traceparent` (W3C Trace Context).",
        },
        text("organisation", "The header that names the caller's organisation, where it is known."),
        text("purpose", "The header that names the purpose, where there is one."),
    ],
    sections: &[],
};
