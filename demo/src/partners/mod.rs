//! Enters: a district and, for each partner, an address. Leaves: partners that answer over their real protocols, and seven comuni that together are one.
//! They know nothing of the gateway and share nothing but the invented data they were filled from.

pub mod anagrafe;
pub mod asl;
pub mod database;
pub mod sociale;
pub mod terzo_settore;
pub mod trasporti;
pub mod unione;

mod behaviour;
mod calls;
mod server;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use behaviour::Behaviour;
pub use calls::Calls;
pub use server::Partner;
use tempfile::TempDir;

use crate::DemoError;
use crate::district::District;

/// Any free port on loopback.
pub const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A partner that is a database file.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
}

impl Database {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a source's `url` is set to.
    pub fn url(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }
}

/// Where the three partners with a port listen.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The ASL's FHIR server.
    pub asl: SocketAddr,
    /// The third sector's HSDS API.
    pub terzo_settore: SocketAddr,
    /// The cooperative's subgraph.
    pub trasporti: SocketAddr,
}

impl Default for Addresses {
    fn default() -> Self {
        Self { asl: FREE, terzo_settore: FREE, trasporti: FREE }
    }
}

/// All of them. They stop, and the databases go, when this is dropped.
#[derive(Debug)]
pub struct Partners {
    /// The comune's registry.
    pub anagrafe: Database,
    /// The ambito's social files.
    pub sociale: Database,
    /// The ASL.
    pub asl: Partner,
    /// The third sector.
    pub terzo_settore: Partner,
    /// The cooperative.
    pub trasporti: Partner,
    /// The registers of the seven comuni, in the order of [`unione::REGISTERS`].
    pub unione: Vec<Database>,
    folder: TempDir,
}

impl Partners {
    /// Writes the databases and starts the servers, all at once.
    pub async fn start(district: &Arc<District>, addresses: Addresses) -> Result<Self, DemoError> {
        let folder =
            tempfile::Builder::new().prefix("raccordo-demo-").tempdir().map_err(DemoError::Folder)?;
        let (anagrafe, sociale, asl, terzo_settore, trasporti) = tokio::try_join!(
            database(folder.path().join("anagrafe.db"), anagrafe::tables, district),
            database(folder.path().join("sociale.db"), sociale::tables, district),
            asl::start(district, addresses.asl),
            terzo_settore::start(district, addresses.terzo_settore),
            trasporti::start(district, addresses.trasporti),
        )?;
        let mut unione = Vec::with_capacity(unione::REGISTERS.len());
        for (name, istat, second_supplier) in unione::REGISTERS {
            let path = folder.path().join(format!("unione-{name}.db"));
            database::write(&path, &unione::tables(district, istat, second_supplier)).await?;
            unione.push(Database { path });
        }
        Ok(Self { anagrafe, sociale, asl, terzo_settore, trasporti, unione, folder })
    }

    /// The folder of the databases.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `config/district/raccordo.yaml` reads as `${env.NAME}`: give this to the configuration as its environment.
    pub fn environment(&self, name: &str) -> Option<String> {
        match name {
            "RACCORDO_ANAGRAFE_URL" => Some(self.anagrafe.url()),
            "RACCORDO_SOCIALE_URL" => Some(self.sociale.url()),
            "RACCORDO_ASL_URL" => Some(self.asl.url().to_owned()),
            "RACCORDO_TERZOSETTORE_URL" => Some(self.terzo_settore.url().to_owned()),
            "RACCORDO_TRASPORTI_URL" => Some(self.trasporti.url().to_owned()),
            _ => {
                let member = name.strip_prefix("RACCORDO_UNIONE_")?.strip_suffix("_URL")?.to_lowercase();
                let index = unione::REGISTERS.iter().position(|(name, _, _)| **name == *member)?;
                self.unione.get(index).map(Database::url)
            }
        }
    }
}

/// Writes one database.
async fn database(
    path: PathBuf,
    tables: fn(&District) -> Vec<database::Table>,
    district: &District,
) -> Result<Database, DemoError> {
    database::write(&path, &tables(district)).await?;
    Ok(Database { path })
}
