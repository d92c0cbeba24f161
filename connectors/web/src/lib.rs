//! What the kinds that speak HTTP share: the client with its limits, and jq programs in a total subset.
//!
//! Calls and JSON replies enter; answers within their limits, jq results and cells of a reply leave. No URL's query, no body and
//! no value of a record is ever in an error or a log.

pub mod client;
pub mod endpoint;
pub mod jq;
pub mod offload;
pub mod records;
pub mod settings;
pub mod socket;
pub mod status;
pub mod stream;
mod wire;

pub use client::{Answer, Call, Client};
pub use endpoint::Endpoint;
pub use jq::{JqError, Program};
pub use offload::{in_place, offload, parse_json};
pub use reqwest::Method;
pub use reqwest::StatusCode;
pub use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
pub use socket::{Heard, Socket};
pub use status::check_status;
pub use stream::Streaming;
