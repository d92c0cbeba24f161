//! The district for the tests of this folder. In: how many live in it, a configuration. Out: its partners, a gateway over them that
//! listens on a free port, and the trail it left. All of it ends with its values.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::{Arc, Mutex},
};

use raccordo::trail::{Asked, Record, Trail, TrailError};
use raccordo_demo::{
    district::District,
    gateway::Listening,
    partners::{Addresses, Behaviour, FREE, Partners},
};
use raccordo_tests::scenario::{self, Answered, Exchange};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::oneshot};

/// The district's own folder.
pub(crate) const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/district");

/// A running district.
pub(crate) struct Whole {
    pub(crate) district: Arc<District>,
    pub(crate) partners: Partners,
    pub(crate) runtime: Runtime,
}

/// A gateway over it.
pub(crate) struct Serving {
    pub(crate) url: String,
    trail: Arc<Kept>,
    _stop: oneshot::Sender<()>,
    /// Where its configuration lies, where it isn't the shipped one.
    _folder: Option<TempDir>,
}

/// The records that a gateway left and nobody took yet.
#[derive(Default)]
struct Kept(Mutex<Vec<Record>>);

impl Trail for Kept {
    fn record(&self, record: &Record) -> Result<(), TrailError> {
        self.0.lock().unwrap().push(record.clone());
        Ok(())
    }
}

impl Whole {
    pub(crate) fn of(residents: usize) -> Self {
        let runtime = Runtime::new().unwrap();
        let district = Arc::new(District::of(residents));
        let partners = runtime.block_on(Partners::start(&district, Addresses::default())).unwrap();
        Self { district, partners, runtime }
    }

    /// Starts a gateway with this configuration; mistakes in it fail the test, all of them told.
    pub(crate) fn serve(&self, config: &Path) -> Serving {
        let trail = Arc::new(Kept::default());
        let opening = Listening::open_with_trail(config, &self.partners, Some(FREE), Arc::clone(&trail) as _);
        let listening = self.runtime.block_on(opening).unwrap_or_else(|error| panic!("{error}"));
        let url = format!("http://{}/graphql", listening.address());
        let (stop, stopped) = oneshot::channel::<()>();
        self.runtime.spawn(listening.serve(async {
            // An answer or a dropped sender: both mean stop.
            drop(stopped.await);
        }));
        Serving { url, trail, _stop: stop, _folder: None }
    }

    /// The gateway of the shipped configuration.
    pub(crate) fn serve_shipped(&self) -> Serving {
        self.serve(&Path::new(CONFIG).join("raccordo.yaml"))
    }

    /// A gateway with settings beside those of the example district; with `sources:`, they are its whole configuration.
    pub(crate) fn serve_with(&self, text: &str) -> Serving {
        let folder = tempfile::tempdir().unwrap();
        let shipped = fs::canonicalize(CONFIG).unwrap();
        for part in ["sources", "queries"] {
            symlink(shipped.join(part), folder.path().join(part)).unwrap();
        }
        let is_whole = text.lines().any(|line| line.starts_with("sources:"));
        let district = fs::read_to_string(shipped.join("raccordo.yaml")).unwrap();
        let config = folder.path().join("raccordo.yaml");
        fs::write(&config, if is_whole { text.to_owned() } else { format!("{district}\n{text}") }).unwrap();
        Serving { _folder: Some(folder), ..self.serve(&config) }
    }

    /// From now on a partner behaves as a scenario's fence says.
    pub(crate) fn behave(&self, words: &[String]) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (name, behaviour) = match words.as_slice() {
            [name, "faithful"] => (name, Behaviour::Faithful),
            [name, "down"] => (name, Behaviour::Down),
            [name, "refusing"] => (name, Behaviour::Refusing),
            [name, "truncated"] => (name, Behaviour::Truncated),
            [name, "wrong-types"] => (name, Behaviour::WrongTypes),
            [name, "not-json"] => (name, Behaviour::NotJson),
            [name, "endless-pages"] => (name, Behaviour::EndlessPages),
            [name, "endless-body"] => (name, Behaviour::EndlessBody),
            [name, "slow", delay_ms] => {
                let delay_ms = delay_ms.parse().map_err(|_| format!("`{delay_ms}` is no number"))?;
                (name, Behaviour::Slow { delay_ms })
            }
            _ => return Err(format!("`partner {}` is no behaviour", words.join(" "))),
        };
        let Partners { asl, terzo_settore, trasporti, .. } = &self.partners;
        let partner = [asl, terzo_settore, trasporti].into_iter().find(|partner| partner.name() == *name);
        partner.ok_or_else(|| format!("no partner `{name}` has behaviours"))?.behave(behaviour);
        Ok(())
    }

    /// Everybody behaves again.
    pub(crate) fn behave_well(&self) {
        for partner in [&self.partners.asl, &self.partners.terzo_settore, &self.partners.trasporti] {
            partner.behave(Behaviour::Faithful);
        }
    }
}

impl Serving {
    /// Asks, and gives the answer's body; a status other than 200 fails the test.
    pub(crate) fn ask(&self, query: &str, variables: Value) -> Value {
        let Value::Object(variables) = variables else { panic!("variables are an object") };
        let exchange = Exchange { query: query.to_owned(), variables, ..Exchange::default() };
        let Answered { status, answer } = scenario::send(&self.url, &exchange, &Value::Null).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The records left since this was last called.
    pub(crate) fn take_records(&self) -> Vec<Record> {
        std::mem::take(&mut *self.trail.0.lock().unwrap())
    }
}

/// A record as scenarios show it. Sources answer in any order: here they stand by name, then by what they were asked.
pub(crate) fn shown(record: &Record) -> Value {
    let mut asked: Vec<&Asked> = record.asked.iter().collect();
    asked.sort_by_key(|asked| (Arc::clone(&asked.source), asked.keys, asked.calls, asked.rows));
    let asked: Vec<Value> = asked.into_iter().map(shown_source).collect();
    json!({
        "permit": record.permit.as_deref(),
        "operation": record.operation.as_deref(),
        "asked": asked,
        "codes": record.codes,
        "refused": record.refused,
    })
}

fn shown_source(asked: &Asked) -> Value {
    let mut shown = Map::new();
    shown.insert("source".to_owned(), json!(&*asked.source));
    for (name, number) in [("calls", asked.calls), ("keys", asked.keys as u64), ("rows", asked.rows)] {
        shown.insert(name.to_owned(), json!(number));
    }
    if let Some(code) = asked.failure {
        shown.insert("failure".to_owned(), json!(code.name));
    }
    Value::Object(shown)
}
