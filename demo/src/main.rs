//! Enters: the command line. Leaves: the example district and the gateway over it, running until they are told to stop.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the demo tells a person at a terminal what it does"
)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use raccordo::serve::{Ended, asked_to_end};
use raccordo_demo::DemoError;
use raccordo_demo::district::{DEFAULT_RESIDENTS, District, MOST_RESIDENTS};
use raccordo_demo::gateway::{Listening, shipped};
use raccordo_demo::partners::{Addresses, Partners};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Plays the partners of an example district on this machine and starts the gateway over them: a comune's registry and an ambito's
/// social files (two SQLite databases), an ASL's FHIR server, a third-sector HSDS API, a cooperative's GraphQL subgraph.
///
/// All people are invented; nothing leaves this machine; what is written goes when it stops (Ctrl-C).
#[derive(Parser)]
#[command(version, about, after_help = AFTER_HELP)]
struct Arguments {
    /// Where the gateway listens, instead of the configured address. Loopback only; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// How many people live in the district: from 1 to 60000.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RESIDENTS, value_parser = residents)]
    residents: usize,
    /// The configuration to start over the partners, instead of `config/district/raccordo.yaml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  raccordo-demo                              the district with 7,000 residents, at the configured address
  raccordo-demo --listen 127.0.0.1:4400      elsewhere
  raccordo-demo --residents 60000            as many as the seven comuni have

The configuration names the partners' addresses as ${env.RACCORDO_ANAGRAFE_URL}, ${env.RACCORDO_SOCIALE_URL},
${env.RACCORDO_ASL_URL}, ${env.RACCORDO_TERZOSETTORE_URL}, ${env.RACCORDO_TRASPORTI_URL}, ${env.RACCORDO_UNIONE_BEDONIA_URL}
and so on for the seven comuni: the demo gives them.

Exit codes: 0 stopped as asked; 1 something can't start; 2 usage; 78 the configuration is wrong.";

fn residents(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_RESIDENTS).contains(number));
    number.ok_or_else(|| format!("expected a whole number from 1 to {MOST_RESIDENTS}"))
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let worth_telling = Targets::new().with_target("raccordo", LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().compact().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(worth_telling).with(lines).init();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ DemoError::Configuration(_)) => {
            eprintln!("raccordo-demo: {error}");
            ExitCode::from(78)
        }
        Err(error) => {
            eprintln!("raccordo-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), DemoError> {
    let begun = Instant::now();
    println!("preparo i dati inventati di {} residenti…", arguments.residents);
    let district = Arc::new(District::of(arguments.residents));
    let partners = Partners::start(&district, Addresses::default()).await?;
    tell(&partners);
    println!("avvio il gateway…");
    let config = arguments.config.clone().unwrap_or_else(shipped);
    let gateway = Listening::open(&config, &partners, arguments.listen).await?;
    println!("  pronto in {} ms: accesso aperto, soltanto da questa macchina", begun.elapsed().as_millis());
    println!();
    println!("Apri http://{}/graphql: quattro interrogazioni aspettano.", gateway.address());
    println!("Ctrl-C ferma tutto e cancella i dati.");
    let ended = gateway.serve(asked_to_end()).await;
    if ended == Ended::CutOff {
        println!("qualche richiesta durava troppo: è stata interrotta");
    }
    println!("fermato");
    Ok(())
}

/// Where each partner is.
fn tell(partners: &Partners) {
    println!("  anagrafe pronta su      {}", partners.anagrafe.url());
    println!("  sociale pronto su       {}", partners.sociale.url());
    println!(
        "  unione pronta           {} registri in {}",
        partners.unione.len(),
        partners.folder().display()
    );
    for partner in [&partners.asl, &partners.terzo_settore, &partners.trasporti] {
        println!("  {:<22}  {}", format!("{} pronto su", partner.name()), partner.url());
    }
}
