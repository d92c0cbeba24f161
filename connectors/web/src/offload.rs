//! Work on large replies leaves the async threads: parsing megabytes would hold up every other request on the thread.

use bytes::Bytes;
use raccordo_connector_api::Failure;
use serde_json::error::Category;

/// From so many bytes on, work moves to a blocking thread. Below it (about 0.3 ms of parsing) the move costs more than it spares.
const LARGE: usize = 128 * 1024;

/// Runs work on a reply of this many bytes where it harms nobody: in place, or on a blocking thread when the reply is large.
///
/// # Errors
/// Those of the work; `Internal` when it didn't end.
pub async fn offload<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    if bytes < LARGE {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Failure::internal("work on a reply did not end"))?
}

/// As [`offload`], for work that borrows: on a runtime of several threads the thread's other tasks move away meanwhile.
pub fn in_place<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let several = tokio::runtime::Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread);
    if bytes < LARGE || !several { work() } else { tokio::task::block_in_place(work) }
}

/// Reads JSON text. Blocks for large texts: see [`offload`].
///
/// # Errors
/// `Malformed`, with the place, never the text.
pub fn parse_json(body: &Bytes) -> Result<serde_json::Value, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            Category::Eof => "the answer's JSON ends early",
            _ => "the answer isn't JSON",
        };
        Failure::malformed(format!("{what}, at line {}, column {}", error.line(), error.column()))
    })
}
