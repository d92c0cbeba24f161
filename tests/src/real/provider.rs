//! An OpenID provider: npm `oidc-provider` (`tests/real/provider.mjs`). In: nothing, its clients are fixed in the script. Out: its address,
//! the keys of its clients and the requests it received.

use super::{RealError, ReceivedRequest, partner::Partner};

/// A running provider, private to the caller.
pub struct Provider {
    partner: Partner,
    url: String,
}

impl Provider {
    /// Starts the provider: under a second.
    pub fn start() -> Result<Self, RealError> {
        let (partner, url) = Partner::start_script("the OpenID provider", "provider.mjs", &[])?;
        Ok(Self { partner, url })
    }

    /// Where tokens are given. `GET /keys` beside it tells its clients' private keys.
    pub fn token_url(&self) -> String {
        format!("{}/token", self.url)
    }

    /// Where its clients' keys are told.
    pub fn keys_url(&self) -> String {
        format!("{}/keys", self.url)
    }

    /// The requests received since the last call, oldest first, without their bodies.
    pub fn take_requests(&mut self) -> Result<Vec<ReceivedRequest>, RealError> {
        self.partner.take_requests()
    }
}
