//! The example district and its gateway, in this process, asked over HTTP as a stranger would. In: the scenarios' files, the
//! district's own data. Out: whether answers, trails and the partners' counters are what they must be.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a district that misbehaves fails its test and says how"
)]

mod audit;
mod calls;
mod kit;
mod real_sources;
mod scenarios;
mod truth;
