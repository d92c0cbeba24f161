//! A fetch in, its reply out: versions, plan, rows. The deadline holds for all of it. The files are read elsewhere; here nothing blocks.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use raccordo_connector_api::{Cell, Checked, Connector, Failure, Fetch, Reply, Standing};
use raccordo_connector_web::in_place;
use raccordo_schema::mapping::Name;
use tokio::time::{Duration, Instant, timeout_at};

use crate::compile::compile;
use crate::model::Model;
use crate::plan::{EntityPlan, Listing, What};
use crate::settings::Settled;
use crate::shelf::Shelf;
use crate::write::{Snapshot, Writer};

/// How long a probe waits for a file.
const PROBE: Duration = Duration::from_secs(5);

/// A checked source.
pub(crate) struct CheckedSheets {
    pub(crate) settled: Settled,
    pub(crate) model: Arc<Model>,
}

impl Checked for CheckedSheets {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        let place = self.settled.place.open()?;
        let source = self.model.mapping.source.clone();
        let shelf =
            Shelf::new(source, place, self.settled.interval, self.settled.reading, self.model.clone());
        Ok(Arc::new(Sheets { shelf, model: self.model.clone() }))
    }
}

struct Sheets {
    shelf: Shelf,
    model: Arc<Model>,
}

impl Connector for Sheets {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        let in_time = async move {
            let late = || Failure::timed_out("the sheet could not be read before the deadline");
            if Instant::now() >= fetch.deadline {
                return Err(late());
            }
            timeout_at(fetch.deadline, self.answer(fetch)).await.unwrap_or_else(|_| Err(late()))
        };
        in_time.boxed()
    }

    fn standing(&self) -> Option<Standing> {
        self.shelf.standing()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let probe = async move {
            let deadline = Instant::now() + PROBE;
            let looked =
                join_all((0..self.shelf.len()).map(|volume| self.shelf.volume(volume, deadline))).await;
            looked.into_iter().find_map(Result::err).map_or(Ok(()), Err)
        };
        probe.boxed()
    }
}

impl Sheets {
    async fn answer(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        let plan = fetch.asked.prepared(|| compile(&self.model, &fetch.asked));
        let plan = plan.ok_or_else(|| Failure::internal("a question that another source has prepared"))?;
        match plan.as_ref().as_ref().map(|plan| &plan.what) {
            Ok(What::Roots { width, type_id, fields }) => self.roots(fetch, *width, *type_id, fields).await,
            Ok(What::Entities(plans)) => self.entities(fetch, plans).await,
            Err(failure) => Err(failure.clone()),
        }
    }

    /// The versions of these volumes.
    async fn snapshot(
        &self,
        fetch: &Fetch,
        volumes: &[usize],
        snapshot: &mut Snapshot,
    ) -> Result<(), Failure> {
        let versions = volumes.iter().map(|volume| self.shelf.volume(*volume, fetch.deadline));
        for (volume, version) in volumes.iter().zip(join_all(versions).await) {
            snapshot.put(*volume, version?);
        }
        Ok(())
    }

    /// Root fields fail each for itself; when all do, the fetch fails.
    async fn roots(
        &self,
        fetch: &Fetch,
        width: u32,
        type_id: Option<u32>,
        fields: &[(u32, Listing)],
    ) -> Result<Reply, Failure> {
        let mut snapshot = Snapshot::new(self.shelf.len());
        let mut there = Vec::with_capacity(fields.len());
        for (_, listing) in fields {
            fetch.meter.call();
            there.push(self.snapshot(fetch, &listing.volumes, &mut snapshot).await);
        }
        in_place(snapshot.size(), || {
            let mut writer = self.writer(fetch, &snapshot);
            let object = writer.reply.object(width, type_id);
            let mut failures = Vec::new();
            for ((slot, listing), there) in fields.iter().zip(there) {
                let cell = match there.and_then(|()| writer.listing(listing, None)) {
                    Ok(cell) => cell,
                    Err(failure) => {
                        let failure = failure.at(&Name::from("Query"), &listing.field.name);
                        failures.push(failure.clone());
                        writer.reply.failed(failure)
                    }
                };
                writer.reply.set(object, *slot, cell);
            }
            match failures.len() == fields.len() {
                true if !fields.is_empty() => Err(failures.swap_remove(0)),
                _ => {
                    writer.reply.push_row(Cell::Object(object));
                    Ok(writer.reply)
                }
            }
        })
    }

    async fn entities(&self, fetch: &Fetch, plans: &[EntityPlan]) -> Result<Reply, Failure> {
        let mut snapshot = Snapshot::new(self.shelf.len());
        for plan in plans {
            fetch.meter.call();
            self.snapshot(fetch, &plan.volumes, &mut snapshot).await?;
        }
        in_place(fetch.representations.text().len(), || {
            let mut writer = self.writer(fetch, &snapshot);
            for representation in 0..fetch.representations.len() {
                let of = fetch.representations.type_of(representation).map(|of| of.type_id);
                let plan = plans.iter().find(|plan| Some(plan.type_id) == of);
                let cell = plan.map_or(Ok(Cell::Null), |plan| writer.entity(plan, representation))?;
                writer.reply.push_row(cell);
            }
            Ok(writer.reply)
        })
    }

    fn writer<'a>(&'a self, fetch: &'a Fetch, snapshot: &'a Snapshot) -> Writer<'a> {
        Writer { fetch, snapshot, reply: Reply::new(), rows: 0 }
    }
}
