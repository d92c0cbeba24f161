//! Kind `sheet` through the suite of the contract and beyond: on files as LibreOffice, openpyxl and odfpy make them, on files as people keep them, and
//! on files that mean harm.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up has failed"
)]

mod conformance;
mod district;
mod files;
mod formats;
mod headers;
mod hostile;
mod inspect;
mod kit;
mod limits;
mod rows;
mod versions;
mod web;
