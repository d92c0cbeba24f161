//! A fetch in; its resources loaded, then written; a reply, or whose fault there is none, out.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all, try_join_all};
use raccordo_connector_api::{
    Asked, Cell, Checked, Connector, Failure, Fetch, Operation, Reply, Selection, What,
};
use raccordo_connector_web::offload;
use raccordo_schema::mapping::Name;

use crate::load::{Found, Loader};
use crate::model::Model;
use crate::roots::Root;
use crate::server::{Asking, Server};
use crate::settings::Address;
use crate::write::{View, Writer};

/// A source that can be connected.
pub(crate) struct CheckedServer {
    address: Address,
    model: Arc<Model>,
}

impl CheckedServer {
    pub(crate) fn new(address: Address, model: Model) -> Self {
        Self { address, model: Arc::new(model) }
    }
}

impl fmt::Debug for CheckedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may carry a password.
        f.write_str("CheckedServer([withheld])")
    }
}

impl Checked for CheckedServer {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        let Address { base, headers } = self.address.clone();
        Ok(Arc::new(Fhir { server: Server::open(base, headers)?, model: self.model.clone() }))
    }
}

/// Speaks to one server.
struct Fhir {
    server: Server,
    model: Arc<Model>,
}

/// What was loaded for entities of one concrete type.
struct Group {
    type_name: Name,
    found: Found,
}

impl Fhir {
    async fn ask(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        match &fetch.asked.what {
            What::Entities { selection, .. } => self.entities(fetch, selection).await,
            What::Roots { operation: Operation::Query, selection } => self.roots(fetch, selection).await,
            What::Roots { operation: Operation::Mutation | Operation::Subscription, .. } => {
                Err(Failure::internal("kind `fhir` only reads in this version"))
            }
        }
    }

    async fn entities(&self, fetch: &Fetch, selection: &Selection) -> Result<Reply, Failure> {
        let asking = Asking::new(fetch);
        let loader = Loader { server: &self.server, model: &self.model, asking: &asking };
        let rows = self.rows(fetch)?;
        let mut keys: HashMap<&Name, (u32, Vec<String>)> = HashMap::new();
        let mut seen = HashSet::new();
        for row in rows.iter().flatten() {
            if seen.insert((&row.type_name, &row.key)) {
                keys.entry(&row.type_name).or_insert((row.type_id, Vec::new())).1.push(row.key.clone());
            }
        }
        let groups = keys.iter().filter_map(|(name, (type_id, keys))| {
            let entity = self.model.entities.get(*name)?;
            let found = loader.entities(entity, selection, *type_id, keys);
            Some(found.map(|found| found.map(|found| Group { type_name: (*name).clone(), found })))
        });
        let groups = try_join_all(groups.collect::<Vec<_>>()).await?;
        self.write(fetch, move |writer, asked, reply| {
            for row in &rows {
                let cell = match row {
                    None => Cell::Null,
                    Some(row) => row.write(writer, asked.selection(), &groups, reply),
                };
                reply.push_row(cell);
            }
        })
        .await
    }

    /// Each representation's type and canonical key; none for one that can't be a key of anything.
    fn rows(&self, fetch: &Fetch) -> Result<Vec<Option<Row>>, Failure> {
        let representations = &fetch.representations;
        let row = |index: usize| {
            let of = representations
                .type_of(index)
                .ok_or_else(|| Failure::internal("a representation without a type"))?;
            let entity = self.model.entities.get(&of.name);
            let entity = entity
                .ok_or_else(|| Failure::internal(format!("entities of `{}` aren't found here", of.name)))?;
            let text = representations.scalar(index, &entity.key.field);
            let key = text.and_then(|text| entity.key.canonical(&text));
            Ok(key.map(|key| Row { type_name: of.name.clone(), type_id: of.type_id, key }))
        };
        (0..representations.len()).map(row).collect()
    }

    /// Root fields go on together. One that fails costs itself; when it is the only one, the fetch.
    async fn roots(&self, fetch: &Fetch, selection: &Selection) -> Result<Reply, Failure> {
        let asking = Asking::new(fetch);
        let loader = Loader { server: &self.server, model: &self.model, asking: &asking };
        let query = Name::from("Query");
        let fields = selection.fields.iter().enumerate().filter(|(_, field)| &*field.name != "__typename");
        let roots = fields.map(|(index, field)| {
            let finder = self.model.finder(&query, &field.name);
            async move {
                let unknown = || Failure::internal(format!("`Query.{}` isn't of this source", field.name));
                let root = match finder {
                    Some(finder) => loader.root(finder, field).await,
                    None => Err(unknown()),
                };
                (index, root)
            }
        });
        let roots: Vec<(usize, Result<Root, Failure>)> = join_all(roots).await;
        if let [(_, Err(failure))] = roots.as_slice() {
            return Err(failure.clone());
        }
        self.write(fetch, move |writer, asked, reply| {
            let cell = writer.query(asked.selection(), &roots, reply);
            reply.push_row(cell);
        })
        .await
    }

    /// Writes what was loaded, off the async threads when it is much.
    async fn write(
        &self,
        fetch: &Fetch,
        write: impl FnOnce(&Writer, &Asked, &mut Reply) + Send + 'static,
    ) -> Result<Reply, Failure> {
        let (_, bytes, _) = fetch.meter.read();
        let (model, asked) = (self.model.clone(), fetch.asked.clone());
        offload(bytes as usize, move || {
            let mut reply = Reply::new();
            write(&Writer::new(model), &asked, &mut reply);
            Ok(reply)
        })
        .await
    }
}

/// One representation.
struct Row {
    type_name: Name,
    type_id: u32,
    key: String,
}

impl Row {
    fn write(&self, writer: &Writer, selection: &Selection, groups: &[Group], reply: &mut Reply) -> Cell {
        let Some(Group { found, .. }) = groups.iter().find(|group| group.type_name == self.type_name) else {
            return Cell::Null;
        };
        let Row { type_name, type_id, key } = self;
        let (type_id, key) = (Some(*type_id), Some(key.as_str()));
        match found.by_key.get(&self.key) {
            None => Cell::Null,
            Some(None) => writer.ambiguous(type_name, reply),
            Some(Some(index)) => {
                let at = View { type_name, type_id, level: &found.level, view: 0, selection, key };
                writer.resource(&at, *index, reply)
            }
        }
    }
}

impl Connector for Fhir {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        self.ask(fetch).boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.server.probe().boxed()
    }
}
