//! The synthetic district: its data, and its partners on loopback over their real protocols.
//!
//! Enters: a number of residents, addresses to listen on. Leaves: running partners, whose every reply comes from the same
//! invented data. Never a real person; never a request to the world outside.

pub mod district;
pub mod partners;

mod error;

pub use error::DemoError;
