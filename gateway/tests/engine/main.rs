//! The engine over sources in memory: joins, abstract types, required inputs, null propagation, errors, limits, the trail.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod company;
mod costs;
mod documents;
mod halves;
mod hostile;
mod inputs;
mod joins;
mod kit;
mod refusals;
mod shapes;
mod sharing;
mod specification;
