//! `raccordo serve`: starts the gateway, says what a person must know, serves until it is told to end.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use raccordo::serve::{self, EndSignals, Ended};
use raccordo::start::{self, Prepared};
use raccordo::workers::Workers;
use raccordo_config::{Checked, report};
use tokio::net::TcpListener;

use super::check::said;
use super::input::Input;
use super::logging::{self, LogLevel};
use super::{Exit, complain, later, runtime, say};

/// Serve the graph over HTTP until Ctrl-C or SIGTERM; then finish what is under way.
///
/// Sources that don't answer keep nothing from starting: their fields are null, with an error, until they do.
#[derive(Args)]
#[command(after_help = AFTER_HELP, override_usage = "raccordo serve [OPTIONS] <--config <FILE>|--supergraph <FILE>>")]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The address and port to listen on, instead of the configured one. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The least important lines that are logged, instead of the configured ones.
    #[arg(long, value_name = "LEVEL", value_enum)]
    log: Option<LogLevel>,
    #[arg(long, value_name = "NAME", hide = true, group = "input")]
    source: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo serve --config raccordo.yaml
  raccordo serve --config raccordo.yaml --listen 127.0.0.1:4400 --log warn
  raccordo serve --supergraph supergraph.graphql     subgraphs that are composed already

The graph is at /graphql (a browser gets the explorer there), health at /health/live and /health/ready.
The log is JSON on standard error, one line a request.

Exit codes: 0 ended as asked; 1 can't listen there, or ended at once; 2 usage; 78 the configuration is wrong.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    if arguments.source.is_some() {
        return later::refuse("raccordo serve --source");
    }
    let checked = match arguments.input.checked(arguments.listen) {
        Ok(checked) => checked,
        Err(found) => {
            complain(&report(&found));
            return Exit::BadConfiguration;
        }
    };
    if !checked.warnings().is_empty() {
        complain(&report(checked.warnings()));
    }
    logging::start(arguments.log.unwrap_or_else(|| LogLevel::named(checked.log())));
    match runtime() {
        Ok(runtime) => {
            let exit = runtime.block_on(serve(checked));
            // What still runs belongs to nobody any more.
            runtime.shutdown_background();
            exit
        }
        Err(exit) => exit,
    }
}

async fn serve(checked: Checked) -> Exit {
    let (prepared, listener, signals) = match ready(&checked).await {
        Ok(ready) => ready,
        Err((text, exit)) => {
            complain(&format!("error: {text}\n"));
            return exit;
        }
    };
    let workers = match Workers::for_each_processor() {
        Ok(workers) => workers,
        Err(error) => {
            complain(&format!("raccordo: no thread can be started to serve: {}\n", error.kind()));
            return Exit::Wrong;
        }
    };
    announce(listener.local_addr().unwrap_or(checked.listen()), &checked);
    // The supergraph as text and as it was read are as large as all the rest, and have done what they are for.
    drop(checked);
    let asking = tokio::spawn(tell_sources(&prepared));
    let gateway = Arc::clone(prepared.gateway());
    let (settings, end) = (prepared.settings().clone(), asked_to_end(signals));
    let ended = serve::run(gateway, listener, settings, Some(workers), end).await;
    asking.abort();
    say(match ended {
        Ended::Finished => "ended; every request under way was answered\n",
        Ended::CutOff => "ended; some requests took too long and were cut off\n",
    });
    Exit::Good
}

/// All that serving needs, or what is in the way. Signals are listened for before anyone is told the address.
async fn ready(checked: &Checked) -> Result<(Prepared, TcpListener, EndSignals), (String, Exit)> {
    let prepared = start::prepare(checked).map_err(|error| (error.to_string(), Exit::BadConfiguration))?;
    let listener = TcpListener::bind(checked.listen()).await.map_err(|error| {
        (format!("{} can't be listened on: {}", checked.listen(), why(&error)), Exit::Wrong)
    })?;
    let signals = EndSignals::listen()
        .map_err(|error| (format!("signals can't be listened for: {}", error.kind()), Exit::Wrong))?;
    Ok((prepared, listener, signals))
}

/// Completes when the end is asked for. Whoever asks again doesn't want to wait: then the process ends at once.
async fn asked_to_end(mut signals: EndSignals) {
    signals.next().await;
    say("ending: requests under way are answered first; asking again ends at once\n");
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(Exit::Wrong as i32);
    });
}

fn announce(address: SocketAddr, checked: &Checked) {
    let version = env!("CARGO_PKG_VERSION");
    say(&format!("raccordo {version} serves http://{address}/graphql; Ctrl-C ends\n"));
    say("  access: open. Everything is shown to everyone on this machine, and to nobody beyond it.\n");
    if checked.explorer() {
        say("  A browser that opens that address gets the explorer.\n");
    }
}

/// Says which sources answer, then keeps asking for the graph's own field `fonti`.
fn tell_sources(prepared: &Prepared) -> impl Future<Output = ()> + Send + use<> {
    let (probe, watch) = (prepared.probe(), prepared.watch());
    async move {
        for source in probe.await {
            let until = if source.failure.is_some() { "; its fields are null until it does" } else { "" };
            say(&format!("  {}{until}\n", said(&source)));
        }
        watch.await;
    }
}

fn why(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "another program does already; choose another port with `--listen`",
        std::io::ErrorKind::PermissionDenied => "this user may not; choose a port above 1023",
        std::io::ErrorKind::AddrNotAvailable => "this machine has no such address",
        _ => "the system refused",
    }
}
