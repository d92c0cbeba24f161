//! A GraphQL response read straight into slots: JSON text in, a [`Reply`](crate::Reply) out, in one pass and without a tree in between.
//!
//! RFC 8259 for the text, the GraphQL specification §7 for the response. Leaves that are already canonical stay where they are, as spans.
//! A leaf that doesn't fit its type is lost alone; text that isn't JSON loses the reply.

mod json;
mod place;
mod response;

pub use response::{read_response, read_together};
