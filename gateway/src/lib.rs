//! A request's whole story: HTTP in, [`pipeline`], HTTP out. Sources are reached only through connectors, which the caller of this library brings.

pub mod code;
pub mod request;
