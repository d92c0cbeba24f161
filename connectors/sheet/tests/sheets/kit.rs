//! What the tests share: a folder with files, a source over it, and questions to it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api::conformance::{Ask, render};
use raccordo_connector_api::{Connector, Failure, SettingValue, Settings, Source};
use raccordo_connector_sheet::KIND;
use raccordo_schema::mapping::SourceMapping;
use raccordo_schema::{Location, check_kind, read_source};
use serde_json::Value;
use tempfile::TempDir;

/// What every SDL begins with.
pub(crate) const LINKS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from", "@code"])
scalar CodiceFiscale
scalar Date
scalar DateTime
"#;

/// A folder, and a source over it.
pub(crate) struct Sheets {
    pub(crate) folder: TempDir,
    pub(crate) mapping: Arc<SourceMapping>,
    pub(crate) connector: Arc<dyn Connector>,
}

/// Settings over an address, with further ones. Every question looks, and nothing has to lie untouched.
pub(crate) fn settings(url: &str, more: &[(&'static str, SettingValue)]) -> Settings {
    let at = Location::file("raccordo.yaml");
    let first = [
        ("url", SettingValue::Text(url.into())),
        ("poll_ms", SettingValue::Integer(0)),
        ("settle_ms", SettingValue::Integer(0)),
        ("refresh_ms", SettingValue::Integer(0)),
    ];
    let given = |name: &str| more.iter().any(|(own, _)| *own == name);
    let all = first.into_iter().filter(|(name, _)| !given(name)).chain(more.iter().cloned());
    all.fold(Settings::new(at.clone()), |settings, (name, value)| settings.with(name, value, at.clone()))
}

/// A text setting.
pub(crate) fn word(text: &str) -> SettingValue {
    SettingValue::Text(text.into())
}

/// The mapping of an SDL that is as it should be.
pub(crate) fn mapping(sdl: &str) -> Arc<SourceMapping> {
    let read = read_source("fogli", "fogli.graphql", &format!("{LINKS}{sdl}"));
    let mapping = read.map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    let wrong: Vec<String> = check_kind(&mapping, "sheet").iter().map(ToString::to_string).collect();
    assert_eq!(wrong, Vec::<String>::new());
    Arc::new(mapping)
}

/// A connector with these settings.
pub(crate) fn connect(settings: &Settings, mapping: &Arc<SourceMapping>) -> Arc<dyn Connector> {
    let checked = KIND.check(Source { name: "fogli", settings, mapping });
    let checked = checked.map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    checked.open().unwrap()
}

impl Sheets {
    /// A source over a folder with these files.
    pub(crate) fn new(sdl: &str, files: &[(&str, &[u8])], more: &[(&'static str, SettingValue)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            write(&folder.path().join(name), bytes);
        }
        let mapping = mapping(sdl);
        let url = format!("file:{}", folder.path().display());
        let connector = connect(&settings(&url, more), &mapping);
        Self { folder, mapping, connector }
    }

    /// Puts another file in the place of one.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        write(&self.folder.path().join(name), bytes);
    }

    /// What a question to the roots brings.
    pub(crate) async fn ask(&self, text: &str) -> Value {
        self.try_ask(text).await.unwrap()
    }

    pub(crate) async fn try_ask(&self, text: &str) -> Result<Value, Failure> {
        ask(&self.connector, &self.mapping, text).await
    }

    /// What entities have.
    pub(crate) async fn entities(&self, of: &str, text: &str, keys: &[Value]) -> Value {
        let fetch =
            Ask::new(&self.mapping).patience(Duration::from_secs(20)).entities(of, text, keys).unwrap();
        let reply = self.connector.fetch(&fetch).await.unwrap();
        render(&fetch, &reply)
    }
}

pub(crate) async fn ask(
    connector: &Arc<dyn Connector>,
    mapping: &Arc<SourceMapping>,
    text: &str,
) -> Result<Value, Failure> {
    let fetch = Ask::new(mapping).patience(Duration::from_secs(20)).roots(text).unwrap();
    let reply = connector.fetch(&fetch).await?;
    Ok(render(&fetch, &reply))
}

/// A file comes to its place whole, as careful programs write: under another name first.
fn write(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("parte");
    std::fs::write(&beside, bytes).unwrap();
    std::fs::rename(beside, path).unwrap();
}
