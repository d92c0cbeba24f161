//! The gateway's own source, `raccordo`: what it knows of the sources it joins. In process, in async-graphql, asked like every other.

mod schema;
mod state;

use std::sync::Arc;

use async_graphql::Request;
use futures::future::BoxFuture;
use raccordo_connector_api::document::Document;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Cell, Connector, Failure, Fetch, Reply, Selection, records};

pub use state::{SourceState, States};

/// The source's name.
pub const NAME: &str = "raccordo";

/// What `check` and errors call its SDL.
pub const FILE: &str = "raccordo (the gateway's own source)";

/// Its SDL, as it is composed with the others'.
pub const SDL: &str = include_str!("raccordo.graphql");

/// The own source.
pub struct OwnSource {
    schema: schema::OwnSchema,
}

impl OwnSource {
    /// A source that tells of these states.
    pub fn new(states: Arc<States>) -> Self {
        Self { schema: schema::build(states) }
    }
}

impl Connector for OwnSource {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            fetch.meter.call();
            let document = fetch.asked.prepared(|| Document::of(&fetch.asked));
            let document =
                document.ok_or_else(|| Failure::internal("another connector prepared this question"))?;
            let request: Request = serde_json::from_slice(&document.body(&fetch.values, None))
                .map_err(|_| Failure::internal("the document for the own source can't be read"))?;
            let response = self.schema.execute(request).await;
            let body = serde_json::to_vec(&response)
                .map_err(|_| Failure::internal("the own source's answer can't be written"))?;
            fetch.meter.bytes(body.len());
            let reply = read_response(body.into(), &fetch.asked, 1)?;
            let selection = fetch.asked.selection();
            let rows = reply.rows().iter().map(|row| told(&reply, *row, selection)).sum();
            match fetch.meter.rows(rows) > fetch.limits.rows as u64 {
                true => Err(Failure::over_limit(format!("more than {} records", fetch.limits.rows))),
                false => Ok(reply),
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// How many sources an answer tells of: those in lists, and those that were asked for one by one.
fn told(reply: &Reply, root: Cell, selection: &Selection) -> usize {
    let Cell::Object(at) = root else { return 0 };
    let slots = selection.fields_of(at.type_id).map(|field| reply.slot(at, field.slot));
    slots.filter(|cell| matches!(cell, Cell::Object(_))).count() + records::listed(reply, root, selection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdl_and_the_code_say_the_same() {
        let of = |sdl: &str| {
            let schema = apollo_compiler::Schema::builder()
                .adopt_orphan_extensions()
                .parse(sdl, "own.graphql")
                .build();
            let schema = schema.unwrap_or_else(|errors| errors.partial);
            let mut fields: Vec<String> = Vec::new();
            for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
                if let apollo_compiler::schema::ExtendedType::Object(object) = ty {
                    fields.extend(
                        object.fields.values().map(|field| format!("{name}.{}: {}", field.name, field.ty)),
                    );
                }
            }
            fields.sort();
            fields
        };
        let code = schema::build(Arc::new(States::new([]))).sdl();
        assert_eq!(of(SDL), of(&code));
    }
}
