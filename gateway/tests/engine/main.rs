//! The engine over sources in memory: joins, abstract types, required inputs, null propagation, errors, limits, the trail.

mod joins;
mod kit;
mod refusals;
mod shapes;
