//! `sources:` in; each source read and checked out: its entry by the tables, its SDL by the vocabulary, both by its kind.

use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api as api;
use raccordo_connector_api::{Kind, Settings, Source};
use raccordo_schema::mapping::{Name, SourceMapping};
use raccordo_schema::parallel::each;
use raccordo_schema::suggest::known_words;
use raccordo_schema::{Diagnostic, Location, Reader, check_kind};

use crate::checked::CheckedSource;
use crate::keys::{Part, SOURCE};
use crate::load::{OwnSource, unreadable};
use crate::reader::{Map, Surroundings, read_map};
use crate::yaml::{Data, Entry, Node};

/// One source as far as it could be read.
pub(crate) struct ReadSource {
    pub(crate) name: Name,
    /// What the supergraph may say of where it is: a subgraph's address without credentials, nothing of other kinds.
    pub(crate) url: Option<Arc<str>>,
    /// Its SDL, when it is good.
    pub(crate) read: Option<ReadSdl>,
    /// Everything, when nothing is wrong.
    pub(crate) checked: Option<CheckedSource>,
}

/// A good SDL.
pub(crate) struct ReadSdl {
    pub(crate) file: String,
    pub(crate) sdl: String,
    pub(crate) mapping: Arc<SourceMapping>,
}

/// Reads every source.
pub(crate) fn read_sources(
    root: &Node,
    file: &Map,
    kinds: &[&dyn Kind],
    own: &[OwnSource<'_>],
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<ReadSource> {
    let entry = root.entries().iter().find(|entry| entry.key == "sources");
    let entries = entry.map_or(&[][..], |entry| entry.value.entries());
    if entries.is_empty() {
        let at = entry.map_or(&root.at, |entry| &entry.value.at);
        let what = entry.map_or("missing".to_owned(), |entry| match &entry.value.data {
            Data::Map(_) => "empty".to_owned(),
            _ => entry.value.describe().to_owned(),
        });
        found.push(
            Diagnostic::error("SOURCES_MISSING", at.clone(), format!("`sources` is {what}"))
                .help("name one source at least: `sources: { anagrafe: { kind: sql, schema: …, url: … } }`"),
        );
    }
    let reading = Reading { file, kinds, around };
    let read = each(entries, |entry| {
        let mut found = Vec::new();
        check_name(entry, own, &mut found);
        (reading.source(entry, &mut found), found)
    });
    let (sources, told): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    found.extend(told.into_iter().flatten());
    sources
}

fn check_name(entry: &Entry, own: &[OwnSource<'_>], found: &mut Vec<Diagnostic>) {
    let name = &entry.key;
    if !well_formed(name) {
        found.push(
            Diagnostic::error("SOURCE_NAME", entry.at.clone(), format!("`{name}` can't name a source"))
                .help("use lower-case letters, digits and `_`, a letter first, as `asl_parma`"),
        );
    }
    if name == "raccordo" || own.iter().any(|own| own.name == name) {
        found.push(
            Diagnostic::error(
                "SOURCE_NAME",
                entry.at.clone(),
                format!("`{name}` is the name of the gateway's own source"),
            )
            .help("give the source another name"),
        );
    }
}

/// Whether a source or a member can have this name.
pub(crate) fn well_formed(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What a kind's own keys are, as parts of an entry.
pub(crate) fn own_parts(kind: &dyn Kind) -> impl Iterator<Item = Part> + use<> {
    kind.keys().iter().copied().map(Part::Value)
}

pub(crate) struct Reading<'a> {
    file: &'a Map,
    kinds: &'a [&'a dyn Kind],
    pub(crate) around: &'a Surroundings<'a>,
}

impl Reading<'_> {
    fn source(&self, entry: &Entry, found: &mut Vec<Diagnostic>) -> ReadSource {
        let name = Name::from(entry.key.as_str());
        let kind = self.kind(entry, found);
        let before = errors(found);
        let has_members = entry.value.entries().iter().any(|part| part.key == "members");
        let map = self.entry(entry, kind, has_members, found);
        if !has_members {
            not_without_members(entry, found);
        }
        let settings_good = errors(found) == before;
        let read = self.sdl(&name, &map, found);
        let checked = kind.zip(read.as_ref()).and_then(|(kind, read)| {
            let connector = match has_members {
                true => self.members(entry, &map, Some(kind), read, found)?,
                false => check_source(&name, kind, &map, read, settings_good, found)?,
            };
            Some(CheckedSource {
                name: name.clone(),
                kind: kind.name(),
                mapping: read.mapping.clone(),
                connector,
                timeout: Duration::from_millis(map.number("timeout_ms") as u64),
                limits: self.limits(map.section("limits")),
            })
        });
        let is_subgraph = kind.is_some_and(|kind| kind.name() == "graphql");
        let url = map.values.text("url").filter(|url| is_subgraph && !url.contains('@')).map(Arc::from);
        // What isn't known to be served isn't composed: the graph would be another.
        ReadSource { name, url, read: read.filter(|_| kind.is_some()), checked }
    }

    /// The kind that an entry names, if there is one of that name.
    pub(crate) fn kind(&self, entry: &Entry, found: &mut Vec<Diagnostic>) -> Option<&dyn Kind> {
        let given = entry.value.entries().iter().find(|part| part.key == "kind")?;
        let Data::Scalar(word) = &given.value.data else { return None };
        let kind = self.kinds.iter().copied().find(|kind| kind.name() == word);
        if kind.is_none() {
            let wrong = |rule, message| Diagnostic::error(rule, given.value.at.clone(), message);
            found.push(
                wrong("UNKNOWN_KIND", format!("`{word}` is not a kind of source"))
                    .help(known_words(word, self.kinds.iter().map(|kind| kind.name()))),
            );
        }
        kind
    }

    /// The entry by its tables. Of an unknown kind no table tells its own keys, so only the common ones are read.
    /// What members may have instead isn't asked of a source that has them.
    fn entry(
        &self,
        entry: &Entry,
        kind: Option<&dyn Kind>,
        has_members: bool,
        found: &mut Vec<Diagnostic>,
    ) -> Map {
        let own = kind.into_iter().flat_map(own_parts).map(|part| match part {
            Part::Value(key) if has_members => Part::Value(api::Key { required: false, ..key }),
            part => part,
        });
        let parts: Vec<Part> = SOURCE.iter().copied().chain(own).collect();
        let path = format!("sources.{}", entry.key);
        let mut told = Vec::new();
        let at = if matches!(entry.value.data, Data::Null) { &entry.at } else { &entry.value.at };
        let node = Node { at: at.clone(), data: entry.value.data.clone() };
        let map = read_map(&node, &path, &parts, self.around, &mut told);
        let own_key = |told: &Diagnostic| node.entries().iter().any(|entry| entry.at == told.at);
        told.retain(|told| kind.is_some() || told.rule != "UNKNOWN_KEY" || !own_key(told));
        found.extend(told);
        map
    }

    fn sdl(&self, name: &Name, map: &Map, found: &mut Vec<Diagnostic>) -> Option<ReadSdl> {
        let reader = Reader { source: name, member: None, route_by: map.values.text("route_by") };
        self.read_sdl(map.values.text("schema")?, map.values.at("schema"), &reader, found)
    }

    /// Reads a file of SDL, which the configuration names `at` this place.
    pub(crate) fn read_sdl(
        &self,
        file: &str,
        at: Location,
        reader: &Reader<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<ReadSdl> {
        let path = self.around.folder.join(file);
        let file = path.display().to_string();
        let sdl = std::fs::read_to_string(&path)
            .map_err(|error| found.push(unreadable(&file, Some(at), &error)))
            .ok()?;
        let mapping = reader.read(&file, &sdl).map_err(|wrong| found.extend(wrong)).ok()?;
        Some(ReadSdl { file, sdl, mapping: Arc::new(mapping) })
    }

    /// A source's own limits, else the file's.
    fn limits(&self, own: Option<&Map>) -> api::Limits {
        let all = self.file.section("limits");
        let of = |name: &str| {
            let own_number = own.filter(|own| own.gives(name)).map(|own| own.number(name));
            own_number.or_else(|| all.map(|all| all.number(name))).unwrap_or_default()
        };
        let alone = |name: &str| own.map_or(0, |own| own.number(name));
        api::Limits {
            rows: of("rows"),
            reply_bytes: of("reply_bytes"),
            pages: alone("pages"),
            parallel: alone("parallel"),
            streams: alone("streams"),
            silence: Duration::from_millis(alone("silence_ms") as u64),
        }
    }
}

/// What only a source with members can say.
fn not_without_members(entry: &Entry, found: &mut Vec<Diagnostic>) {
    let of_members = ["route_by", "broadcast", "locate", "keepers_key"];
    for part in entry.value.entries().iter().filter(|part| of_members.contains(&part.key.as_str())) {
        let message =
            format!("`sources.{}.{}` is for a source with members, and this has none", entry.key, part.key);
        found.push(
            Diagnostic::error("MEMBERS_MISSING", part.at.clone(), message)
                .help("add `members:`, or remove it"),
        );
    }
}

pub(crate) fn errors(found: &[Diagnostic]) -> usize {
    found.iter().filter(|diagnostic| diagnostic.is_error()).count()
}

/// The checks that need both the entry and the SDL. A mapping of another kind isn't shown to this one.
pub(crate) fn check_source(
    name: &str,
    kind: &dyn Kind,
    map: &Map,
    read: &ReadSdl,
    settings_good: bool,
    found: &mut Vec<Diagnostic>,
) -> Option<Arc<dyn api::Checked>> {
    let of_kind = check_kind(&read.mapping, kind.name());
    let is_other_kind = of_kind.iter().any(|diagnostic| diagnostic.rule == "WRONG_KIND");
    let mapping_good = !of_kind.iter().any(Diagnostic::is_error);
    found.extend(of_kind);
    if is_other_kind || !settings_good {
        return None;
    }
    let settings = of_kind_only(&map.values, kind);
    let checked = kind.check(Source { name, settings: &settings, mapping: &read.mapping });
    checked.map_err(|wrong| found.extend(wrong)).ok().filter(|_| mapping_good)
}

/// A kind sees its own keys.
fn of_kind_only(values: &Settings, kind: &dyn Kind) -> Settings {
    kind.keys().iter().fold(Settings::new(values.entry_at()), |settings, key| match values.given(key.name) {
        Some(value) => settings.with(key.name, value.clone(), values.at(key.name)),
        None => settings,
    })
}

/// An empty mapping, for sources of which only a supergraph is known.
pub(crate) fn unmapped(name: &str, file: &str) -> Arc<SourceMapping> {
    Arc::new(SourceMapping {
        source: name.into(),
        member: None,
        file: file.into(),
        types: Default::default(),
        queries: Default::default(),
        mutations: Default::default(),
        enums: Default::default(),
        uses_connect: false,
    })
}

/// Settings of a source that no configuration describes: its address, and every other key's default.
pub(crate) fn settings_of_url(url: &str, at: &Location, kind: &dyn Kind) -> Settings {
    kind.keys().iter().fold(Settings::new(at.clone()), |settings, key| {
        let value = match key.name {
            "url" => Some(api::SettingValue::Text(url.into())),
            _ => crate::reader::default(key),
        };
        match value {
            Some(value) => settings.with(key.name, value, at.clone()),
            None => settings,
        }
    })
}
