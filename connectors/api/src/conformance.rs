//! The suite that every kind passes: what a source holds and how it misbehaves go in, the outcomes the contract promises must come out.
//!
//! [`ask`] makes a [`crate::Fetch`] from a few words of GraphQL, [`render`] makes JSON of a [`crate::Reply`]. Nothing here opens a socket or a file.

pub mod ask;
pub mod render;
mod selection;

pub use ask::{Ask, AskError, PlainCursors};
pub use render::render;
