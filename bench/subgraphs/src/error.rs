//! What can be wrong with the files and the address that this tool is given.

use std::path::PathBuf;

/// Why the subgraphs can't be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("`{}` can't be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("`{}` holds no file `NAME.graphql`; expected one for each subgraph", path.display())]
    Empty { path: PathBuf },
    #[error("`{}` is not a valid schema: {why}", path.display())]
    Schema { path: PathBuf, why: String },
    #[error("the address can't be listened on: {0}")]
    Listening(#[from] std::io::Error),
}
