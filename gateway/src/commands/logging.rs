//! Where the log goes: one JSON object a line, on standard error. Only Raccordo's own lines: those of libraries may quote what they handle.

use std::io::IsTerminal as _;
use std::panic;

use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The least important lines that are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogLevel {
    /// Faults alone.
    Error,
    /// And failing sources.
    Warn,
    /// And each request.
    Info,
    /// And health checks.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The level of a configuration's `log`.
    pub(super) fn named(name: &str) -> Self {
        Self::from_str(name, true).unwrap_or(Self::Info)
    }

    fn level(self) -> Level {
        match self {
            Self::Error => Level::ERROR,
            Self::Warn => Level::WARN,
            Self::Info => Level::INFO,
            Self::Debug => Level::DEBUG,
            Self::Trace => Level::TRACE,
        }
    }
}

/// Starts logging. The trail is written whatever the level: it isn't a matter of taste.
pub(super) fn start(level: LogLevel) {
    let wanted = Targets::new()
        .with_target("raccordo", level.level())
        .with_target("raccordo::trail", Level::INFO.max(level.level()));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // In a process that logs already, as a test's, that stays as it is.
    let _ = tracing_subscriber::registry().with(wanted).with(lines).try_init();
    panic::set_hook(Box::new(|panic| {
        // A panic's message may quote the value that caused it: its place is enough to find it.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: "raccordo::fault", place, "panic");
    }));
}
