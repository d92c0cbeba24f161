//! A gateway of a configuration, on a port, with its trail in memory; and a client over a bare socket.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use raccordo::serve::{Ended, Settings, run};
use raccordo::start::prepare_with_trail;
use raccordo::trail::{Record, Streamed, Trail, TrailError};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::upstream::PATIENCE;

/// A gateway that serves.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    trail: Arc<Kept>,
    end: oneshot::Sender<()>,
    serving: JoinHandle<Ended>,
    _folder: TempDir,
}

/// A source: its name, its SDL, its entry.
pub(crate) type Source<'a> = (&'a str, &'a str, String);

#[derive(Default)]
struct Kept(Mutex<Vec<Record>>);

impl Trail for Kept {
    fn record(&self, record: &Record) -> Result<(), TrailError> {
        self.0.lock().unwrap().push(record.clone());
        Ok(())
    }
}

/// A gateway over these sources. `more` is added to the configuration; `set` changes what can't be configured.
pub(crate) async fn start(sources: &[Source<'_>], more: &str, set: impl FnOnce(&mut Settings)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut config = format!("listen: 127.0.0.1:0\naccess: open\n{more}sources:\n");
    for (name, sdl, entry) in sources {
        std::fs::write(folder.path().join(format!("{name}.graphql")), sdl).unwrap();
        config += &format!("  {name}: {{ kind: graphql, schema: {name}.graphql, {entry} }}\n");
    }
    let path = folder.path().join("raccordo.yaml");
    std::fs::write(&path, config).unwrap();
    let checked = raccordo_config::load(&path, &|_| None, &raccordo_connectors::kinds());
    let checked = checked.unwrap_or_else(|wrong| panic!("{}", raccordo_config::report(&wrong)));
    let trail = Arc::new(Kept::default());
    let prepared = prepare_with_trail(&checked, Arc::clone(&trail) as Arc<dyn Trail>).unwrap();
    let mut settings = prepared.settings().clone();
    set(&mut settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let gateway = Arc::clone(prepared.gateway());
    let serving = tokio::spawn(run(gateway, listener, settings, None, async {
        let _ = ended.await;
    }));
    Running { address, trail, end, serving, _folder: folder }
}

impl Running {
    pub(crate) fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Asks it to end; how it ended.
    pub(crate) async fn end(self) -> Ended {
        self.end.send(()).unwrap();
        timeout(PATIENCE, self.serving).await.expect("the gateway doesn't end").unwrap()
    }

    /// Asks it to end, and doesn't wait.
    pub(crate) fn ask_to_end(self) -> JoinHandle<Ended> {
        self.end.send(()).unwrap();
        self.serving
    }

    /// The records of subscriptions, once so many have ended.
    pub(crate) async fn streamed(&self, ended: usize) -> Vec<Record> {
        let counted = || {
            let records = self.trail.0.lock().unwrap();
            let of_streams = records.iter().filter(|record| record.streamed.is_some());
            of_streams.cloned().collect::<Vec<Record>>()
        };
        let is_end = |record: &&Record| matches!(record.streamed, Some(Streamed::Ended { .. }));
        let all = async {
            while counted().iter().filter(is_end).count() < ended {
                sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, all).await.expect("the subscription has no last record");
        counted()
    }

    /// Subscribes by server-sent events.
    pub(crate) async fn subscribe(&self, query: &str) -> Reader {
        let body = serde_json::json!({ "query": query }).to_string();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        Reader { stream, read: String::new() }
    }
}

/// A client that reads what comes, when it wants to.
pub(crate) struct Reader {
    stream: TcpStream,
    read: String,
}

impl Reader {
    /// Everything up to this text, which must come; what was read before isn't told again.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        let reading = async {
            let mut buffer = vec![0; 64 * 1024];
            while !self.read.contains(text) {
                match self.stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => {
                        panic!("the connection ended without {text:?}, after {}", last(&self.read))
                    }
                    Ok(count) => self.read.push_str(&String::from_utf8_lossy(&buffer[..count])),
                }
            }
        };
        timeout(PATIENCE, reading)
            .await
            .unwrap_or_else(|_| panic!("{text:?} doesn't come, only {}", last(&self.read)));
        let end = self.read.find(text).unwrap() + text.len();
        let rest = self.read.split_off(end);
        std::mem::replace(&mut self.read, rest)
    }

    /// Everything up to the end of the connection.
    pub(crate) async fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        timeout(PATIENCE, self.stream.read_to_end(&mut bytes))
            .await
            .expect("the connection stays open")
            .unwrap();
        self.read + &String::from_utf8_lossy(&bytes)
    }
}

fn last(text: &str) -> &str {
    text.get(text.len().saturating_sub(300)..).unwrap_or(text)
}
