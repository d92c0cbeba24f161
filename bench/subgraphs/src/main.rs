//! Enters: the SDL files of subgraphs, then their requests over HTTP. Leaves: answers, each worked out the first time its
//! request comes and replayed as bytes ever after, so that a benchmark measures the gateway. It never reaches the network.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for a person or script at a terminal")]

mod error;
mod http;
mod made;
mod replay;
mod sdl;
mod shop;
#[cfg(test)]
mod tests;
mod walk;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use clap::{Parser, ValueEnum};

use crate::error::BenchError;
use crate::replay::Subgraphs;
use crate::walk::World;

/// Plays Federation subgraphs for benchmarks: each at /NAME, by the name of its SDL file.
///
/// The first time a request comes its answer is worked out; then its bytes are replayed. `POST /whole` answers a client's own
/// operation over all the data, which is what a gateway must answer; `GET /counts` tells what was asked of each subgraph since
/// it was last asked for.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// The folder of the subgraphs' SDL files: NAME.graphql.
    #[arg(long, value_name = "FOLDER")]
    sources: PathBuf,
    /// The supergraph of these subgraphs, for /whole.
    #[arg(long, value_name = "FILE")]
    supergraph: PathBuf,
    /// What the answers say: the shop's users, products and reviews, or values made from the names of types and fields.
    #[arg(long, value_enum)]
    world: Named,
}

#[derive(Clone, Copy, ValueEnum)]
enum Named {
    Shop,
    Made,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("raccordo-bench-subgraphs: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let world: World = match arguments.world {
        Named::Shop => shop::field,
        Named::Made => made::field,
    };
    let subgraphs = Subgraphs::read(&arguments.sources, &arguments.supergraph, world)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    // One thread: the machine's other cores are for what is measured.
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
        println!("listening on {}", listener.local_addr()?);
        http::serve(listener, Rc::new(RefCell::new(subgraphs))).await
    })
}
