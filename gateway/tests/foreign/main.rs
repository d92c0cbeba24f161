//! The command over a subgraph that this project did not write (Mercurius) and one in async-graphql, as real processes: what
//! `compose` prints is served by `serve --supergraph`, and both ways of serving answer alike.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong fails its test")]

mod answers;
mod registry;
mod running;
