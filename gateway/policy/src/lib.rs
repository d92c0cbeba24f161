//! Who may see what, for which purpose: a caller and an operation in, a permit out. The only maker of permits. It does no I/O.
//!
//! Until purposes exist there is one way to a permit, [`open`]: everything to everyone, on loopback, said aloud in the configuration.

use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;

/// Who asks: organisation, role, person. Made by the HTTP side from what the request proves.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    organisation: Option<Arc<str>>,
}

impl Caller {
    /// Somebody who has proved nothing.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// The organisation, where it is known.
    pub fn organisation(&self) -> Option<&Arc<str>> {
        self.organisation.as_ref()
    }
}

/// Why open access isn't granted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The configuration doesn't say it.
    #[error("no purposes are configured and `access: open` isn't set, so nobody may see anything")]
    NotSaid,
    /// The gateway would be reachable from other machines.
    #[error(
        "`access: open` shows everything to everyone, so it is served on loopback only, not on `{0}`; listen on 127.0.0.1"
    )]
    BeyondLoopback(SocketAddr),
}

/// The policy of a gateway.
#[derive(Debug, Clone)]
pub struct Policy {
    version: Arc<str>,
}

/// Grants everything to everyone: `access: open`.
///
/// # Errors
/// [`OpenError`] when it isn't said, or when `listen` isn't a loopback address.
pub fn open(said: bool, listen: SocketAddr) -> Result<Policy, OpenError> {
    match (said, listen.ip().to_canonical().is_loopback()) {
        (false, _) => Err(OpenError::NotSaid),
        (true, false) => Err(OpenError::BeyondLoopback(listen)),
        (true, true) => Ok(Policy { version: "open".into() }),
    }
}

impl Policy {
    /// Decides on an operation, before it is planned.
    pub fn decide<T>(&self, caller: &Caller, operation: T) -> Permitted<T> {
        let class =
            PermitClass { decisions: Arc::clone(&self.version), organisation: caller.organisation.clone() };
        Permitted { operation, permit: Arc::new(Permit { class }) }
    }

    /// Decides on a plan, fetch by fetch, before any of them is made.
    pub fn clear<P>(&self, permit: &Arc<Permit>, plan: P) -> Cleared<P> {
        Cleared { plan, permit: Arc::clone(permit) }
    }
}

/// What a decision is made for: the key of everything prepared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PermitClass {
    /// The set of decisions.
    pub decisions: Arc<str>,
    /// The organisation.
    pub organisation: Option<Arc<str>>,
}

/// Leave to see. Only this crate makes one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Permit {
    class: PermitClass,
}

impl Permit {
    /// Its class.
    pub fn class(&self) -> &PermitClass {
        &self.class
    }
}

/// An operation that may be planned. Only this crate makes one.
#[derive(Debug)]
pub struct Permitted<T> {
    operation: T,
    permit: Arc<Permit>,
}

impl<T> Permitted<T> {
    /// The operation.
    pub fn operation(&self) -> &T {
        &self.operation
    }

    /// The permit.
    pub fn permit(&self) -> &Arc<Permit> {
        &self.permit
    }
}

/// A plan that may be run. Only this crate makes one.
#[derive(Debug, Clone)]
pub struct Cleared<P> {
    plan: P,
    permit: Arc<Permit>,
}

impl<P> Cleared<P> {
    /// The plan.
    pub fn plan(&self) -> &P {
        &self.plan
    }

    /// The permit.
    pub fn permit(&self) -> &Arc<Permit> {
        &self.permit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_access_is_said_and_stays_on_loopback() {
        let local = |text: &str| text.parse::<SocketAddr>().unwrap();
        for address in ["127.0.0.1:4000", "127.8.8.8:1", "[::1]:4000", "[::ffff:127.0.0.1]:4000"] {
            assert!(open(true, local(address)).is_ok(), "{address}");
            assert_eq!(open(false, local(address)).unwrap_err(), OpenError::NotSaid);
        }
        for address in ["0.0.0.0:4000", "192.168.1.2:4000", "[::]:4000", "[2001:db8::1]:4000"] {
            assert_eq!(open(true, local(address)).unwrap_err(), OpenError::BeyondLoopback(local(address)));
        }
    }
}
