//! A FHIR R4 server: Medplum's router (`tests/real/medplum.mjs`). In: the resources it holds. Out: its base address and
//! the requests it received. Nothing is kept when it stops.

use std::{io::Write as _, num::NonZeroU32};

use serde_json::Value;
use tempfile::NamedTempFile;

use super::{RealError, ReceivedRequest, partner::Partner};

/// In what the server differs from others of its kind.
#[derive(Debug, Clone, Copy)]
pub struct FhirOptions {
    /// The most entries in a page, whatever `_count` asks.
    pub page_size: NonZeroU32,
    /// Answers whole resources whatever `_elements` says, as the standard allows.
    pub ignores_elements: bool,
}

impl Default for FhirOptions {
    fn default() -> Self {
        const PAGE_SIZE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
        Self { page_size: PAGE_SIZE, ignores_elements: false }
    }
}

/// A running FHIR server, private to the caller.
pub struct FhirServer {
    partner: Partner,
    url: String,
    /// Read only at start, kept so that it is removed at the end.
    _bundle: NamedTempFile,
}

impl FhirServer {
    /// Starts a server that holds the resources of `bundle` (`entry[].resource`, each with its id): about two seconds.
    pub fn start(bundle: &Value) -> Result<Self, RealError> {
        Self::start_with(bundle, FhirOptions::default())
    }

    /// As [`Self::start`], with another page size or manners.
    pub fn start_with(bundle: &Value, options: FhirOptions) -> Result<Self, RealError> {
        let writing = || RealError::process("writing the FHIR server's bundle");
        let mut file = NamedTempFile::new().map_err(writing())?;
        write!(file, "{bundle}").map_err(writing())?;
        let page_size = options.page_size.to_string();
        let path = file.path().to_string_lossy().into_owned();
        let mut arguments = vec![path.as_str(), "--page-size", &page_size];
        if options.ignores_elements {
            arguments.push("--ignore-elements");
        }
        let (partner, url) = Partner::start_script("the FHIR server", "medplum.mjs", &arguments)?;
        Ok(Self { partner, url, _bundle: file })
    }

    /// The base of every FHIR address, without a slash at the end: `http://127.0.0.1:PORT/fhir/R4`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests received since the last call, oldest first.
    pub fn take_requests(&mut self) -> Result<Vec<ReceivedRequest>, RealError> {
        self.partner.take_requests()
    }

    /// Stops the server now: its address refuses connections from here on.
    pub fn stop(&mut self) {
        self.partner.stop();
    }
}
