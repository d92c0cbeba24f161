//! A source's settings: a table of keys in, typed values with their places out. One table drives the check, the JSON Schema and the documentation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use raccordo_schema::Location;

/// One key that a source's entry may have.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// In snake_case, units last: `connect_timeout_ms`.
    pub name: &'static str,
    /// What its value is.
    pub kind: KeyKind,
    /// Must be given.
    pub required: bool,
    /// One sentence, printed into the JSON Schema and the documentation.
    pub doc: &'static str,
}

/// What a key's value is.
#[derive(Debug, Clone, Copy)]
pub enum KeyKind {
    /// Any text.
    Text,
    /// A secret: like text, never printed.
    Secret,
    /// A URL of one of these schemes. Relative file URLs (`sqlite:data/x.db`) are relative to the configuration file.
    /// A URL may carry a password: it is never printed either.
    Url(&'static [&'static str]),
    /// A whole number between these, both included, with this default.
    Integer {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
        /// When not given.
        default: u64,
    },
    /// True or false, with this default.
    Bool(bool),
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
}

/// A value that was checked against its key.
#[derive(Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// Text, secret, URL or chosen word.
    Text(Arc<str>),
    /// A whole number.
    Integer(u64),
    /// True or false.
    Bool(bool),
}

impl fmt::Debug for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[withheld]")
    }
}

/// The settings of one source: every key with a value or a default.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    entries: Vec<(&'static str, SettingValue, Location)>,
    at: Option<Location>,
}

impl Settings {
    /// Settings that were checked against their keys by the caller. `at` is the source's entry.
    pub fn new(at: Location) -> Self {
        Self { entries: Vec::new(), at: Some(at) }
    }

    /// With one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: SettingValue, at: Location) -> Self {
        self.entries.push((name, value, at));
        self
    }

    /// The text of a key, when given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(|value| match value {
            SettingValue::Text(text) => Some(text.as_ref()),
            _ => None,
        })
    }

    /// The whole number of a key. Every `Integer` key has one, by its default.
    pub fn integer(&self, name: &str) -> Option<u64> {
        self.value(name).and_then(|value| match value {
            SettingValue::Integer(int) => Some(*int),
            _ => None,
        })
    }

    /// A key in milliseconds as a duration.
    pub fn millis(&self, name: &str) -> Option<Duration> {
        self.integer(name).map(Duration::from_millis)
    }

    /// True or false of a key.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(|value| match value {
            SettingValue::Bool(bool) => Some(*bool),
            _ => None,
        })
    }

    /// Where a key stands, or the source's entry when it isn't given.
    pub fn at(&self, name: &str) -> Location {
        self.entries
            .iter()
            .find(|(key, _, _)| *key == name)
            .map(|(_, _, at)| at.clone())
            .or_else(|| self.at.clone())
            .unwrap_or_else(|| Location::file(""))
    }

    /// The value of a key as it is, given or by default.
    pub fn given(&self, name: &str) -> Option<&SettingValue> {
        self.value(name)
    }

    /// Where the source's entry stands.
    pub fn entry_at(&self) -> Location {
        self.at.clone().unwrap_or_else(|| Location::file(""))
    }

    fn value(&self, name: &str) -> Option<&SettingValue> {
        self.entries.iter().find(|(key, _, _)| *key == name).map(|(_, value, _)| value)
    }
}
