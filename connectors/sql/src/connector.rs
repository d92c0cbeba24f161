//! A fetch in, its reply out: plan, load, write. The deadline holds for all of it; dropping the future closes what is under way.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all, try_join_all};
use raccordo_connector_api::{Cell, Checked, Connector, Failure, Fetch, Reply};
use raccordo_schema::Diagnostic;
use raccordo_schema::mapping::{Name, SourceMapping};
use sqlx::types::chrono::Utc;
use tokio::time::{Instant, timeout_at};

use crate::compile::compile;
use crate::database::{Address, Database};
use crate::live;
use crate::load::Loader;
use crate::plan::{EntityPlan, Listing, Plan};
use crate::write::Writer;

/// A checked source.
pub(crate) struct CheckedDatabase {
    pub(crate) address: Address,
    pub(crate) mapping: Arc<SourceMapping>,
}

impl Checked for CheckedDatabase {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        Ok(Arc::new(Sql { database: Database::new(&self.address), mapping: self.mapping.clone() }))
    }
}

struct Sql {
    database: Database,
    mapping: Arc<SourceMapping>,
}

impl Connector for Sql {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        let in_time = async move {
            let late = || Failure::timed_out("the database did not answer before the deadline");
            if Instant::now() >= fetch.deadline {
                return Err(late());
            }
            timeout_at(fetch.deadline, self.answer(fetch)).await.unwrap_or_else(|_| Err(late()))
        };
        in_time.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.database.probe().boxed()
    }

    fn examine(&self) -> BoxFuture<'_, Result<Vec<Diagnostic>, Failure>> {
        live::examine(&self.mapping, &self.database).boxed()
    }
}

impl Sql {
    async fn answer(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        let plan = fetch.asked.prepared(|| compile(&self.mapping, &fetch.asked));
        let plan = plan.ok_or_else(|| Failure::internal("a question that another source has prepared"))?;
        let loader = Loader::new(fetch, &self.database);
        let writer =
            Writer { fetch, as_of: Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(), reply: Reply::new() };
        match plan.as_ref() {
            Ok(Plan::Roots { width, type_id, fields }) => {
                roots(&loader, writer, *width, *type_id, fields).await
            }
            Ok(Plan::Entities(plans)) => entities(&loader, writer, plans).await,
            Err(failure) => Err(failure.clone()),
        }
    }
}

/// Root fields fail each for itself; when all do, the fetch fails.
async fn roots(
    loader: &Loader<'_>,
    mut writer: Writer<'_>,
    width: u32,
    type_id: Option<u32>,
    fields: &[(u32, Listing)],
) -> Result<Reply, Failure> {
    let loaded = join_all(fields.iter().map(|(_, listing)| loader.root(listing))).await;
    let object = writer.reply.object(width, type_id);
    let mut failures = Vec::new();
    for ((slot, listing), children) in fields.iter().zip(loaded) {
        let cell = match children {
            Ok(children) => writer.listing(listing, &children, 0)?,
            Err(failure) => {
                let failure = failure.at(&Name::from("Query"), &listing.field.name);
                failures.push(failure.clone());
                writer.reply.failed(failure)
            }
        };
        writer.reply.set(object, *slot, cell);
    }
    match failures.into_iter().next() {
        Some(failure) if writer_lost_all(&writer, fields, object) => Err(failure),
        _ => {
            writer.reply.push_row(Cell::Object(object));
            Ok(writer.reply)
        }
    }
}

fn writer_lost_all(
    writer: &Writer<'_>,
    fields: &[(u32, Listing)],
    object: raccordo_connector_api::ObjectAt,
) -> bool {
    fields.iter().all(|(slot, _)| matches!(writer.reply.slot(object, *slot), Cell::Failed(_)))
}

async fn entities(
    loader: &Loader<'_>,
    mut writer: Writer<'_>,
    plans: &[EntityPlan],
) -> Result<Reply, Failure> {
    let representations = &loader.fetch.representations;
    let type_of = |row: usize| representations.type_of(row).map(|of| of.type_id);
    let at: Vec<Vec<usize>> = plans
        .iter()
        .map(|plan| (0..representations.len()).filter(|row| type_of(*row) == Some(plan.type_id)).collect())
        .collect();
    let loaded = try_join_all(plans.iter().zip(&at).map(|(plan, at)| loader.entities(plan, at))).await?;
    (0..representations.len()).for_each(|_| writer.reply.push_row(Cell::Null));
    for ((plan, at), entities) in plans.iter().zip(&at).zip(&loaded) {
        for (nth, representation) in at.iter().enumerate() {
            let cell = writer.entity(plan, entities, nth, *representation)?;
            writer.reply.set_row(*representation, cell);
        }
    }
    Ok(writer.reply)
}
