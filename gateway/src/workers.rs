//! Workers: threads that each serve connections of their own. A connection's request, its calls to sources and its answer stay on one
//! thread: no task is moved, and no thread is woken for another's work.
//!
//! What would hold a thread up (planning, reading a large reply) goes to blocking threads, whoever asks for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that serve. They end when this is dropped.
#[derive(Debug)]
pub struct Workers(Vec<Worker>);

/// A runtime of one thread, which large work may leave for a while: another then takes its place.
#[derive(Debug)]
struct Worker {
    runtime: Option<Runtime>,
    /// Connections that it serves.
    connections: Arc<AtomicUsize>,
}

/// A connection's place on a worker, until it is dropped.
#[derive(Debug)]
pub struct Place {
    connections: Arc<AtomicUsize>,
}

impl Workers {
    /// Starts so many threads, at least one.
    ///
    /// # Errors
    /// The system gives no thread, or no means to wait on one.
    pub fn start(count: usize) -> io::Result<Self> {
        (0..count.max(1)).map(|_| Worker::start()).collect::<io::Result<_>>().map(Self)
    }

    /// One for each processor that this process may use.
    ///
    /// # Errors
    /// As [`Workers::start`].
    pub fn for_each_processor() -> io::Result<Self> {
        Self::start(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// The worker with the fewest connections, and a place on it. `None` only where there is no worker.
    pub fn place(&self) -> Option<(&Handle, Place)> {
        let worker = self.0.iter().min_by_key(|worker| worker.connections.load(Ordering::Relaxed))?;
        worker.connections.fetch_add(1, Ordering::Relaxed);
        Some((worker.runtime.as_ref()?.handle(), Place { connections: Arc::clone(&worker.connections) }))
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().thread_name("raccordo-worker").build()?;
        Ok(Self { runtime: Some(runtime), connections: Arc::default() })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // What still runs belongs to nobody any more.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_go_where_the_fewest_are() {
        let workers = Workers::start(2).unwrap();
        let (first, one) = workers.place().unwrap();
        let (second, _two) = workers.place().unwrap();
        let thread = |runtime: &Handle| {
            let (sender, receiver) = std::sync::mpsc::channel();
            runtime.spawn(async move { sender.send(std::thread::current().id()) });
            receiver.recv().unwrap()
        };
        assert_ne!(thread(first), thread(second));
        let first = thread(first);
        drop(one);
        assert_eq!(thread(workers.place().unwrap().0), first);
    }
}
