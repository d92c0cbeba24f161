//! Keeps `ARCHITECTURE.md` true: the paths it names exist, crates depend as it draws, and the invariants it gives to this
//! file hold. It reads the repository's own files and runs nothing.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a repository that can't be read fails its test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = "ARCHITECTURE.md";

/// Folders that are made, not written.
const MADE: [&str; 5] = [".git", "target", "node_modules", "dist", "corpus"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// Every file below a folder of the repository, as paths relative to its root.
fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            match path.is_dir() {
                true if !MADE.contains(&name) => folders.push(path),
                true => {}
                false => found.push(path.strip_prefix(root()).unwrap().to_owned()),
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "`{folder}` holds no file");
    found
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    files_below(folder).into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

/// The files of `folder` whose code, comments aside, holds `word`.
fn naming(folder: &str, word: &str) -> Vec<PathBuf> {
    let names = |path: &PathBuf| {
        read(path).lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word))
    };
    rust_files(folder).into_iter().filter(names).collect()
}

fn members() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let list = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    list.split(',').map(|one| one.trim().trim_matches('"').to_owned()).filter(|one| !one.is_empty()).collect()
}

/// A crate's name, and the crates of this workspace that it depends on outside tests.
fn dependencies(member: &str) -> (String, BTreeSet<String>) {
    let manifest = read(format!("{member}/Cargo.toml"));
    let mut section = "";
    let mut name = None;
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim().split('.').next().unwrap();
        match section {
            "[package]" if key == "name" => name = Some(value.trim().trim_matches('"').to_owned()),
            "[dependencies]" | "[build-dependencies]" if key.starts_with("raccordo") => {
                found.insert(key.to_owned());
            }
            _ => {}
        }
    }
    (name.unwrap_or_else(|| panic!("`{member}/Cargo.toml` names no package")), found)
}

#[test]
fn every_path_that_the_page_names_exists() {
    let page = read(PAGE);
    let looks_like_a_path = |word: &&str| {
        let plain = word.chars().all(|it| it.is_ascii_alphanumeric() || "/._-".contains(it));
        plain
            && (word.contains('/')
                || [".rs", ".md", ".toml", ".graphql"].iter().any(|end| word.ends_with(end)))
    };
    let prose = page.split("```").step_by(2);
    let named: BTreeSet<_> =
        prose.flat_map(|part| part.split('`').skip(1).step_by(2)).filter(looks_like_a_path).collect();
    assert!(named.len() > 20, "only {} paths were found in {PAGE}", named.len());
    let missing: Vec<_> = named.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{PAGE} names what isn't there: {missing:?}");
}

#[test]
fn every_folder_and_crate_is_in_the_page() {
    let page = read(PAGE);
    let tracked = files_below("");
    let folders = tracked.iter().filter(|path| path.components().count() > 1);
    let top: BTreeSet<_> =
        folders.filter_map(|path| path.iter().next()?.to_str()).map(str::to_owned).collect();
    let hidden = |name: &&String| !name.starts_with('.');
    for folder in top.iter().filter(hidden).chain(members().iter()) {
        assert!(page.contains(&format!("| `{folder}/` |")), "`{folder}/` has no line in {PAGE}");
    }
}

#[test]
fn crates_depend_as_the_page_draws() {
    let page = read(PAGE);
    let arrows = page.split_once("## Arrows").unwrap().1.split("```").nth(1).unwrap();
    let drawn: BTreeMap<_, BTreeSet<_>> = arrows
        .lines()
        .filter_map(|line| line.split_once("->"))
        .map(|(from, to)| (from.trim().to_owned(), to.split_whitespace().map(str::to_owned).collect()))
        .collect();
    let crates: BTreeMap<_, _> = members().iter().map(|member| dependencies(member)).collect();
    assert_eq!(drawn.keys().collect::<Vec<_>>(), crates.keys().collect::<Vec<_>>());
    for (name, dependencies) in &crates {
        let surplus: Vec<_> = dependencies.difference(&drawn[name]).collect();
        assert!(surplus.is_empty(), "`{name}` depends on {surplus:?}, which {PAGE} doesn't draw");
    }
}

#[test]
fn the_registry_of_kinds_is_named_only_by_the_binaries() {
    // `main.rs` and the commands that it runs are the binary; all else of the folder is the library.
    let is_binary = |path: &Path| {
        path.ends_with("src/main.rs")
            || path.components().any(|it| ["bin", "commands"].iter().any(|own| it.as_os_str() == *own))
    };
    let naming = naming("gateway/src", "raccordo_connectors");
    assert!(naming.iter().all(|path| is_binary(path)), "{naming:?}");
    for member in
        members().iter().filter(|member| !["gateway", "demo", "connectors"].contains(&member.as_str()))
    {
        let naming = self::naming(&format!("{member}/src"), "raccordo_connectors");
        assert!(naming.is_empty(), "{naming:?}");
    }
}

#[test]
fn the_pure_crates_do_no_io() {
    let impure = [
        "std::fs",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "std::process",
        "std::env",
        "thread::spawn",
        "thread::sleep",
        "std::time::Instant",
        "SystemTime",
        "tokio",
    ];
    for folder in ["schema/src", "gateway/policy/src"] {
        for word in impure {
            let naming = naming(folder, word);
            assert!(naming.is_empty(), "`{word}` in {naming:?}");
        }
    }
}

#[test]
fn every_rust_file_opens_with_what_enters_and_leaves() {
    let silent: Vec<_> = rust_files("").into_iter().filter(|path| !read(path).starts_with("//!")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let may = |path: &Path| {
        let parts: Vec<_> = path.iter().filter_map(|it| it.to_str()).collect();
        // The commands read it for the configuration's `${env.NAME}`.
        let reads = ["tests", "benches", "config", "commands"].iter().any(|folder| parts.contains(folder));
        reads || path.ends_with("build.rs") || path.ends_with("main.rs")
    };
    let reads = |path: &PathBuf| {
        let text = read(path);
        text.split("#[cfg(test)]").next().is_some_and(|code| code.contains("env::var"))
    };
    let others: Vec<_> =
        naming("", "env::var").into_iter().filter(|path| !may(path) && reads(path)).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn no_file_names_where_packages_are_fetched_from() {
    let hosts = [
        ["registry", "npmjs", "org"],
        ["files", "pythonhosted", "org"],
        ["static", "crates", "io"],
        ["index", "crates", "io"],
    ];
    let hosts = hosts.map(|parts| parts.join("."));
    for path in files_below("") {
        // A file that isn't text names nothing that a tool would fetch from.
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        assert!(
            hosts.iter().all(|host| !text.contains(host)),
            "`{}` names a registry's host",
            path.display()
        );
        if path.ends_with("package-lock.json") {
            assert!(
                !text.contains("\"resolved\""),
                "`{}`: keep omit-lockfile-registry-resolved",
                path.display()
            );
        }
        if path.ends_with("Cargo.lock") {
            let sources = text.lines().filter(|line| line.starts_with("source = "));
            let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
            assert!(
                sources.into_iter().all(|source| source == public),
                "`Cargo.lock` names another registry"
            );
        }
    }
}
