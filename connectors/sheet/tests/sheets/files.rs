//! Files that the tests are given: those that LibreOffice made, and the Python that openpyxl and odfpy run on.

use std::path::{Path, PathBuf};

/// A file that was made by `tests/made/make` and committed.
pub(crate) fn made(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/made").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Python with openpyxl and odfpy, which `scripts/setup` installs.
pub(crate) fn python() -> PathBuf {
    let home = std::env::var("HOME").expect("HOME says where scripts/setup installs");
    let python = Path::new(&home).join(".cache/raccordo/sheets/bin/python");
    assert!(python.exists(), "openpyxl and odfpy are missing: run scripts/setup");
    python
}
