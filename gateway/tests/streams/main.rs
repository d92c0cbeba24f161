//! Subscriptions from a subgraph to a client: through partners and clients that this project did not write, and through a subgraph
//! that does as the test says, where limits, endings and bad manners are concerned.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong fails its test"
)]

mod endings;
mod kit;
mod limits;
mod real;
mod sockets;
mod territory;
mod upstream;
mod wires;
