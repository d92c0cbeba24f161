//! Connections that are kept between calls, opened at their first use, so many at most.
//!
//! sqlx's own pool waits out its timeout when a server refuses connections, so that "unreachable" and "busy" look alike, and takes back
//! a connection whose statement was abandoned. Here a refused connection is known at once, and an abandoned connection is closed:
//! the database notices and stops working for nobody.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use raccordo_connector_api::Failure;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Longer unused, a connection isn't trusted to be alive.
const IDLE: Duration = Duration::from_secs(60);

/// Connections of one kind.
pub(crate) struct Pool<C> {
    permits: Semaphore,
    idle: Mutex<Vec<(C, Instant)>>,
}

/// The right to use one connection, perhaps with one that was used before.
pub(crate) struct Lease<'a, C> {
    pool: &'a Pool<C>,
    /// The connection, if one was kept.
    pub(crate) kept: Option<C>,
    _permit: SemaphorePermit<'a>,
}

impl<C> Pool<C> {
    /// None yet; at most so many.
    pub(crate) fn new(most: usize) -> Self {
        Self { permits: Semaphore::new(most), idle: Mutex::new(Vec::new()) }
    }

    /// Waits for the right to a connection.
    pub(crate) async fn lease(&self) -> Result<Lease<'_, C>, Failure> {
        let permit = self.permits.acquire().await.map_err(|_| Failure::internal("the pool was closed"))?;
        Ok(Lease { pool: self, kept: self.take(), _permit: permit })
    }

    /// Closes what is kept: one of them was found dead, and so are the others.
    pub(crate) fn forget(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn take(&self) -> Option<C> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }
}

impl<C> Lease<'_, C> {
    /// Gives back a connection whose statement is done. One that isn't given back is closed.
    pub(crate) fn give_back(self, connection: C) {
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((connection, Instant::now()));
    }
}
