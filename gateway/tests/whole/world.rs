//! The whole graph's data, invented from its supergraph alone: a few records of every type, every field of every record with one
//! value that depends on nothing but the record and the field. What a source may say of it is read off the join directives.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::Type;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use apollo_compiler::{ExecutableDocument, Schema, executable as exe};
use serde_json::{Map, Value, json};

/// Records of each type.
const RECORDS: usize = 3;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) ty: String,
    pub(crate) index: usize,
}

/// A value of the whole graph.
pub(crate) enum Whole {
    Leaf(Value),
    Record(Record),
    List(Vec<Whole>),
}

/// The whole graph.
pub(crate) struct World {
    schema: Schema,
    possible: BTreeMap<String, Vec<String>>,
}

impl World {
    pub(crate) fn new(supergraph: &str) -> Self {
        let schema =
            Schema::builder().adopt_orphan_extensions().parse(supergraph, "supergraph.graphql").build();
        let schema = schema.unwrap_or_else(|errors| errors.partial);
        let mut possible: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, ty) in &schema.types {
            match ty {
                ExtendedType::Object(object) => {
                    possible.entry(name.to_string()).or_default().push(name.to_string());
                    for interface in &object.implements_interfaces {
                        possible.entry(interface.to_string()).or_default().push(name.to_string());
                    }
                }
                ExtendedType::Union(union) => {
                    possible
                        .entry(name.to_string())
                        .or_default()
                        .extend(union.members.iter().map(ToString::to_string));
                }
                _ => {}
            }
        }
        Self { schema, possible }
    }

    /// The root record of an operation.
    pub(crate) fn root(&self, operation: exe::OperationType) -> Record {
        Record { ty: self.schema.root_operation(operation).unwrap().to_string(), index: 0 }
    }

    /// Every record of a type.
    pub(crate) fn records(&self, ty: &str) -> Vec<Record> {
        let types = self.possible.get(ty).cloned().unwrap_or_default();
        types
            .into_iter()
            .flat_map(|ty| (0..RECORDS).map(move |index| Record { ty: ty.clone(), index }))
            .collect()
    }

    /// A field's value; a null where no type is one that every source of the field knows.
    pub(crate) fn value(&self, record: &Record, field: &str) -> Whole {
        let definition = self.field(&record.ty, field).unwrap_or_else(|| panic!("{}.{field}", record.ty));
        let graphs = self.graphs_of(&record.ty, definition);
        self.make(&definition.ty, record, field, &graphs, 0)
    }

    fn field(&self, ty: &str, field: &str) -> Option<&FieldDefinition> {
        match self.schema.types.get(ty)? {
            ExtendedType::Object(object) => object.fields.get(field).map(|field| &***field),
            ExtendedType::Interface(interface) => interface.fields.get(field).map(|field| &***field),
            _ => None,
        }
    }

    fn make(
        &self,
        ty: &Type,
        record: &Record,
        field: &str,
        graphs: &BTreeSet<String>,
        place: usize,
    ) -> Whole {
        let seed = hash(&format!("{}/{}/{field}/{place}", record.ty, record.index));
        match ty {
            Type::List(item) | Type::NonNullList(item) => {
                let items =
                    (0..seed % 3).map(|at| self.make(item, record, field, graphs, place * 7 + at + 1));
                Whole::List(items.collect())
            }
            Type::Named(name) | Type::NonNullNamed(name) => match self.possible.get(name.as_str()) {
                Some(types) => {
                    let known: Vec<&String> = types
                        .iter()
                        .filter(|ty| graphs.iter().all(|graph| self.knows(graph, name, ty)))
                        .collect();
                    match known.is_empty() {
                        true => Whole::Leaf(Value::Null),
                        false => Whole::Record(Record {
                            ty: known[seed % known.len()].clone(),
                            index: seed / 7 % RECORDS,
                        }),
                    }
                }
                None => Whole::Leaf(self.leaf(name, record, field, seed)),
            },
        }
    }

    fn leaf(&self, named: &str, record: &Record, field: &str, seed: usize) -> Value {
        match (named, self.schema.types.get(named)) {
            ("Int", _) => json!(record.index * 1_000 + seed % 1_000),
            ("Float", _) => json!((record.index * 1_000 + seed % 1_000) as f64 + 0.5),
            ("Boolean", _) => json!(seed.is_multiple_of(2)),
            (_, Some(ExtendedType::Enum(values))) => {
                let visible: Vec<_> =
                    values.values.values().filter(|value| !value.directives.has("inaccessible")).collect();
                json!(visible[seed % visible.len()].value.as_str())
            }
            _ => json!(format!("{field} \"{}\" {}", record.index, seed % 99_991)),
        }
    }

    /// Whether a source can give a record of `ty` where `of` is declared.
    fn knows(&self, graph: &str, of: &str, ty: &str) -> bool {
        let stands_for = |directive: &str, argument: &str, at: &str, value: &str| {
            self.arguments(at, directive).iter().any(|found| {
                found.get("graph").is_some_and(|own| own == graph)
                    && found.get(argument).is_some_and(|own| own == value)
            })
        };
        let is_interface_object = stands_for("join__type", "isInterfaceObject", of, "true");
        let defined = self.arguments(ty, "join__type").iter().any(|found| found["graph"] == graph);
        let belongs = of == ty
            || stands_for("join__implements", "interface", ty, of)
            || stands_for("join__unionMember", "member", of, ty);
        is_interface_object || (defined && belongs)
    }

    /// What a source calls a record: an interface object has its interface's name.
    pub(crate) fn name_in(&self, graph: &str, declared: &str, record: &Record) -> String {
        let objects = self.arguments(declared, "join__type");
        let is_object = objects.iter().any(|found| {
            found["graph"] == graph && found.get("isInterfaceObject").is_some_and(|value| value == "true")
        });
        if is_object { declared.to_owned() } else { record.ty.clone() }
    }

    /// The sources that can resolve a field.
    fn graphs_of(&self, ty: &str, field: &FieldDefinition) -> BTreeSet<String> {
        let joined: Vec<_> = field.directives.get_all("join__field").collect();
        let of_field = joined.iter().filter_map(|found| {
            let external = found.specified_argument_by_name("external").and_then(|value| value.to_bool());
            (external != Some(true)).then_some(())?;
            found.specified_argument_by_name("graph").map(|graph| plain(graph))
        });
        let of_field: BTreeSet<String> = of_field.collect();
        match of_field.is_empty() {
            false => of_field,
            true => self.arguments(ty, "join__type").iter().map(|found| found["graph"].clone()).collect(),
        }
    }

    fn arguments(&self, ty: &str, directive: &str) -> Vec<BTreeMap<String, String>> {
        let Some(ty) = self.schema.types.get(ty) else { return Vec::new() };
        ty.directives()
            .get_all(directive)
            .map(|found| {
                found
                    .arguments
                    .iter()
                    .map(|argument| (argument.name.to_string(), plain(&argument.value)))
                    .collect()
            })
            .collect()
    }

    /// Whether a record agrees with a representation in everything that it says.
    pub(crate) fn agrees(&self, whole: &Whole, given: &Value) -> bool {
        match (whole, given) {
            (Whole::Leaf(own), given) => own == given,
            (Whole::List(own), Value::Array(given)) => {
                own.len() == given.len() && own.iter().zip(given).all(|(own, given)| self.agrees(own, given))
            }
            (Whole::Record(own), Value::Object(given)) => given
                .iter()
                .all(|(name, value)| name == "__typename" || self.agrees(&self.value(own, name), value)),
            _ => false,
        }
    }

    /// What the client must get: a plain walk over the data.
    pub(crate) fn expected(
        &self,
        document: &ExecutableDocument,
        set: &exe::SelectionSet,
        record: &Record,
        into: &mut Map<String, Value>,
    ) {
        for selection in &set.selections {
            match selection {
                exe::Selection::Field(field) if field.name == "__typename" => {
                    into.insert(field.response_key().to_string(), json!(record.ty));
                }
                exe::Selection::Field(field) => {
                    let key = field.response_key().to_string();
                    let so_far = into.get(&key).cloned();
                    let value =
                        self.shown(document, &field.selection_set, &self.value(record, &field.name), so_far);
                    into.insert(key, value);
                }
                exe::Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref();
                    if on.is_none_or(|on| self.is(on, &record.ty)) {
                        self.expected(document, &fragment.selection_set, record, into);
                    }
                }
                exe::Selection::FragmentSpread(spread) => {
                    let fragment = &document.fragments[&spread.fragment_name];
                    if self.is(fragment.type_condition(), &record.ty) {
                        self.expected(document, &fragment.selection_set, record, into);
                    }
                }
            }
        }
    }

    fn shown(
        &self,
        document: &ExecutableDocument,
        set: &exe::SelectionSet,
        whole: &Whole,
        so_far: Option<Value>,
    ) -> Value {
        match whole {
            Whole::Leaf(leaf) => leaf.clone(),
            Whole::List(items) => {
                let before = so_far.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
                let shown = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.shown(document, set, item, before.get(at).cloned()));
                Value::Array(shown.collect())
            }
            Whole::Record(record) => {
                let mut fields = so_far.and_then(|value| value.as_object().cloned()).unwrap_or_default();
                self.expected(document, set, record, &mut fields);
                Value::Object(fields)
            }
        }
    }

    fn is(&self, condition: &str, ty: &str) -> bool {
        self.possible.get(condition).is_some_and(|types| types.iter().any(|own| own == ty))
    }
}

fn plain(value: &apollo_compiler::ast::Value) -> String {
    match (value.as_enum(), value.as_str()) {
        (Some(name), _) => name.to_string(),
        (_, Some(text)) => text.to_owned(),
        _ => value.to_string(),
    }
}

/// FNV-1a: the same on every machine.
pub(crate) fn hash(text: &str) -> usize {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (folded >> 20) as usize
}
