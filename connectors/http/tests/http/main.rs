//! Kind `http` against a small API on loopback, Open Referral HSDS in its manners: what is asked of it, what comes back, and how it misbehaves.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests stop at the first surprise"
)]

mod api;
mod checks;
mod conformance;
mod entities;
mod faults;
mod lists;
mod relations;
mod sdl;
