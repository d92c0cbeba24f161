//! The connector of a source with members: a question goes to the members that it concerns, what they answer comes back as one reply.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use raccordo_connector_api::{Asked, Connector, Failure, Fetch, Operation, Reply, What};
use raccordo_schema::Diagnostic;
use raccordo_schema::mapping::{Name, SourceMapping};

use crate::keepers::Keepers;
use crate::question::Questions;
use crate::{Locator, Member, Whole};

/// One system.
pub(crate) struct Connected {
    pub(crate) name: Name,
    pub(crate) kind: &'static str,
    pub(crate) serves: Vec<Name>,
    pub(crate) timeout: Duration,
    pub(crate) mapping: Arc<SourceMapping>,
    pub(crate) connector: Arc<dyn Connector>,
}

/// All of them.
pub(crate) struct MembersConnector {
    pub(crate) whole: Whole,
    pub(crate) names: Arc<[Name]>,
    pub(crate) members: Vec<Connected>,
    pub(crate) locator: Option<Connected>,
    pub(crate) keepers: Keepers,
}

impl MembersConnector {
    pub(crate) fn new(
        whole: Whole,
        members: Vec<(Member, Arc<dyn Connector>)>,
        locator: Option<(Locator, Arc<dyn Connector>)>,
    ) -> Result<Self, Failure> {
        let keepers = Keepers::new(whole.keepers_key.as_deref())?;
        let members: Vec<Connected> = members.into_iter().map(connected).collect();
        let locator = locator.map(|(locator, connector)| Connected {
            name: "locator".into(),
            kind: "",
            serves: Vec::new(),
            timeout: locator.timeout,
            mapping: locator.mapping,
            connector,
        });
        let names = members.iter().map(|member| member.name.clone()).collect();
        Ok(Self { whole, names, members, locator, keepers })
    }

    /// What is asked of each member, made once for a question.
    pub(crate) fn questions(&self, fetch: &Fetch) -> Result<Arc<Questions>, Failure> {
        let made = fetch.asked.prepared(|| Questions::of(self, &fetch.asked, fetch.values.len() as u32));
        made.ok_or_else(|| Failure::internal("another connector prepared this question"))
    }

    /// These members' names.
    pub(crate) fn named(&self, members: &[usize]) -> Arc<[Name]> {
        if members.len() == self.names.len() {
            return Arc::clone(&self.names);
        }
        members.iter().filter_map(|index| self.names.get(*index)).cloned().collect()
    }
}

fn connected((member, connector): (Member, Arc<dyn Connector>)) -> Connected {
    let Member { name, kind, serves, timeout, mapping, .. } = member;
    Connected { name, kind, serves, timeout, mapping, connector }
}

impl Connector for MembersConnector {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        match &fetch.asked.what {
            What::Roots { operation: Operation::Subscription, .. } => {
                let refused = Failure::internal("a source with members was asked for events");
                std::future::ready(Err(refused)).boxed()
            }
            What::Roots { .. } => self.roots(fetch).boxed(),
            What::Entities { .. } => {
                let together = self.entities(std::slice::from_ref(fetch));
                let none = || Err(Failure::internal("a question came back without an outcome"));
                together.map(move |mut outcomes| outcomes.pop().unwrap_or_else(none)).boxed()
            }
        }
    }

    fn fetch_together<'a>(&'a self, fetches: &'a [Fetch]) -> BoxFuture<'a, Vec<Result<Reply, Failure>>> {
        let of_entities = |fetch: &Fetch| matches!(fetch.asked.what, What::Entities { .. });
        match fetches.iter().all(of_entities) {
            true => self.entities(fetches).boxed(),
            false => join_all(fetches.iter().map(|fetch| self.fetch(fetch))).boxed(),
        }
    }

    fn members(&self) -> Vec<(Name, &'static str, Arc<dyn Connector>)> {
        let of = |member: &Connected| (member.name.clone(), member.kind, Arc::clone(&member.connector));
        self.members.iter().map(of).collect()
    }

    fn asks_members(&self, asked: &Asked) -> Option<String> {
        let all = self.names.join(", ");
        let broadcast = if self.whole.broadcast { ", all of them where nothing tells" } else { "" };
        let by = match (&asked.what, &self.whole.route_by, &self.locator) {
            (What::Roots { .. }, Some(route_by), _) => format!("those that `{route_by}` chooses"),
            (What::Roots { .. }, None, _) => "all".to_owned(),
            (What::Entities { .. }, Some(route_by), None) => {
                format!("the one that `{route_by}` names{broadcast}")
            }
            (What::Entities { .. }, Some(route_by), Some(_)) => {
                format!("the one that `{route_by}` names, in the key or by the locator{broadcast}")
            }
            (What::Entities { .. }, None, _) => "all".to_owned(),
        };
        Some(format!("{by}, of {all}"))
    }

    /// A call is shared as far as its members share it.
    fn joins(&self) -> bool {
        self.members.iter().any(|member| member.connector.joins())
    }

    /// What each member hasn't: several of one layout say the same of one place, which is told once.
    fn examine(&self) -> BoxFuture<'_, Result<Vec<Diagnostic>, Failure>> {
        Box::pin(async move {
            let examined = join_all(self.members.iter().map(|member| member.connector.examine())).await;
            let (mut found, mut failed): (Vec<Diagnostic>, _) = (Vec::new(), None);
            for (member, examined) in self.members.iter().zip(examined) {
                match examined {
                    Ok(told) => told.into_iter().for_each(|told| {
                        if !found.contains(&told) {
                            found.push(told);
                        }
                    }),
                    Err(failure) => failed = failed.or(Some(member.blamed(&failure))),
                }
            }
            match failed.filter(|_| found.is_empty()) {
                Some(failure) => Err(failure),
                None => Ok(found),
            }
        })
    }

    /// The source is there as long as one of its members is.
    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let probes = join_all(self.members.iter().map(|member| member.connector.probe())).await;
            let mut failures = Vec::new();
            for probe in probes {
                match probe {
                    Ok(()) => return Ok(()),
                    Err(failure) => failures.push(failure),
                }
            }
            Err(failures.into_iter().next().unwrap_or_else(|| Failure::internal("a source without members")))
        })
    }
}
