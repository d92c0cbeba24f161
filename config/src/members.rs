//! A source's entry with `members:` in; its members read and checked, each by its kind and all against the source, out. What the source's
//! entry says of its kind holds for each member that doesn't say otherwise.

use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api::{self as api, Kind};
use raccordo_connector_members::{CheckedMembers, Locator, Member, Whole, check};
use raccordo_schema::mapping::{self, Name};
use raccordo_schema::{Diagnostic, Reader, disagreements};

use crate::keys::{LOCATOR, MEMBER, OF_WHOLE, Part, SOURCE};
use crate::reader::Map;
use crate::sources::{ReadSdl, Reading, check_source, errors, own_parts, well_formed};
use crate::yaml::{Data, Entry, Node};

/// One system's entry, read: a member's or the locator's.
struct System<'k> {
    kind: &'k dyn Kind,
    map: Map,
    read: ReadSdl,
    checked: Arc<dyn api::Checked>,
}

/// Whose entry is read.
struct Whose<'a> {
    entry: &'a Entry,
    path: String,
    parts: &'static [Part],
    member: Option<mapping::Member>,
}

impl Reading<'_> {
    /// The members of a source: what its own SDL says stands in `read`.
    pub(crate) fn members(
        &self,
        source: &Entry,
        map: &Map,
        kind: Option<&dyn Kind>,
        read: &ReadSdl,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Arc<dyn api::Checked>> {
        let before = errors(found);
        let mut told = Vec::new();
        let given = |key: &str| source.value.entries().iter().find(|part| part.key == key);
        let entries = given("members").map_or(&[][..], |members| members.value.entries());
        if entries.is_empty() {
            let at = given("members").map_or(&source.at, |members| &members.at);
            let message = format!("`sources.{}.members` is empty", source.key);
            told.push(
                Diagnostic::error("MEMBERS_MISSING", at.clone(), message)
                    .help("name each system: `members: { bedonia: { url: …, serves: [\"034003\"] } }`"),
            );
        }
        let members: Vec<Option<Member>> =
            entries.iter().map(|entry| self.member(source, entry, map, kind, read, &mut told)).collect();
        let locator = given("locate").map(|entry| self.locator(source, entry, map, kind, &mut told));
        told_once(told, found);
        let members: Vec<Member> =
            members.into_iter().collect::<Option<_>>().filter(|_| errors(found) == before)?;
        let locator = match locator {
            None => None,
            Some(locator) => Some(locator?),
        };
        let whole = Whole {
            source: source.key.as_str().into(),
            mapping: Arc::clone(&read.mapping),
            route_by: map.values.text("route_by").map(Name::from),
            broadcast: map.values.flag("broadcast").unwrap_or(false),
            parallel: map.section("limits").map_or(1, |limits| limits.number("members")),
            keepers_key: map.values.text("keepers_key").map(Arc::from),
            at: source.at.clone(),
        };
        found.extend(check(&whole, &members, locator.as_ref()));
        (errors(found) == before)
            .then(|| Arc::new(CheckedMembers { whole, members, locator }) as Arc<dyn api::Checked>)
    }

    fn member(
        &self,
        source: &Entry,
        entry: &Entry,
        whole: &Map,
        kind: Option<&dyn Kind>,
        of_source: &ReadSdl,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Member> {
        if !well_formed(&entry.key) {
            let message = format!("`{}` can't name a member", entry.key);
            found.push(
                Diagnostic::error("MEMBER_NAME", entry.at.clone(), message)
                    .help("use lower-case letters, digits and `_`, a letter first, as `borgo_val_di_taro`"),
            );
        }
        let path = format!("sources.{}.members.{}", source.key, entry.key);
        let name = Name::from(entry.key.as_str());
        let member = mapping::Member { name: name.clone(), serves: one_served(entry) };
        let whose = Whose { entry, path, parts: MEMBER, member: Some(member) };
        let system = self.system(source, whose, whole, kind, found)?;
        if system.read.file != of_source.file {
            found.extend(disagreements(
                (&of_source.file, &of_source.sdl),
                (&system.read.file, &system.read.sdl),
            ));
        }
        Some(Member {
            name,
            kind: system.kind.name(),
            serves: system.map.texts("serves").iter().map(|(text, _)| text.clone()).collect(),
            timeout: timeout(&system.map),
            mapping: system.read.mapping,
            checked: system.checked,
            at: entry.at.clone(),
        })
    }

    fn locator(
        &self,
        source: &Entry,
        entry: &Entry,
        whole: &Map,
        kind: Option<&dyn Kind>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Locator> {
        let whose =
            Whose { entry, path: format!("sources.{}.locate", source.key), parts: LOCATOR, member: None };
        let system = self.system(source, whose, whole, kind, found)?;
        Some(Locator {
            timeout: timeout(&system.map),
            mapping: system.read.mapping,
            checked: system.checked,
            at: entry.at.clone(),
        })
    }

    fn system<'s>(
        &'s self,
        source: &Entry,
        whose: Whose<'_>,
        whole: &Map,
        of_source: Option<&'s dyn Kind>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<System<'s>> {
        let before = errors(found);
        let gives_kind = whose.entry.value.entries().iter().any(|part| part.key == "kind");
        let kind = if gives_kind { self.kind(whose.entry, found) } else { of_source };
        let kind = kind?;
        let node = inherited(source, &whose, kind, of_source);
        let parts: Vec<Part> = whose.parts.iter().copied().chain(common()).chain(own_parts(kind)).collect();
        let map = crate::reader::read_map(&node, &whose.path, &parts, self.around, found);
        let good = errors(found) == before;
        let file =
            map.values.text("schema").or(whole.values.text("schema").filter(|_| whose.member.is_some()))?;
        let at = if map.gives("schema") { map.values.at("schema") } else { whole.values.at("schema") };
        let reader =
            Reader { source: &source.key, member: whose.member, route_by: whole.values.text("route_by") };
        let read = self.read_sdl(file, at, &reader, found)?;
        let checked = check_source(&source.key, kind, &map, &read, good, found)?;
        Some(System { kind, map, read, checked })
    }
}

/// What a source's table also says of each of its members.
fn common() -> impl Iterator<Item = Part> {
    SOURCE.iter().copied().filter(|part| !OF_WHOLE.contains(&part.name()))
}

/// A member's entry, and what its source's says where it is silent: of its kind as far as they are of one.
fn inherited(source: &Entry, whose: &Whose<'_>, kind: &dyn Kind, of_source: Option<&dyn Kind>) -> Node {
    let own = whose.entry.value.entries();
    let same_kind = of_source.is_some_and(|of_source| of_source.name() == kind.name());
    let is_common = |key: &str| common().any(|part| part.name() == key);
    let passes = |entry: &&Entry| {
        let of_kind = same_kind && own_parts(kind).any(|part| part.name() == entry.key);
        let given = own.iter().any(|own| own.key == entry.key);
        !given && !OF_WHOLE.contains(&entry.key.as_str()) && (of_kind || is_common(&entry.key))
    };
    let passed = source.value.entries().iter().filter(passes).cloned();
    let data = match &whose.entry.value.data {
        Data::Map(_) | Data::Null => Data::Map(own.iter().cloned().chain(passed).collect()),
        other => other.clone(),
    };
    Node { at: whose.entry.at.clone(), data }
}

/// The value that a member serves, where it serves exactly one.
fn one_served(entry: &Entry) -> Option<Name> {
    let serves = entry.value.entries().iter().find(|part| part.key == "serves")?;
    match &serves.value.data {
        Data::List(items) => match items.as_slice() {
            [Node { data: Data::Scalar(text), .. }] => Some(text.as_str().into()),
            _ => None,
        },
        _ => None,
    }
}

fn timeout(map: &Map) -> Duration {
    Duration::from_millis(map.number("timeout_ms") as u64)
}

/// What several members share is read with each of them, and told once.
fn told_once(told: Vec<Diagnostic>, found: &mut Vec<Diagnostic>) {
    for diagnostic in told {
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }
}
