//! The one table of codes: what `extensions.code` says, and the HTTP status a request that fails whole answers with.
//!
//! A code is a contract with callers: it never changes its meaning. A test prints this table into `docs/errors.md`.

/// A stable code. `HTTP` statuses apply under `application/graphql-response+json` (GraphQL over HTTP, "Status Codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    /// As in `extensions.code`.
    pub name: &'static str,
    /// The status when the request has no data at all.
    pub status: u16,
    /// What it means, for the documentation.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($constant:ident $status:literal $meaning:literal;)*) => {
        impl Code {
            $(#[doc = $meaning] pub const $constant: Code = Code { name: stringify!($constant), status: $status, meaning: $meaning };)*
        }
        /// All codes of this version, in the order of the documentation.
        pub const CODES: &[Code] = &[$(Code::$constant),*];
    };
}

codes! {
    GRAPHQL_PARSE_FAILED 400 "The document isn't GraphQL.";
    GRAPHQL_VALIDATION_FAILED 400 "The document doesn't fit the graph.";
    BAD_USER_INPUT 400 "A variable or an argument can't be used.";
    OPERATION_RESOLUTION_FAILURE 400 "Which operation to run isn't clear, or the method doesn't allow it.";
    OPERATION_NOT_REGISTERED 400 "Only registered operations are answered, and this isn't one.";
    PERSISTED_QUERY_NOT_FOUND 400 "The document that the request names by its digest isn't known: send it along.";
    REQUEST_LIMIT_EXCEEDED 413 "The request passes a limit on its size, or on its time (408 while it comes, 504 while it is answered).";
    MAX_DEPTH_LIMIT 400 "The operation is nested too deeply.";
    MAX_ALIASES_LIMIT 400 "The operation has too many aliases.";
    COST_ESTIMATED_TOO_EXPENSIVE 400 "The operation is estimated to cost more than one may.";
    PLANNING_LIMIT_EXCEEDED 400 "The operation took too long to plan.";
    OVERLOADED 503 "The gateway has too much to do; try again later.";
    CSRF_PREVENTION_FAILED 400 "A browser could have sent this request without being asked; send a header that makes it ask.";
    SOURCE_UNAVAILABLE 200 "A source can't be reached; its fields are null.";
    SOURCE_TIMEOUT 200 "A source did not answer in time; its fields are null.";
    SOURCE_MALFORMED_RESPONSE 200 "A source answered what its declared types don't allow; what doesn't fit is null.";
    SOURCE_LIMIT_EXCEEDED 200 "A source's answer passes a limit; its fields are null.";
    SOURCE_REJECTED 200 "A source refused; its fields are null.";
    INTERNAL_SERVER_ERROR 500 "A fault of the gateway, logged under the id in `extensions.fault`.";
}

impl From<raccordo_connector_api::FailureKind> for Code {
    fn from(kind: raccordo_connector_api::FailureKind) -> Self {
        use raccordo_connector_api::FailureKind as Kind;
        match kind {
            Kind::Unreachable => Self::SOURCE_UNAVAILABLE,
            Kind::TimedOut => Self::SOURCE_TIMEOUT,
            Kind::Malformed => Self::SOURCE_MALFORMED_RESPONSE,
            Kind::OverLimit => Self::SOURCE_LIMIT_EXCEEDED,
            Kind::Refused => Self::SOURCE_REJECTED,
            Kind::BadInput => Self::BAD_USER_INPUT,
            Kind::Internal => Self::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/errors.md`: what stands above the table is written by hand.
    fn document() -> String {
        let mut text =
            include_str!("../../docs/errors.md").split("\n| code |").next().unwrap_or_default().to_owned();
        text += "\n| code | status of a request that fails whole | meaning |\n|---|---|---|\n";
        for code in CODES {
            text += &format!("| `{}` | {} | {} |\n", code.name, code.status, code.meaning);
        }
        text
    }

    #[test]
    fn the_documentation_has_this_table() {
        let expected = document();
        if std::env::var_os("RACCORDO_BLESS").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
            std::fs::write(path, &expected).unwrap();
        }
        assert_eq!(
            include_str!("../../docs/errors.md"),
            expected,
            "run with RACCORDO_BLESS=1 to rewrite docs/errors.md"
        );
    }

    #[test]
    fn every_failure_of_a_source_has_a_code_of_the_table() {
        use raccordo_connector_api::FailureKind as Kind;
        let all = [
            Kind::Unreachable,
            Kind::TimedOut,
            Kind::Malformed,
            Kind::OverLimit,
            Kind::Refused,
            Kind::BadInput,
            Kind::Internal,
        ];
        assert!(all.into_iter().all(|kind| CODES.contains(&Code::from(kind))));
    }
}
