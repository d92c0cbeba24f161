//! Enters: the command line. Leaves: the example district, running until it is told to stop.
#![expect(clippy::print_stdout, reason = "the demo tells a person at a terminal what it does")]

fn main() {}
