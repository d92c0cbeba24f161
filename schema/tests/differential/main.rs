//! Our composition against another that this project did not write (npm `@theguild/federation-composition`): over the graphs of
//! `tests/compose/`, and over random ones. The verdict must be the same, and so must what clients see and every join fact.
//!
//! Where the two differ on a graph of `tests/compose/`, the folder's `elsewhere.txt` says why, and what differs exactly;
//! `RACCORDO_BLESS=1` writes what differs, never why. Where they differ on random graphs, `known.rs` lists the rule.
//!
//! `RACCORDO_GRAPHS=100000` composes as many random graphs (in `make test` some hundreds), `RACCORDO_SEED=7` starts from another,
//! `RACCORDO_COMPOSER=FILE` asks another script that speaks as `tests/real/compose.mjs` does and prints all that differs.

#[cfg(test)]
mod compare;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod known;
#[cfg(test)]
mod random;
