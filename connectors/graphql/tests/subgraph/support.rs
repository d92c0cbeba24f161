//! What the tests share: questions written briefly, and servers on loopback.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use indexmap::IndexMap;
use raccordo_connector_api::{
    Argument, Asked, Cell, Connector, Cursors, Failure, Fetch, Field, Leaf, Limits, Meter, Operation, Origin,
    Output, Reply, RepresentationType, Representations, Selection, SettingValue, Settings, Source, TypeNames,
    Value, What,
};
use raccordo_schema::Location;
use raccordo_schema::mapping::SourceMapping;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// The graph's types in these tests, by number.
pub(crate) const TYPES: [&str; 3] = ["Fermata", "Linea", "Coordinate"];
pub(crate) const FERMATA: u32 = 0;
pub(crate) const LINEA: u32 = 1;
pub(crate) const COORDINATE: u32 = 2;

/// Starts a server on a free port; its address.
pub(crate) async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}/graphql")
}

/// The connector of a subgraph at this URL, through the kind's own check.
pub(crate) fn connect(url: &str) -> Arc<dyn Connector> {
    connect_with(url, None)
}

/// The settings of a subgraph at this URL.
pub(crate) fn settings(url: &str, authorization: Option<&str>) -> Settings {
    let at = Location::file("raccordo.yaml");
    let settings = Settings::new(at.clone()).with("url", SettingValue::Text(url.into()), at.clone());
    match authorization {
        Some(value) => settings.with("authorization", SettingValue::Text(value.into()), at),
        None => settings,
    }
}

pub(crate) fn connect_with(url: &str, authorization: Option<&str>) -> Arc<dyn Connector> {
    let settings = settings(url, authorization);
    let mapping = Arc::new(SourceMapping {
        source: "trasporti".into(),
        member: None,
        file: "trasporti.graphql".into(),
        types: IndexMap::new(),
        queries: IndexMap::new(),
        mutations: IndexMap::new(),
        enums: IndexMap::new(),
        uses_connect: false,
    });
    let source = Source { name: "trasporti", settings: &settings, mapping: &mapping };
    raccordo_connector_graphql::KIND.check(source).unwrap().open().unwrap()
}

pub(crate) fn leaf(name: &str, slot: u32, leaf: Leaf) -> Field {
    Field {
        name: name.into(),
        key: name.into(),
        slot,
        on: None,
        on_names: Arc::from([]),
        arguments: Vec::new(),
        list_depth: 0,
        output: Output::Leaf(leaf),
    }
}

pub(crate) fn text(name: &str, slot: u32) -> Field {
    leaf(name, slot, Leaf::String)
}

pub(crate) fn object(name: &str, slot: u32, list_depth: u8, selection: Selection) -> Field {
    Field { list_depth, output: Output::Object(Box::new(selection)), ..text(name, slot) }
}

pub(crate) fn on(field: Field, type_id: u32) -> Field {
    let name = TYPES[type_id as usize];
    Field { on: Some(Arc::from([type_id])), on_names: Arc::from([Arc::from(name)]), ..field }
}

pub(crate) fn with(field: Field, arguments: &[(&str, &str, u32)]) -> Field {
    let arguments = arguments
        .iter()
        .map(|(name, type_text, value)| Argument {
            name: (*name).into(),
            type_text: (*type_text).into(),
            value: *value,
        })
        .collect();
    Field { arguments, ..field }
}

pub(crate) fn selection(type_name: &str, type_id: Option<u32>, width: u32, fields: Vec<Field>) -> Selection {
    Selection { type_name: type_name.into(), type_id, width, fields }
}

fn asked(what: What) -> Arc<Asked> {
    Arc::new(Asked::new(what, Arc::new(TypeNames::new(TYPES.map(Arc::from)))))
}

struct NoCursors;

impl Cursors for NoCursors {
    fn seal(&self, _: &str, _: &[u8]) -> String {
        String::new()
    }
    fn open(&self, _: &str, _: &str) -> Result<Vec<u8>, Failure> {
        Err(Failure::bad_input("no cursors here"))
    }
}

fn fetch(asked: Arc<Asked>, values: Vec<Value>, representations: Representations) -> Fetch {
    Fetch {
        asked,
        values: values.into(),
        representations,
        deadline: Instant::now() + Duration::from_secs(30),
        limits: Limits::default(),
        origin: Arc::new(Origin::default()),
        cursors: Arc::new(NoCursors),
        meter: Arc::new(Meter::default()),
    }
}

/// A question of root fields.
pub(crate) fn roots(operation: Operation, width: u32, fields: Vec<Field>, values: Vec<Value>) -> Fetch {
    let selection = selection("Query", Some(9), width, fields);
    fetch(asked(What::Roots { operation, selection }), values, Representations::default())
}

/// A question of entities: each a type and its `id`.
pub(crate) fn entities(selection: Selection, rows: &[(u32, &str)]) -> Fetch {
    let mut ids: Vec<u32> = rows.iter().map(|(type_id, _)| *type_id).collect();
    ids.dedup();
    let types: Vec<RepresentationType> = ids
        .iter()
        .map(|id| RepresentationType {
            name: TYPES[*id as usize].into(),
            type_id: *id,
            fields: vec!["id".into()],
        })
        .collect();
    let mut representations = Representations::new(types.clone());
    for (type_id, id) in rows {
        let index = ids.iter().position(|known| known == type_id).unwrap();
        representations.push(index as u32, [format!("{id:?}").as_bytes()]);
    }
    fetch(asked(What::Entities { types, selection }), Vec::new(), representations)
}

/// A value of a reply as JSON, read back by the selection; a lost one is `"[lost]"`.
pub(crate) fn json(reply: &Reply, cell: Cell, selection: Option<&Selection>) -> serde_json::Value {
    match cell {
        Cell::Absent | Cell::Null => serde_json::Value::Null,
        Cell::Lent { .. } | Cell::Text { .. } => serde_json::from_slice(reply.json(cell).unwrap()).unwrap(),
        Cell::List { .. } => reply.items(cell).iter().map(|item| json(reply, *item, selection)).collect(),
        Cell::Failed(_) => "[lost]".into(),
        Cell::Object(at) => {
            let fields =
                selection.unwrap().fields_of(at.type_id).filter(|field| &*field.name != "__typename");
            let pairs = fields.map(|field| {
                (field.key.to_string(), json(reply, reply.slot(at, field.slot), field.selection()))
            });
            serde_json::Value::Object(pairs.collect())
        }
    }
}

/// All rows of a reply as JSON.
pub(crate) fn rows(fetch: &Fetch, reply: &Reply) -> serde_json::Value {
    reply.rows().iter().map(|row| json(reply, *row, Some(fetch.asked.selection()))).collect()
}
