//! How sources know us, against servers: tokens by client credentials, fixed credentials, mutual TLS; over both ways in which calls are made.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]

mod fixed;
mod kit;
mod provider;
mod tls;
mod tokens;
