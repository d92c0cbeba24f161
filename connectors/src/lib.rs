//! The registry of kinds: one line a kind. Named only by the binaries.
