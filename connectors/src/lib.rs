//! The registry of kinds: one line a kind. Named only by the binaries.

use raccordo_connector_api::Kind;

/// Every kind of source that this build knows.
pub fn kinds() -> Vec<&'static dyn Kind> {
    vec![
        raccordo_connector_graphql::KIND,
        raccordo_connector_sql::KIND,
        raccordo_connector_fhir::KIND,
        raccordo_connector_http::KIND,
        raccordo_connector_sheet::KIND,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name() {
        let names: Vec<&str> = kinds().iter().map(|kind| kind.name()).collect();
        assert_eq!(names, ["graphql", "sql", "fhir", "http", "sheet"]);
    }
}
