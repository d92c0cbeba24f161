//! Embeds the explorer's page in the binary. In: `web/dist` where `make web` built it, else the plain page of
//! `src/http/plain_explorer`. Out: each file compressed, and a table of them, in `OUT_DIR`. It never runs Node.js and
//! never asks the network.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

const BUILT: &str = "../web/dist";
const PLAIN: &str = "src/http/plain_explorer";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let folder = Path::new(chosen_folder());
    let mut files = Vec::new();
    list_files(folder, &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for (index, file) in files.iter().enumerate() {
        let path = file
            .strip_prefix(folder)?
            .to_str()
            .ok_or("a file of the explorer has a name that is not UTF-8")?;
        let bytes = fs::read(file)?;
        fs::write(out.join(format!("explorer_{index}.gz")), compressed(&bytes)?)?;
        write_entry(&mut table, index, path, &bytes)?;
    }
    table.push(']');
    fs::write(out.join("explorer_table.rs"), table)?;
    Ok(())
}

/// The built page where there is one, else the plain one with a word about it. Either way Cargo runs this again when
/// that changes: a missing `web/dist` shows as a change of `web`.
fn chosen_folder() -> &'static str {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={PLAIN}");
    if Path::new(BUILT).join("index.html").exists() {
        println!("cargo::rerun-if-changed={BUILT}");
        return BUILT;
    }
    println!("cargo::rerun-if-changed=../web");
    println!(
        "cargo::warning=the explorer is not built: a plain page serves instead (`make web` builds it, with Node.js)"
    );
    PLAIN
}

fn list_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list_files(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn write_entry(table: &mut String, index: usize, path: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let name = if path == "index.html" { "" } else { path };
    let content_type = content_type(path)?;
    // Vite puts a digest of the content in the names under `assets/`.
    let immutable = path.starts_with("assets/");
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    writeln!(
        table,
        "    Asset {{ path: {name:?}, content_type: {content_type:?}, etag: {etag:?}, immutable: {immutable}, \
         gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/explorer_{index}.gz\")) }},"
    )?;
    Ok(())
}

fn content_type(path: &str) -> Result<&'static str, String> {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => Ok("text/html; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("txt") => Ok("text/plain; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        Some("woff2") => Ok("font/woff2"),
        _ => Err(format!("`{path}`: build.rs knows no content type for it; add one")),
    }
}
