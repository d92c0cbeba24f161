//! What is configured of traffic, over a connector that fails as it is told to and counts how often it was asked.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use raccordo_connector_api::conformance::PlainCursors;
use raccordo_connector_api::{Asked, Limits, Meter, Origin, Representations, Selection, TypeNames};
use tokio::sync::Semaphore;

use super::*;

/// What a connector does: failures in this order, then replies. It answers as soon as its gate lets it.
struct Told {
    failures: Mutex<Vec<Failure>>,
    asked: AtomicUsize,
    gate: Semaphore,
}

impl Told {
    fn new(failures: Vec<Failure>) -> Arc<Self> {
        let (failures, asked, gate) = (Mutex::new(failures), AtomicUsize::new(0), Semaphore::new(1_000));
        Arc::new(Self { failures, asked, gate })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Connector for Told {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Outcome> {
        async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            fetch.meter.rows(1);
            self.gate.acquire().await.unwrap().forget();
            let mut failures = self.failures.lock().unwrap();
            if failures.is_empty() { Ok(Reply::new()) } else { Err(failures.remove(0)) }
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        std::future::ready(Ok(())).boxed()
    }
}

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3600);

fn fetch(operation: Operation) -> Fetch {
    let selection = Selection { type_name: "Query".into(), type_id: None, width: 0, fields: Vec::new() };
    Fetch {
        asked: Arc::new(Asked::new(What::Roots { operation, selection }, Arc::new(TypeNames::default()))),
        values: [].into(),
        representations: Representations::default(),
        deadline: Instant::now() + NEVER,
        limits: Limits::default(),
        origin: Arc::new(Origin::default()),
        cursors: Arc::new(PlainCursors),
        meter: Arc::new(Meter::default()),
    }
}

fn traffic(change: impl FnOnce(&mut Traffic)) -> Traffic {
    let mut traffic = Traffic {
        retry_pause: Duration::from_micros(10),
        retry_after: Duration::from_millis(20),
        retry_percent: 20,
        breaker_pause: NEVER,
        queue: 100,
        queue_timeout: NEVER,
        ..Traffic::default()
    };
    change(&mut traffic);
    traffic
}

fn guarded(told: &Arc<Told>, traffic: &Traffic) -> Guarded {
    Guarded::new(Arc::clone(told) as Arc<dyn Connector>, traffic, &Suspension::default())
}

async fn kind(guarded: &Guarded, operation: Operation) -> Option<FailureKind> {
    guarded.fetch(&fetch(operation)).await.err().map(|failure| failure.kind)
}

fn away() -> Failure {
    Failure::unreachable("")
}

#[tokio::test]
async fn what_reads_is_asked_again_as_often_as_configured_and_what_writes_never() {
    for (failures, retries, operation, asked, failed) in [
        (2, 2, Operation::Query, 3, None),
        (3, 2, Operation::Query, 3, Some(FailureKind::Unreachable)),
        (1, 0, Operation::Query, 1, Some(FailureKind::Unreachable)),
        (1, 5, Operation::Mutation, 1, Some(FailureKind::Unreachable)),
    ] {
        let told = Told::new(vec![away(); failures]);
        let guarded = guarded(&told, &traffic(|traffic| traffic.retries = retries));
        let fetch = fetch(operation);
        let outcome = guarded.fetch(&fetch).await.err().map(|failure| failure.kind);
        assert_eq!((outcome, told.asked()), (failed, asked), "{failures} {retries} {operation:?}");
        assert_eq!(fetch.meter.read().2, 1, "what a try read in vain counts for no limit");
    }
}

#[tokio::test]
async fn only_a_source_that_is_away_is_asked_again() {
    for failure in
        [Failure::refused(""), Failure::malformed(""), Failure::over_limit(""), Failure::bad_input("")]
    {
        let told = Told::new(vec![failure]);
        let guarded = guarded(&told, &traffic(|traffic| traffic.retries = 3));
        assert!(kind(&guarded, Operation::Query).await.is_some());
        assert_eq!(told.asked(), 1);
    }
}

#[tokio::test]
async fn retry_after_is_heeded_up_to_its_limit() {
    for (wanted, asked, waited) in [(20, 2, true), (21, 1, false)] {
        let told = Told::new(vec![away().after(Some(Duration::from_millis(wanted)))]);
        let guarded = guarded(&told, &traffic(|traffic| traffic.retries = 3));
        let began = Instant::now();
        kind(&guarded, Operation::Query).await;
        assert_eq!(told.asked(), asked);
        assert!(!waited || began.elapsed() >= Duration::from_millis(wanted));
    }
}

#[tokio::test]
async fn no_retry_outlasts_the_fetch_and_a_try_has_its_own_time() {
    let told = Told::new(vec![away(); 9]);
    let guarded = self::guarded(
        &told,
        &traffic(|traffic| {
            (traffic.retries, traffic.retry_pause) = (9, NEVER);
        }),
    );
    let mut hurried = fetch(Operation::Query);
    hurried.deadline = Instant::now() + NEVER / 4;
    assert!(guarded.fetch(&hurried).await.is_err());
    assert_eq!(told.asked(), 1);

    struct Deadlines(Mutex<Vec<Instant>>);
    impl Connector for Deadlines {
        fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Outcome> {
            self.0.lock().unwrap().push(fetch.deadline);
            std::future::ready(Err(Failure::timed_out(""))).boxed()
        }
        fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
            std::future::ready(Ok(())).boxed()
        }
    }
    let seen = Arc::new(Deadlines(Mutex::default()));
    let traffic = traffic(|traffic| {
        (traffic.retries, traffic.try_timeout) = (1, Some(Duration::from_secs(60)));
    });
    let guarded = Guarded::new(Arc::clone(&seen) as Arc<dyn Connector>, &traffic, &Suspension::default());
    let began = Instant::now();
    kind(&guarded, Operation::Query).await;
    let seen = seen.0.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|deadline| *deadline - began < NEVER / 2), "a try has a time of its own");
}

#[tokio::test]
async fn of_several_questions_only_those_that_failed_are_asked_again() {
    let told = Told::new(vec![away(), away()]);
    let guarded = guarded(&told, &traffic(|traffic| traffic.retries = 1));
    let fetches: Vec<Fetch> = (0..5).map(|_| fetch(Operation::Query)).collect();
    assert!(guarded.fetch_together(&fetches).await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(told.asked(), 7);
}

#[tokio::test]
async fn a_budget_bounds_what_a_source_that_is_down_is_asked() {
    let told = Told::new(vec![away(); 10_000]);
    let guarded = guarded(&told, &traffic(|traffic| traffic.retries = 10));
    for _ in 0..100 {
        kind(&guarded, Operation::Query).await;
    }
    // A hundred fetches, ten retries beside, and twenty of the hundred but the first, which earns nothing: the budget is full by then.
    assert_eq!(told.asked(), 100 + 10 + 19);
}

#[tokio::test]
async fn a_source_that_fails_is_left_alone_and_tried_by_one() {
    let told = Told::new(vec![away(); 2]);
    let guarded = self::guarded(&told, &traffic(|traffic| traffic.breaker_failures = Some(2)));
    for (asked, served) in [(1, Served::Yes), (2, Served::Broken), (2, Served::Broken)] {
        assert_eq!(kind(&guarded, Operation::Query).await, Some(FailureKind::Unreachable));
        assert_eq!((told.asked(), guarded.standing().served()), (asked, served));
    }
    let told = Told::new(vec![away(); 3]);
    let guarded = self::guarded(
        &told,
        &traffic(|traffic| {
            (traffic.breaker_failures, traffic.breaker_pause) = (Some(2), Duration::ZERO);
        }),
    );
    for (asked, served) in [(1, Served::Yes), (2, Served::Broken), (3, Served::Broken), (4, Served::Yes)] {
        kind(&guarded, Operation::Query).await;
        assert_eq!((told.asked(), guarded.standing().served()), (asked, served));
    }
}

#[tokio::test]
async fn so_many_go_so_many_wait_and_the_rest_are_told() {
    let told = Told::new(Vec::new());
    told.gate.forget_permits(1_000);
    let guarded = guarded(
        &told,
        &traffic(|traffic| {
            (traffic.concurrency, traffic.queue) = (Some(2), 3);
        }),
    );
    let calls = (0..7).map(|_| kind(&guarded, Operation::Query));
    let release = async {
        // All are there once those that may go wait at the gate.
        while told.asked() < 2 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        assert_eq!(told.asked(), 2);
        told.gate.add_permits(1_000);
    };
    let (kinds, ()) = tokio::join!(join_all(calls), release);
    assert_eq!(kinds.iter().filter(|kind| **kind == Some(FailureKind::Busy)).count(), 2);
    assert_eq!(told.asked(), 5);
}

#[tokio::test]
async fn a_suspended_source_is_asked_nothing_until_it_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sospesa");
    let told = Told::new(Vec::new());
    let suspension = Suspension { suspended: false, file: Some(file.clone()) };
    let guarded = Guarded::new(Arc::clone(&told) as Arc<dyn Connector>, &Traffic::default(), &suspension);
    assert_eq!(kind(&guarded, Operation::Query).await, None);
    std::fs::write(&file, "").unwrap();
    guarded.look();
    for operation in [Operation::Query, Operation::Mutation] {
        assert_eq!(kind(&guarded, operation).await, Some(FailureKind::Suspended));
    }
    let together = guarded.fetch_together(&[fetch(Operation::Query), fetch(Operation::Query)]).await;
    assert!(together.len() == 2 && together.iter().all(Result::is_err));
    assert!(guarded.subscribe(&fetch(Operation::Subscription)).await.is_err());
    assert!(guarded.probe().await.is_err());
    assert_eq!((told.asked(), guarded.standing().served()), (1, Served::Suspended));
    // Both must release it.
    assert!(guarded.suspend(true) && !guarded.suspend(true));
    std::fs::remove_file(&file).unwrap();
    guarded.look();
    assert_eq!(kind(&guarded, Operation::Query).await, Some(FailureKind::Suspended));
    assert!(guarded.suspend(false));
    assert_eq!(kind(&guarded, Operation::Query).await, None);
    assert_eq!(told.asked(), 2);
    // A source that is suspended when the gateway starts isn't asked once.
    std::fs::write(&file, "").unwrap();
    let guarded = Guarded::new(Arc::clone(&told) as Arc<dyn Connector>, &Traffic::default(), &suspension);
    assert_eq!(kind(&guarded, Operation::Query).await, Some(FailureKind::Suspended));
}

#[tokio::test]
async fn events_end_when_their_source_is_suspended() {
    struct Endless;
    impl Connector for Endless {
        fn fetch<'a>(&'a self, _: &'a Fetch) -> BoxFuture<'a, Outcome> {
            std::future::ready(Ok(Reply::new())).boxed()
        }
        fn subscribe<'a>(&'a self, _: &'a Fetch) -> BoxFuture<'a, Result<Events, Failure>> {
            std::future::ready(Ok(futures::stream::repeat_with(|| Ok(Reply::new())).boxed())).boxed()
        }
        fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
            std::future::ready(Ok(())).boxed()
        }
    }
    let guarded = Guarded::new(Arc::new(Endless), &Traffic::default(), &Suspension::default());
    let mut events = guarded.subscribe(&fetch(Operation::Subscription)).await.ok().unwrap();
    assert!(events.next().await.unwrap().is_ok());
    guarded.suspend(true);
    assert_eq!(events.next().await.unwrap().err().unwrap().kind, FailureKind::Suspended);
    assert!(events.next().await.is_none());
}
