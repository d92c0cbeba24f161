//! The whole graph's data: a few records of every type, every field of every record with one value that depends on nothing but the
//! record, the field, its arguments and what it requires. No source is asked, and none is known but for what it may know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use serde_json::{Map, Value, json};

use super::dice::hash;
use super::model::{Argument, FieldDef, Graph, Kind, Pick, Role, Ty};

/// Records of each type.
pub(crate) const RECORDS: usize = 4;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) ty: String,
    pub(crate) index: usize,
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Out {
    Null,
    /// There is none: an error.
    Fault,
    Leaf(Value),
    Record(Record),
    List(Vec<Out>),
}

/// What the data needs to know of a field.
struct Known {
    /// Strict wherever a source is.
    ty: Ty,
    resolvers: Vec<usize>,
    may_fail: bool,
    /// The only source, where that forgets some records.
    forgetful: Option<usize>,
}

/// A graph and its data.
pub(crate) struct World {
    pub(crate) graph: Graph,
    known: BTreeMap<(String, String), Known>,
    /// Mutations that have run.
    pub(crate) count: AtomicUsize,
    /// What a source was asked that it must not be asked.
    pub(crate) cheats: Mutex<Vec<String>>,
}

impl World {
    pub(crate) fn new(graph: Graph) -> Self {
        let (needed, fragile) = (needed(&graph), fragile(&graph));
        let mut known = BTreeMap::new();
        for (name, ty) in graph.types.iter().filter(|(_, ty)| ty.kind == Kind::Object) {
            for (field, def) in &ty.fields {
                let key = (name.clone(), field.clone());
                let needed = needed.contains(&key) || fragile.contains(name);
                let found = Known::of(&graph, name, field, def, needed);
                known.insert(key, found);
            }
        }
        Self { graph, known, count: AtomicUsize::new(0), cheats: Mutex::default() }
    }

    /// Whether some field can't be null, and no source knows anything that it could be.
    pub(crate) fn is_hollow(&self) -> bool {
        self.known.values().any(|known| {
            let name = known.ty.inner();
            let must = known.ty.to_string().contains(&format!("{name}!"));
            must && self.graph.is_composite(name) && self.candidates(name, &known.resolvers).is_empty()
        })
    }

    pub(crate) fn cheat(&self, what: String) {
        self.cheats.lock().unwrap().push(what);
    }

    fn def(&self, ty: &str, field: &str) -> &FieldDef {
        let found = self.graph.types.get(ty).and_then(|ty| ty.fields.get(field));
        found.unwrap_or_else(|| panic!("no field `{ty}.{field}`"))
    }

    /// A field's value, whoever asks.
    pub(crate) fn value(&self, record: &Record, field: &str, arguments: &Map<String, Value>) -> Out {
        let known = &self.known[&(record.ty.clone(), field.to_owned())];
        if known.forgetful.is_some_and(|source| self.is_forgotten(source, record)) {
            return Out::Null;
        }
        match &self.def(&record.ty, field).role {
            Role::Requires(picks) => match self.inputs(record, picks) {
                Some(inputs) => self.computed(record, field, arguments, &inputs),
                None => Out::Fault,
            },
            _ => self.computed(record, field, arguments, &Value::Null),
        }
    }

    /// What `@requires` names of a record; nothing where part of it fails.
    pub(crate) fn inputs(&self, record: &Record, picks: &[Pick]) -> Option<Value> {
        let mut object = Map::new();
        for pick in picks.iter().filter(|pick| self.is_of(pick.on.as_deref(), &record.ty)) {
            let given = pick.arguments.iter().map(|(name, _, value)| (name.clone(), value.clone())).collect();
            let out = self.value(record, &pick.name, &given);
            // What can't be null and is, is nobody's input.
            let known = &self.known[&(record.ty.clone(), pick.name.clone())];
            if matches!(out, Out::Null) && known.ty.is_non_null() {
                return None;
            }
            object.insert(pick.name.clone(), self.input(&out, &pick.below)?);
        }
        Some(Value::Object(object))
    }

    fn input(&self, out: &Out, below: &[Pick]) -> Option<Value> {
        match out {
            Out::Null => Some(Value::Null),
            Out::Fault => None,
            Out::Leaf(value) => Some(value.clone()),
            Out::Record(record) => self.inputs(record, below),
            Out::List(items) => items.iter().map(|item| self.input(item, below)).collect(),
        }
    }

    pub(crate) fn is_of(&self, condition: Option<&str>, ty: &str) -> bool {
        condition.is_none_or(|on| self.graph.possible(on).iter().any(|own| own == ty))
    }

    /// A field's value from its inputs.
    pub(crate) fn computed(
        &self,
        record: &Record,
        field: &str,
        arguments: &Map<String, Value>,
        inputs: &Value,
    ) -> Out {
        let def = self.def(&record.ty, field);
        let known = &self.known[&(record.ty.clone(), field.to_owned())];
        let arguments = self.canonical_arguments(&def.arguments, arguments);
        let own = format!("{}/{}/{field}/{arguments}/{inputs}", record.ty, record.index);
        let serial = self.graph.types.get_index_of(&record.ty).unwrap_or_default() * 100 + record.index;
        match &def.role {
            Role::Key => Out::Leaf(match known.ty.inner() {
                "Int" => json!(serial * 7),
                _ => json!(format!("{field}-{}-{}", record.ty, record.index)),
            }),
            Role::Half(0) => Out::Leaf(json!(serial / 2)),
            Role::Half(_) => Out::Leaf(json!(format!("h{}", record.index % 2))),
            Role::Same => {
                Out::Record(Record { ty: known.ty.inner().to_owned(), index: record.index % RECORDS })
            }
            _ => self.make(&known.ty, known, &own, 0),
        }
    }

    fn make(&self, ty: &Ty, known: &Known, own: &str, place: usize) -> Out {
        let seed = hash(&format!("{own}#{place}"));
        let fails = self.graph.faults && place == 0 && known.may_fail && seed % 19 == 3;
        if fails {
            return Out::Fault;
        }
        if !ty.is_non_null() && seed % 11 == 1 {
            return Out::Null;
        }
        match ty {
            Ty::List(item, _) => {
                let items =
                    (0..seed / 16 % 4).map(|at| self.make(item, known, own, place * 7 + at + 1)).collect();
                Out::List(items)
            }
            Ty::Named(name, _) if self.graph.is_composite(name) => {
                let candidates = self.candidates(name, &known.resolvers);
                let index = (seed / 64).checked_rem(candidates.len());
                match (index.and_then(|index| candidates.get(index)), ty.is_non_null()) {
                    (Some(record), _) => Out::Record(record.clone()),
                    (None, true) => Out::Fault,
                    (None, false) => Out::Null,
                }
            }
            Ty::Named(name, _) => Out::Leaf(self.leaf(name, seed / 64)),
        }
    }

    /// The records that all of these sources can give where `name` is declared.
    fn candidates(&self, name: &str, sources: &[usize]) -> Vec<Record> {
        let types = self.graph.possible(name).into_iter();
        let types = types.filter(|ty| sources.iter().all(|source| self.gives(*source, name, ty)));
        let records = types.flat_map(|ty| (0..RECORDS).map(move |index| Record { ty: ty.clone(), index }));
        records.filter(|record| !sources.iter().any(|source| self.is_forgotten(*source, record))).collect()
    }

    fn gives(&self, source: usize, declared: &str, ty: &str) -> bool {
        let types = &self.graph.sources[source].types;
        if types.get(declared).is_some_and(|piece| piece.interface_object) {
            return true;
        }
        let Some(piece) = types.get(ty) else { return false };
        let is_member = || types.get(declared).is_some_and(|union| union.members.iter().any(|own| own == ty));
        declared == ty || piece.implements.iter().any(|own| own == declared) || is_member()
    }

    /// Whether a source doesn't know a record.
    pub(crate) fn is_forgotten(&self, source: usize, record: &Record) -> bool {
        let piece = self.graph.sources[source].types.get(&record.ty);
        piece.is_some_and(|piece| piece.forgets)
            && hash(&format!("{source} forgets {} {}", record.ty, record.index)).is_multiple_of(3)
    }

    fn leaf(&self, name: &str, seed: usize) -> Value {
        let number = (seed % 2_000) as i64 - 300;
        match (name, self.graph.types.get(name)) {
            ("Int", _) => json!(number),
            ("Float", _) => json!(number as f64 + 0.25),
            ("Boolean", _) => json!(seed.is_multiple_of(2)),
            ("Json", _) => match seed % 4 {
                0 => json!({ "b": [1, { "a": null }], "a": number }),
                1 => json!([number, "x"]),
                2 => json!(number as f64 + 0.5),
                _ => json!("solo"),
            },
            (_, Some(ty)) if ty.kind == Kind::Enum => json!(ty.members[seed % ty.members.len()]),
            _ => match seed % 9 {
                0 => json!(format!("\"{number}\" \\ è\n\u{1F600}")),
                1 => json!(""),
                _ => json!(format!("t{number}")),
            },
        }
    }

    /// Arguments in one form, whoever coerced them: declared order, defaults, lists around single items.
    fn canonical_arguments(
        &self,
        defs: &indexmap::IndexMap<String, Argument>,
        given: &Map<String, Value>,
    ) -> String {
        let mut out = Map::new();
        for (name, argument) in defs {
            let default = argument.default.as_ref().map(|(_, value)| value);
            if let Some(value) = given.get(name).or(default) {
                out.insert(name.clone(), self.canonical(&argument.ty, value));
            }
        }
        Value::Object(out).to_string()
    }

    fn canonical(&self, ty: &Ty, value: &Value) -> Value {
        match (ty, value) {
            (_, Value::Null) => Value::Null,
            (Ty::List(item, _), Value::Array(items)) => {
                items.iter().map(|one| self.canonical(item, one)).collect()
            }
            (Ty::List(item, _), one) => Value::Array(vec![self.canonical(item, one)]),
            (Ty::Named(name, _), value) => match (name.as_str(), value, self.graph.types.get(name)) {
                ("Float", Value::Number(number), _) => json!(number.as_f64()),
                ("ID", Value::Number(number), _) => json!(number.to_string()),
                (_, Value::Object(given), Some(ty)) if ty.kind == Kind::Input => {
                    let mut out = Map::new();
                    for (name, field) in &ty.fields {
                        let default = field.default.as_ref().map(|(_, value)| value);
                        if let Some(value) = given.get(name).or(default) {
                            out.insert(name.clone(), self.canonical(&field.ty, value));
                        }
                    }
                    Value::Object(out)
                }
                _ => value.clone(),
            },
        }
    }
}

impl Known {
    fn of(graph: &Graph, ty: &str, field: &str, def: &FieldDef, needed: bool) -> Self {
        let resolvers = graph.resolvers(ty, field);
        let mut strictest = def.ty.clone();
        let mut alike = true;
        for source in &graph.sources {
            if let Some(part) = source.types.get(ty).and_then(|piece| piece.fields.get(field)) {
                alike &= part.ty == def.ty;
                strictest = strictest.strictest(&part.ty);
            }
        }
        let own = matches!(def.role, Role::Plain | Role::Requires(_));
        let may_fail = own && alike && !(needed && strictest.is_non_null());
        let forgetful = match resolvers.as_slice() {
            [only] if own => {
                let piece = graph.sources[*only].types.get(ty);
                piece.is_some_and(|piece| piece.forgets).then_some(*only)
            }
            _ => None,
        };
        Self { ty: strictest, resolvers, may_fail, forgetful }
    }
}

/// The types that requirements lead through, and those that a failure could go up from to them. What a client and a requirement want of
/// one field is asked in one call: where the client's part fails, the requirement's is lost with it, and the data isn't the whole's.
fn fragile(graph: &Graph) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (ty, field) in needed(graph) {
        let def = graph.types.get(&ty).and_then(|ty| ty.fields.get(&field));
        found.extend(def.map(|def| graph.possible(def.ty.inner())).unwrap_or_default());
    }
    loop {
        let before = found.len();
        for name in found.clone() {
            let fields = graph.types.get(&name).into_iter().flat_map(|ty| ty.fields.values());
            let strict = fields.filter(|def| def.ty.is_non_null());
            found.extend(strict.flat_map(|def| graph.possible(def.ty.inner())).collect::<Vec<_>>());
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The fields that some field set names.
pub(crate) fn needed(graph: &Graph) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for source in &graph.sources {
        for (ty, piece) in &source.types {
            for part in piece.fields.values() {
                add(graph, ty, &part.requires, &mut found);
                add(graph, part.ty.inner(), &part.provides, &mut found);
            }
        }
    }
    found
}

fn add(graph: &Graph, ty: &str, picks: &[Pick], found: &mut BTreeSet<(String, String)>) {
    for pick in picks {
        let on = pick.on.as_deref().unwrap_or(ty);
        for own in graph.possible(on) {
            found.insert((own.clone(), pick.name.clone()));
            let def = graph.types.get(&own).and_then(|ty| ty.fields.get(&pick.name));
            if let Some(def) = def {
                add(graph, def.ty.inner(), &pick.below, found);
            }
        }
    }
}
