//! Kind fhir: FHIR R4 servers.
