//! What every kind needs to write a first SDL: a column's name in; a name of the graph, and whether it looks personal, out.
//! Reads no value and opens nothing.

pub mod names;
pub mod personal;
