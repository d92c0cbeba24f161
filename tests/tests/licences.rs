//! Every dependency, of the binaries and of the page, is under a licence that can be combined with the EUPL-1.2. It asks
//! Cargo for the packages of this machine's target, and reads the page's lock file.

use std::{path::Path, process::Command};

use serde_json::Value;

/// Permissive, or file by file: combined with EUPL-1.2 code and distributed under it.
const COMPATIBLE: [&str; 17] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "EUPL-1.2",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Python-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages that give a file instead of an expression, with what the file was read to say.
const READ_BY_HAND: [(&str, &str); 1] = [("jsonpath-rust", "MIT")];

/// Whether an SPDX expression leaves a choice that is compatible: every part of an AND, one part of each OR.
fn is_compatible(expression: &str) -> bool {
    let expression = expression.replace(['(', ')'], "").replace('/', " OR ");
    expression.split(" AND ").all(|part| part.split(" OR ").any(|one| COMPATIBLE.contains(&one.trim())))
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    assert!(is_compatible("MIT/Apache-2.0"));
    assert!(is_compatible("(MIT OR GPL-2.0-only) AND Unicode-3.0"));
    assert!(!is_compatible("MIT AND Elastic-2.0"));
    assert!(!is_compatible("Elastic-2.0"));
}

#[test]
fn every_crate_is_compatible() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let target = Command::new("rustc").arg("-vV").output().unwrap();
    let target = String::from_utf8(target.stdout).unwrap();
    let target = target.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--locked",
            "--format-version=1",
            "--filter-platform",
            target,
            "--manifest-path",
            manifest,
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let refused: Vec<_> = packages.iter().filter_map(refused_crate).collect();
    assert!(packages.len() > 100 && refused.is_empty(), "{refused:#?}");
}

fn refused_crate(package: &Value) -> Option<String> {
    let name = package["name"].as_str()?;
    let by_hand =
        READ_BY_HAND.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, licence)| *licence);
    let licence = package["license"].as_str().or(by_hand).unwrap_or("none stated");
    (!is_compatible(licence)).then(|| format!("{name}: {licence}"))
}

#[test]
fn every_package_of_the_explorer_is_compatible() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/package-lock.json");
    let lock: Value = serde_json::from_str(&std::fs::read_to_string(lock).unwrap()).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    let refused: Vec<_> = packages
        .iter()
        .map(|(name, package)| (name, package["license"].as_str().unwrap_or("none stated")))
        .filter(|(_, licence)| !is_compatible(licence))
        .collect();
    assert!(packages.len() > 50 && refused.is_empty(), "{refused:#?}");
}
