//! Enters: what is wrong with a request. Leaves: a FHIR `OperationOutcome` with its HTTP status. Never repeats a value asked for.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The media type of every reply.
pub(super) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// A refusal in FHIR's words.
pub(super) struct Outcome {
    status: StatusCode,
    code: &'static str,
    diagnostics: String,
}

impl Outcome {
    pub(super) fn invalid(diagnostics: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "invalid", diagnostics }
    }

    pub(super) fn unsupported(diagnostics: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "not-supported", diagnostics }
    }

    pub(super) fn too_costly(diagnostics: String) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "too-costly", diagnostics }
    }

    pub(super) fn unknown(diagnostics: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "not-found", diagnostics: diagnostics.to_owned() }
    }

    pub(super) fn expired() -> Self {
        let diagnostics = "this page's search has expired; run it again".to_owned();
        Self { status: StatusCode::GONE, code: "expired", diagnostics }
    }

    pub(super) fn media_type() -> Self {
        let diagnostics = "_search takes application/x-www-form-urlencoded".to_owned();
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, code: "structure", diagnostics }
    }
}

/// An outcome as a resource: also the entry of a bundle that tells which parameters were ignored.
pub(super) fn resource(severity: &str, code: &str, diagnostics: &str) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{ "severity": severity, "code": code, "diagnostics": diagnostics }],
    })
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let body = resource("error", self.code, &self.diagnostics);
        (self.status, [(header::CONTENT_TYPE, FHIR_JSON)], body.to_string()).into_response()
    }
}
