//! A source of several systems: seven comuni, each with a registry of its own.
//!
//! A checked connector for each member enters, with what it serves; one connector leaves, which nobody above tells from that of a single
//! system. A list goes to the members that its arguments choose and comes back as one, under one cursor; an entity goes to the member
//! that its key names. What a member doesn't give is stated, the rest is served. It opens no socket and knows no kind.

mod check;
pub mod conformance;
mod connector;
mod cursor;
mod entities;
mod gather;
mod keepers;
mod lists;
mod located;
mod merge;
mod question;
mod route;

use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api::{Checked, Connector, Failure};
use raccordo_schema::Location;
use raccordo_schema::mapping::{Name, SourceMapping};

pub use check::check;
pub use keepers::{Keepers, record_hash};

use connector::MembersConnector;

/// Members that one fetch asks together, where the configuration says nothing.
pub const PARALLEL: u64 = 32;

/// What holds for the source as a whole.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The source's name.
    pub source: Name,
    /// The mapping of the source's own SDL: the one that is composed.
    pub mapping: Arc<SourceMapping>,
    /// The argument and key field whose value chooses members.
    pub route_by: Option<Name>,
    /// Whether a record that nothing locates is asked of all members.
    pub broadcast: bool,
    /// Members that one fetch asks together.
    pub parallel: usize,
    /// What hashes records that two members have; none is drawn at start.
    pub keepers_key: Option<Arc<str>>,
    /// Where the source's entry stands.
    pub at: Location,
}

/// One member, checked by its kind.
#[derive(Clone)]
pub struct Member {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: &'static str,
    /// The values of `route_by` that are its own; none where nothing chooses members.
    pub serves: Vec<Name>,
    /// How long one fetch from it may take.
    pub timeout: Duration,
    /// Its mapping.
    pub mapping: Arc<SourceMapping>,
    /// What makes its connector.
    pub checked: Arc<dyn Checked>,
    /// Where its entry stands.
    pub at: Location,
}

/// What tells which member has a record: a lookup that isn't a member itself.
#[derive(Clone)]
pub struct Locator {
    /// How long one lookup may take.
    pub timeout: Duration,
    /// Its mapping: types by their keys, with the field that `route_by` names.
    pub mapping: Arc<SourceMapping>,
    /// What makes its connector.
    pub checked: Arc<dyn Checked>,
    /// Where its entry stands.
    pub at: Location,
}

/// A source of members, checked. Made from what [`check`] found nothing wrong with.
pub struct CheckedMembers {
    /// What holds for all.
    pub whole: Whole,
    /// The members, in declared order.
    pub members: Vec<Member>,
    /// What tells which member has a record that its key doesn't locate.
    pub locator: Option<Locator>,
}

impl Checked for CheckedMembers {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        let members: Result<Vec<_>, Failure> =
            self.members.iter().map(|member| Ok((member.clone(), member.checked.open()?))).collect();
        let locator =
            self.locator.as_ref().map(|locator| Ok::<_, Failure>((locator.clone(), locator.checked.open()?)));
        let connector = MembersConnector::new(self.whole.clone(), members?, locator.transpose()?)?;
        Ok(Arc::new(connector))
    }
}
