//! The kit that tests of every crate share. In: nothing but what `scripts/setup` installs. Out: running partners that
//! this project did not write. It never names a crate of the gateway, so that any of them can use it in its tests.

pub mod call;
pub mod real;
pub mod scenario;
