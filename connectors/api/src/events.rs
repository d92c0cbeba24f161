//! A stream of events, as a connector gives it: replies one after another, until whoever reads has enough or the source ends it.

use futures::stream::BoxStream;

use crate::{Failure, Reply};

/// The events of one subscription, each a reply with one row: the root object of that event.
///
/// - An event that can't be read is an `Err` in its place, and further ones may follow. What ends a stream before its time (the
///   connection is gone, [`crate::Limits::silence`] or [`crate::Limits::reply_bytes`] is passed) is an `Err` too, and the last item.
///   A stream that ends without one has ended well: the source said that no event follows.
/// - Nothing is read ahead of whoever polls, beyond the event under way and what came with it: how many events may wait for a slow
///   reader is the gateway's to decide.
/// - Dropping the stream closes what is open at the source, at once. A stream is never opened again by itself: events would be lost
///   unseen in between.
pub type Events = BoxStream<'static, Result<Reply, Failure>>;
