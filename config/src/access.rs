//! What a configuration says of access in; the policy it makes, or why there is none, out.

use std::net::SocketAddr;

use raccordo_policy::{OpenError, Policy, open};
use raccordo_schema::{Diagnostic, Location};

/// The policy of `access: open`, the only one of this version.
pub(crate) fn policy(said: bool, listen: SocketAddr, at: &Location) -> Result<Policy, Diagnostic> {
    open(said, listen).map_err(|error| {
        let (rule, help) = match error {
            OpenError::NotSaid => (
                "ACCESS_MISSING",
                "write `access: open` to serve everything to everyone on this machine; purposes come with a later version",
            ),
            OpenError::BeyondLoopback(_) => (
                "ACCESS_BEYOND_LOOPBACK",
                "listen on 127.0.0.1 or [::1]; serving other machines needs purposes, which come with a later version",
            ),
        };
        Diagnostic::error(rule, at.clone(), error.to_string()).help(help)
    })
}
