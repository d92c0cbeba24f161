//! The tables of keys that a configuration may have. One table, two uses: the reader checks a file by it, and the published
//! JSON Schema is printed from it.

use raccordo_connector_api::{Key, KeyKind};

/// One thing that a map of the file may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// A single value.
    Value(Key),
    /// A map with keys of its own.
    Section { name: &'static str, doc: &'static str, parts: &'static [Part] },
    /// A list of texts.
    Texts { name: &'static str, doc: &'static str },
    /// A source's members by name.
    Members { name: &'static str, doc: &'static str },
    /// What tells which member has a record: an entry like a member's.
    Locator { name: &'static str, doc: &'static str },
    /// The sources by name.
    Sources { name: &'static str, doc: &'static str },
    /// Known to come: refused with a clear word.
    Later { name: &'static str, why: &'static str },
}

impl Part {
    /// The key.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Value(key) => key.name,
            Self::Section { name, .. }
            | Self::Texts { name, .. }
            | Self::Members { name, .. }
            | Self::Locator { name, .. }
            | Self::Sources { name, .. }
            | Self::Later { name, .. } => name,
        }
    }
}

const fn text(name: &'static str, required: bool, doc: &'static str) -> Part {
    Part::Value(Key { name, kind: KeyKind::Text, required, doc })
}

const fn number(name: &'static str, min: u64, max: u64, default: u64, doc: &'static str) -> Part {
    Part::Value(Key { name, kind: KeyKind::Integer { min, max, default }, required: false, doc })
}

const fn flag(name: &'static str, default: bool, doc: &'static str) -> Part {
    Part::Value(Key { name, kind: KeyKind::Bool(default), required: false, doc })
}

const fn choice(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Part {
    Part::Value(Key { name, kind: KeyKind::Choice(words), required: false, doc })
}

/// Where the gateway listens when nothing says otherwise.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:4000";

const MIB: u64 = 1024 * 1024;

/// The file itself.
pub(crate) const ROOT: &[Part] = &[
    text("listen", false, "The address and port that the gateway listens on; 127.0.0.1:4000 when not given."),
    choice(
        "access",
        &["open"],
        "`open` shows everything to everyone who reaches the gateway, so it is served on loopback only. Needed in this version, where purposes can't be configured.",
    ),
    Part::Sources {
        name: "sources",
        doc: "The sources by name: lower-case letters, digits and `_`, a letter first.",
    },
    Part::Section {
        name: "limits",
        doc: "What one request may be and cost. Passing a limit is a clear error.",
        parts: LIMITS,
    },
    Part::Section {
        name: "operations",
        doc: "Operations that are known before they are asked, and documents that clients name by their digest.",
        parts: OPERATIONS,
    },
    Part::Section {
        name: "cost",
        doc: "What an operation is estimated to cost before anything is asked, by `@cost` and `@listSize`.",
        parts: COST,
    },
    Part::Section { name: "traffic", doc: "How sources are called.", parts: TRAFFIC },
    Part::Section {
        name: "cors",
        doc: "Which web pages elsewhere may call the gateway. None until it is configured.",
        parts: CORS,
    },
    choice("log", &["info", "error", "warn", "debug", "trace"], "The least important lines that are logged."),
    flag("introspection", true, "Whether clients may ask for the schema."),
    flag("explorer", true, "Whether a browser that opens `/graphql` gets the explorer."),
    Part::Later {
        name: "purposes",
        why: "purposes come with a later version; until then `access: open` serves on loopback",
    },
    Part::Later { name: "policies", why: "policies come with a later version" },
    Part::Later { name: "indicators", why: "indicators come with a later version" },
    Part::Later { name: "callers", why: "callers are told apart from a later version on" },
    Part::Later { name: "trail", why: "the trail is configured from a later version on" },
    Part::Later { name: "admin", why: "the admin listener comes with a later version" },
];

/// `limits:`.
const LIMITS: &[Part] = &[
    number("body_bytes", 1024, 64 * MIB, MIB, "Bytes of a request's body."),
    number("tokens", 100, 1_000_000, 20_000, "Tokens of a document."),
    number("depth", 1, 40, 20, "Levels of nested fields."),
    number("aliases", 0, 100_000, 500, "Aliases, those in fragments counted at every use."),
    number(
        "root_fields",
        1,
        10_000,
        100,
        "Fields of the root type, those in fragments counted at every use.",
    ),
    number("directives", 0, 100_000, 500, "Directives, those in fragments counted at every use."),
    number("selections", 10, 1_000_000, 20_000, "Selections once fragments and abstract types are expanded."),
    number(
        "variable_values",
        0,
        10_000_000,
        20_000,
        "Values in a request's variables; a list, an object and each thing in them counts.",
    ),
    number(
        "rows",
        1,
        10_000_000,
        100_000,
        "Records that one fetch from a source may bring, where the source doesn't say.",
    ),
    number(
        "reply_bytes",
        1024,
        1024 * MIB,
        32 * MIB,
        "Bytes of one reply of a source, where the source doesn't say.",
    ),
    number("answer_bytes", 1024, 1024 * MIB, 64 * MIB, "Bytes of an answer's data."),
    number("timeout_ms", 100, 600_000, 30_000, "Milliseconds from a request's arrival to its answer."),
    number("concurrency", 1, 100_000, 256, "Requests that are worked on together."),
    number("queue", 0, 1_000_000, 1024, "Requests that may wait for their turn."),
    number("streams", 0, 100_000, 1000, "Subscriptions of all clients that may be open together."),
    number("events", 1, 10_000, 64, "Events of one subscription that may wait for a slow client."),
    number("sockets", 0, 100_000, 1000, "WebSockets of clients that may be open together."),
    number(
        "socket_operations",
        1,
        10_000,
        100,
        "Operations of one WebSocket that may be under way together.",
    ),
];

/// `operations:`.
const OPERATIONS: &[Part] = &[
    choice(
        "registered",
        &["allow", "required", "off"],
        "What registered operations are for. `allow`: a client may name one instead of sending its document. `required`: nothing else is answered. `off`: they are not read.",
    ),
    Part::Texts {
        name: "manifests",
        doc: "Where registered operations are: manifests of the Apollo form, JSON objects `{id: document}` as Relay and codegen write them, `.graphql` files, or folders of these.",
    },
    flag(
        "apq",
        true,
        "Whether a client may name a document that was sent before by its SHA-256 (automatic persisted queries).",
    ),
    number("apq_bytes", 64 * 1024, 1024 * MIB, 16 * MIB, "Bytes of documents that are kept for that."),
];

/// `cost:`.
const COST: &[Part] = &[
    choice(
        "mode",
        &["off", "measure", "enforce"],
        "`measure` estimates and records, `enforce` refuses what is estimated above `max` too.",
    ),
    number("max", 1, 1_000_000_000_000, 10_000, "What one operation may be estimated to cost."),
    number("list_size", 0, 1_000_000, 10, "The length of a list that no `@listSize` tells anything about."),
    flag("report", false, "Whether answers tell their estimate, as `extensions.cost`."),
];

/// `traffic:`.
const TRAFFIC: &[Part] = &[Part::Section { name: "all", doc: "All sources.", parts: ALL_TRAFFIC }];

/// `traffic: { all }`.
const ALL_TRAFFIC: &[Part] = &[flag(
    "share_in_flight",
    false,
    "Whether requests that ask a source the same at the same time, under the same permit, share one call. Queries alone: a query may then be answered by a call that began before it came.",
)];

/// `cors:`.
const CORS: &[Part] = &[Part::Texts { name: "origins", doc: "Origins, as `https://cruscotto.example`." }];

/// What every source's entry may have, beside its kind's own keys.
pub(crate) const SOURCE: &[Part] = &[
    text("kind", true, "What the source is: `graphql`, `sql`, `fhir`, `http` or `sheet`."),
    text("schema", true, "The file of the source's SDL, relative to the configuration."),
    number("timeout_ms", 10, 600_000, 10_000, "Milliseconds that one fetch from the source may take."),
    Part::Section { name: "limits", doc: "What one fetch from the source may cost.", parts: SOURCE_LIMITS },
    Part::Members {
        name: "members",
        doc: "Several systems that together are the source, by name, in the order in which they count: each with its kind's keys, those of this entry where it is silent.",
    },
    text(
        "route_by",
        false,
        "Of a source with members: the argument and key field whose value chooses members, by what each `serves`.",
    ),
    flag(
        "broadcast",
        false,
        "Of a source with members: whether a record that nothing locates is asked of all of them. Every member then sees every key.",
    ),
    Part::Locator {
        name: "locate",
        doc: "Of a source with members: what tells which of them has a record that its key doesn't locate. Its SDL has the source's types by their keys, with the field that `route_by` names.",
    },
    Part::Value(Key {
        name: "keepers_key",
        kind: KeyKind::Secret,
        required: false,
        doc: "Of a source with members: the key of the hash by which the log tells records that two of them have. Drawn at start when it isn't given.",
    }),
    Part::Later { name: "auth", why: "client credentials and certificates come with a later version" },
    Part::Later { name: "traffic", why: "retries and breakers come with a later version" },
];

/// What a member's entry may have, beside what every source's has and its kind's own keys.
pub(crate) const MEMBER: &[Part] = &[
    text("kind", false, "What the member is, where it isn't what the source is."),
    text(
        "schema",
        false,
        "The file of the member's own SDL, where its mapping is its own: the same types, mapped otherwise.",
    ),
    Part::Texts { name: "serves", doc: "The values of `route_by` that are this member's." },
];

/// What the locator's entry may have, as a member's.
pub(crate) const LOCATOR: &[Part] = &[
    text("kind", false, "What the locator is, where it isn't what the source is."),
    text("schema", true, "The file of the locator's SDL."),
];

/// What is said of a source as a whole, and isn't passed on to its members.
pub(crate) const OF_WHOLE: &[&str] =
    &["kind", "schema", "limits", "members", "route_by", "broadcast", "locate", "keepers_key"];

/// A source's `limits:`. Those that the file's own `limits:` also has are taken from there when they aren't given.
const SOURCE_LIMITS: &[Part] = &[
    number(
        "rows",
        1,
        10_000_000,
        100_000,
        "Records that all calls of one fetch together may bring. By default the file's `limits: { rows }`.",
    ),
    number("pages", 1, 1_000_000, 1_000, "Calls for pages that one list may take."),
    number(
        "reply_bytes",
        1024,
        1024 * MIB,
        32 * MIB,
        "Bytes of one reply. By default the file's `limits: { reply_bytes }`.",
    ),
    number("parallel", 1, 64, 4, "Calls of one fetch that may be under way together."),
    number(
        "members",
        1,
        1_024,
        raccordo_connector_members::PARALLEL,
        "Members that one fetch asks at the same time.",
    ),
    number("streams", 1, 100_000, 100, "Subscriptions to the source that may be open together."),
    number(
        "silence_ms",
        1_000,
        86_400_000,
        60_000,
        "Milliseconds that a subscription may bring nothing, not even a sign that the source is there.",
    ),
];
