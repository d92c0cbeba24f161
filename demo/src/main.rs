//! Enters: the command line. Leaves: the example district, running until it is told to stop.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the demo tells a person at a terminal what it does"
)]

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use raccordo_demo::DemoError;
use raccordo_demo::district::{DEFAULT_RESIDENTS, District, MOST_RESIDENTS};
use raccordo_demo::partners::{Addresses, Partners};
use tokio::signal::unix::{SignalKind, signal};

/// Plays the partners of an example district on this machine: a comune's registry and an ambito's social files (two SQLite
/// databases), an ASL's FHIR server, a third-sector HSDS API, a cooperative's GraphQL subgraph.
///
/// All people are invented; nothing leaves this machine; what is written goes when it stops (Ctrl-C).
#[derive(Parser)]
#[command(version, about, after_help = AFTER_HELP)]
struct Arguments {
    /// How many people live in the district: from 1 to 60000.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RESIDENTS, value_parser = residents)]
    residents: usize,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo-demo                          the district with 7,000 residents
  raccordo-demo --residents 60000        as many as the seven comuni have; takes some seconds more";

fn residents(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_RESIDENTS).contains(number));
    number.ok_or_else(|| format!("expected a whole number from 1 to {MOST_RESIDENTS}"))
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("raccordo-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), DemoError> {
    println!("preparo i dati inventati di {} residenti…", arguments.residents);
    let district = Arc::new(District::of(arguments.residents));
    let partners = Partners::start(&district, Addresses::default()).await?;
    tell(&partners);
    println!("Ctrl-C ferma tutto e cancella i dati");
    stopped().await?;
    println!("mi fermo");
    Ok(())
}

/// Where each partner is.
fn tell(partners: &Partners) {
    println!("  anagrafe      {}", partners.anagrafe.url());
    println!("  sociale       {}", partners.sociale.url());
    for partner in [&partners.asl, &partners.terzo_settore, &partners.trasporti] {
        println!("  {:<12}  {}", partner.name(), partner.url());
    }
}

/// Until Ctrl-C or SIGTERM.
async fn stopped() -> Result<(), DemoError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(DemoError::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(DemoError::Signals)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
