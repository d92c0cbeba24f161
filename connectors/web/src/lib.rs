//! What the kinds that speak HTTP share: the client with its limits, and jq programs in a total subset.
