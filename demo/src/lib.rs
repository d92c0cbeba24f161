//! The synthetic district: its data, its partners on loopback over their real protocols, and the gateway over them.
//!
//! Enters: a number of residents, addresses to listen on. Leaves: running partners and a gateway, whose every reply comes from the same
//! invented data. Never a real person; never a request to the world outside.

pub mod district;
pub mod gateway;
pub mod partners;

mod error;

pub use error::DemoError;
