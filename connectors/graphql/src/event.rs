//! The text of one GraphQL response in; the reply of one event out. What both protocols of subscriptions share.

use std::sync::Arc;

use bytes::Bytes;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Asked, Failure, Fetch, Limits, Meter, Reply, records};
use raccordo_connector_web::offload;

/// What reading an event needs of the fetch that opened its stream.
pub(crate) struct Reading {
    asked: Arc<Asked>,
    limits: Limits,
    meter: Arc<Meter>,
}

impl Reading {
    /// Of this fetch.
    pub(crate) fn of(fetch: &Fetch) -> Self {
        Self { asked: Arc::clone(&fetch.asked), limits: fetch.limits, meter: Arc::clone(&fetch.meter) }
    }

    /// What the stream may cost.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Notes bytes that came.
    pub(crate) fn came(&self, bytes: usize) {
        self.meter.bytes(bytes);
    }

    /// Reads an event's response. What can't be read is lost, and the reply says why. Its records count for the event alone.
    pub(crate) async fn reply(&self, response: Bytes) -> Reply {
        self.read(response).await.unwrap_or_else(|failure| {
            let mut reply = Reply::new();
            let lost = reply.failed(failure);
            reply.push_row(lost);
            reply
        })
    }

    async fn read(&self, response: Bytes) -> Result<Reply, Failure> {
        let (asked, length) = (Arc::clone(&self.asked), response.len());
        let read = move || {
            let reply = read_response(response, &asked, 1)?;
            let records =
                reply.rows().iter().map(|row| records::listed(&reply, *row, asked.selection())).sum();
            Ok((reply, records))
        };
        let (reply, records): (Reply, usize) = offload(length, read).await?;
        self.meter.rows(records);
        match records > self.limits.rows {
            true => Err(Failure::over_limit(format!("more than {} records in one event", self.limits.rows))),
            false => Ok(reply),
        }
    }
}
