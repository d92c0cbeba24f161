//! Every seed, and every input that ever failed, through its target: what was found once stays mended, and a target that no longer
//! builds is seen here, without a fuzzer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that can't read its inputs fails, and one that fails has named the input"
)]

use std::fs;
use std::path::{Path, PathBuf};

use raccordo_fuzz::TARGETS;

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What the gateway calls its own fault is told by its log alone.
fn tell_faults() {
    let _told_already = tracing_subscriber::fmt().with_env_filter("raccordo::fault=error").try_init();
}

fn replay(target: &str) {
    tell_faults();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (_, holds) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = files_of(&root.join("seeds").join(target));
    assert!(!seeds.is_empty(), "`{target}` has no seeds");
    for file in seeds.iter().chain(&files_of(&root.join("found").join(target))) {
        eprintln!("{}", file.display());
        holds(&fs::read(file).unwrap_or_else(|error| panic!("`{}`: {error}", file.display())));
    }
}

#[test]
fn operation() {
    replay("operation");
}

#[test]
fn sdl() {
    replay("sdl");
}

#[test]
fn reply() {
    replay("reply");
}

#[test]
fn http() {
    replay("http");
}

#[test]
fn jq() {
    replay("jq");
}

#[test]
fn every_target_has_seeds_and_a_binary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in TARGETS {
        assert!(root.join("seeds").join(name).is_dir(), "{name}");
        assert!(root.join(format!("targets/{name}.rs")).is_file(), "{name}");
    }
    let binaries = files_of(&root.join("targets"));
    let binaries = binaries.iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    assert_eq!(binaries.count(), TARGETS.len());
}

/// The choices of the fuzzer are not needed to find what any choices find.
#[test]
fn a_thousand_written_documents() {
    tell_faults();
    let (_, holds) = TARGETS.iter().find(|(name, _)| *name == "operation").unwrap();
    let mut state = 1_u64;
    for _ in 0..1_000 {
        let choices = (0..200).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        let input: Vec<u8> = std::iter::once(0).chain(choices).collect();
        holds(&input);
    }
}
