//! A request's whole story: HTTP in, [`pipeline`], HTTP out. Sources are reached only through connectors, which the caller of this library brings.

pub mod code;
pub mod cursors;
pub mod graph;
pub mod http;
mod known;
pub mod operation;
pub mod own;
pub mod pipeline;
pub mod plan;
pub mod request;
pub mod run;
pub mod serve;
mod stall;
pub mod start;
pub mod trail;
pub mod workers;
