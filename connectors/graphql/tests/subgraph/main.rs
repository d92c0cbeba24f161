//! Kind `graphql` against subgraphs on loopback: one that is well, and some that fail in every way the contract names.

#[cfg(test)]
mod bad;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod real;
#[cfg(test)]
mod support;
#[cfg(test)]
mod together;
