//! The `raccordo` command.
fn main() {}
