//! The end of serving, as those who serve see it: that it was asked for, and who is still at work.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Says that no new request should come, and that what never ends by itself must end now.
#[derive(Debug, Clone, Default)]
pub struct Draining {
    begun: CancellationToken,
    tasks: TaskTracker,
}

impl Draining {
    /// From now on `/health/ready` says no, and streams end.
    pub fn start(&self) {
        self.begun.cancel();
    }

    /// Those whom the end waits for: connections, and WebSockets that they became.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    pub(super) fn is_on(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Completes once it is asked for.
    pub(super) async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// Keeps the end waiting until it is dropped.
    pub(super) fn task(&self) -> TaskTrackerToken {
        self.tasks.token()
    }
}
