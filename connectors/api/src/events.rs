//! A stream of events, as a connector gives it: replies one after another, until whoever reads has enough or the source ends it.

use futures::stream::BoxStream;

use crate::{Failure, Reply};

/// The events of one subscription, each a reply with one row: the root object of that event.
///
/// - An `Err` is the last item: what ended the stream before its time. The connection is gone, [`crate::Limits::silence`] or
///   [`crate::Limits::reply_bytes`] is passed, the source refuses. A stream that ends without one has ended well: the source said that
///   no event follows.
/// - An event that can't be read, or that the source failed at, is a reply whose row is [`crate::Cell::Failed`]; further ones may follow.
/// - Nothing is read ahead of whoever polls, beyond the event under way and what came with it: how many events may wait for a slow
///   reader is the gateway's to decide.
/// - Dropping the stream closes what is open at the source, at once. A stream is never opened again by itself: events would be lost
///   unseen in between.
pub type Events = BoxStream<'static, Result<Reply, Failure>>;
