//! Raw configuration in; checked configuration, or every mistake at once, out. Reads the configuration's file and the SDL files it
//! names; reads the environment only through what the caller gives; opens no source.

mod access;
mod checked;
mod environment;
mod json_schema;
mod keys;
mod load;
mod members;
mod operations;
mod reader;
mod reference;
mod report;
mod sources;
mod supergraph;
mod yaml;

pub use checked::{Checked, CheckedSource, CostMode, CostSettings, RequestLimits};
pub use environment::Lookup;
pub use json_schema::json_schema;
pub use load::{OwnSource, load, load_with_own};
pub use operations::{Operations, Registered, RegisteredOperation};
pub use reference::reference;
pub use report::report;
pub use supergraph::for_supergraph;
