//! Kind graphql: Federation subgraphs.
