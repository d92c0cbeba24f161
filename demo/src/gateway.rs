//! Enters: the shipped configuration and running partners. Leaves: a gateway over them, listening.
//! Never writes a file: the partners' addresses stand in for the variables that the configuration names.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use raccordo::own;
use raccordo::serve::{self, Ended};
use raccordo::start::{Prepared, prepare_with_trail};
use raccordo::trail::{LogTrail, Trail};
use raccordo_config::{Checked, OwnSource, load_with_own, report};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::DemoError;
use crate::partners::Partners;

/// The district's configuration: that of the folder one stands in, or else the one beside this crate's sources.
pub fn shipped() -> PathBuf {
    let here = PathBuf::from("config/district/raccordo.yaml");
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/district/raccordo.yaml");
    if here.exists() { here } else { beside }
}

/// A gateway that listens and isn't served yet.
pub struct Listening {
    prepared: Prepared,
    listener: TcpListener,
    address: SocketAddr,
    settings: serve::Settings,
}

impl Listening {
    /// Checks the configuration over these partners and takes the port. `listen` replaces the configured address.
    ///
    /// # Errors
    /// A configuration with mistakes, all of them told; a gateway that can't be made; a port that is taken.
    pub async fn open(
        config: &Path,
        partners: &Partners,
        listen: Option<SocketAddr>,
    ) -> Result<Self, DemoError> {
        Self::open_with_trail(config, partners, listen, Arc::new(LogTrail)).await
    }

    /// As [`Self::open`], with the trail that records go to.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with_trail(
        config: &Path,
        partners: &Partners,
        listen: Option<SocketAddr>,
        trail: Arc<dyn Trail>,
    ) -> Result<Self, DemoError> {
        let checked = checked(config, partners, listen)?;
        let prepared = prepare_with_trail(&checked, trail).map_err(DemoError::Gateway)?;
        let failed = |cause| DemoError::Listen { who: "the gateway", address: checked.listen(), cause };
        let listener = TcpListener::bind(checked.listen()).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut settings = prepared.settings().clone();
        if settings.http.explorer.is_some() {
            let queries = config.parent().unwrap_or(Path::new("")).join("queries");
            settings.http.explorer = Some(samples(&queries)?.to_string().into());
        }
        Ok(Self { prepared, listener, address, settings })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` completes; then what is under way is finished.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Ended {
        let watching = tokio::spawn(self.prepared.watch());
        let gateway = Arc::clone(self.prepared.gateway());
        let ended = serve::run(gateway, self.listener, self.settings, None, shutdown).await;
        watching.abort();
        ended
    }
}

/// The configuration, checked, with the partners' addresses and the gateway's own source in it.
///
/// # Errors
/// Every mistake at once.
pub fn checked(config: &Path, partners: &Partners, listen: Option<SocketAddr>) -> Result<Checked, DemoError> {
    let own = OwnSource { name: own::NAME, sdl: own::SDL };
    let environment = |name: &str| partners.environment(name);
    let wrong = |found: Vec<_>| DemoError::Configuration(report(&found));
    let checked =
        load_with_own(config, &environment, &raccordo_connectors::kinds(), &[own]).map_err(wrong)?;
    match listen {
        Some(listen) => checked.with_listen(listen).map_err(|found| wrong(vec![found])),
        None => Ok(checked),
    }
}

/// The sample queries of a folder for the explorer, by file name; the first comment line is the title.
fn samples(folder: &Path) -> Result<Value, DemoError> {
    let failed = |cause| DemoError::Queries { folder: folder.to_owned(), cause };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(failed)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "graphql"));
    files.sort_by_key(|file| rank(file));
    let sample = |file: &PathBuf| {
        let query = std::fs::read_to_string(file).map_err(failed)?;
        let title = query.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']).to_owned();
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        Ok(json!({ "name": name, "title": title, "query": query, "variables": {} }))
    };
    files.iter().map(sample).collect::<Result<Vec<_>, _>>().map(Value::from)
}

/// The query over all five systems first, the others by name.
fn rank(file: &Path) -> (bool, PathBuf) {
    (file.file_stem().is_none_or(|name| name != "quartiere"), file.to_owned())
}
