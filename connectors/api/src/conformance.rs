//! The suite that every kind passes: what a source holds and how it misbehaves go in, the outcomes the contract promises must come out.
