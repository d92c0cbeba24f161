//! From a supergraph's join directives to a [`Federation`].

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, Type};
use apollo_compiler::parser::Parser;
use apollo_compiler::schema::{DirectiveList, ExtendedType, FieldDefinition};
use raccordo_connector_api::TypeNames;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;

use super::{Federation, FieldIn, FieldInfo, FieldSet, Key, Overrides, Source, TypeId, TypeIn, TypeInfo};

impl Federation {
    /// Reads a supergraph. `types` numbers its composite types; `index_of` finds a source by its name.
    pub(crate) fn new(
        supergraph: &Schema,
        types: &TypeNames,
        index_of: impl Fn(&str) -> Option<usize>,
    ) -> Self {
        let mut by_graph = FxHashMap::default();
        let mut by_name = FxHashMap::default();
        for value in supergraph.get_enum("join__Graph").into_iter().flat_map(|graphs| graphs.values.values())
        {
            let named = value.directives.get("join__graph").and_then(|directive| text(directive, "name"));
            let name = named.unwrap_or(value.value.as_str());
            let Some(source) = index_of(name).and_then(|index| Source::try_from(index).ok()) else {
                continue;
            };
            by_graph.insert(Name::from(value.value.as_str()), source);
            by_name.insert(Name::from(name), source);
        }
        let mut reading = Reading {
            types,
            by_graph,
            by_name,
            implementing: implementing(supergraph, types),
            sets: FxHashMap::default(),
            labels: Vec::new(),
        };
        let mut infos: Vec<TypeInfo> = Vec::with_capacity(types.len());
        for id in 0..types.len() as TypeId {
            let definition = types.name(id).and_then(|name| supergraph.types.get(&**name));
            infos.push(definition.map(|definition| reading.ty(id, definition)).unwrap_or_default());
        }
        for root in [
            &supergraph.schema_definition.query,
            &supergraph.schema_definition.mutation,
            &supergraph.schema_definition.subscription,
        ] {
            let info = root.as_ref().and_then(|name| infos.get_mut(types.id(name)? as usize));
            info.into_iter().for_each(|info| info.is_root = true);
        }
        let labels = reading.labels;
        let mut federation = Self { types: infos, labels };
        stand_for_all(&mut federation, supergraph, types);
        federation
    }
}

/// An interface object may stand for every object type that implements its interface anywhere.
fn stand_for_all(federation: &mut Federation, supergraph: &Schema, types: &TypeNames) {
    let mut implementers: FxHashMap<TypeId, Vec<TypeId>> = FxHashMap::default();
    for (id, info) in federation.types.iter().enumerate() {
        let name = types.name(id as TypeId).and_then(|name| supergraph.types.get(&**name));
        if name.is_some_and(ExtendedType::is_object) {
            for interface in &info.interfaces {
                implementers.entry(*interface).or_default().push(id as TypeId);
            }
        }
    }
    for (id, info) in federation.types.iter_mut().enumerate() {
        for of in info.sources.iter_mut().filter(|of| of.interface_object) {
            let mut all = implementers.get(&(id as TypeId)).cloned().unwrap_or_default();
            all.push(id as TypeId);
            all.sort_unstable();
            of.possible = all.into();
        }
    }
}

/// The object types that implement each interface, anywhere.
type Implementing<'s> = FxHashMap<&'s str, Vec<(TypeId, &'s DirectiveList)>>;

fn implementing<'s>(supergraph: &'s Schema, types: &TypeNames) -> Implementing<'s> {
    let mut found = Implementing::default();
    for object in supergraph.types.values().filter_map(ExtendedType::as_object) {
        let Some(id) = types.id(&object.name) else { continue };
        for interface in &object.implements_interfaces {
            found.entry(interface.name.as_str()).or_default().push((id, &object.directives));
        }
    }
    found
}

struct Reading<'s> {
    implementing: Implementing<'s>,
    types: &'s TypeNames,
    by_graph: FxHashMap<Name, Source>,
    by_name: FxHashMap<Name, Source>,
    sets: FxHashMap<&'s str, Arc<FieldSet>>,
    labels: Vec<Name>,
}

impl<'s> Reading<'s> {
    fn ty(&mut self, id: TypeId, definition: &'s ExtendedType) -> TypeInfo {
        let mut info = TypeInfo::default();
        let directives = definition.directives().iter().map(|component| &***component);
        for directive in directives.clone().filter(|directive| directive.name == "join__type") {
            self.join_type(directive, &mut info.sources);
        }
        // The first join specification says nothing of types that everyone has.
        if info.sources.is_empty() {
            let mut all: Vec<Source> = self.by_graph.values().copied().collect();
            all.sort_unstable();
            info.sources = all.into_iter().map(type_in).collect();
        }
        let owner = directives.clone().find(|directive| directive.name == "join__owner");
        let owner = owner.and_then(|directive| self.graph(directive));
        for of in &mut info.sources {
            of.possible = self.possible(id, definition, of.source).into();
        }
        let fields = match definition {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => return info,
        };
        let implements = match definition {
            ExtendedType::Object(object) => &object.implements_interfaces,
            ExtendedType::Interface(interface) => &interface.implements_interfaces,
            _ => return info,
        };
        info.interfaces = implements.iter().filter_map(|name| self.types.id(name)).collect();
        for field in fields.values() {
            let mut read = self.field(field);
            if let Some(owner) = owner {
                owned(&mut read, owner, &field.name, &info.sources);
            }
            info.fields.insert(field.name.as_str().into(), read);
        }
        info
    }

    fn join_type(&mut self, directive: &'s Directive, sources: &mut Vec<TypeIn>) {
        let Some(source) = self.graph(directive) else { return };
        let index = sources.iter().position(|of| of.source == source).unwrap_or_else(|| {
            sources.push(type_in(source));
            sources.len() - 1
        });
        let key = text(directive, "key").and_then(|key| self.set(key));
        let Some(of) = sources.get_mut(index) else { return };
        of.interface_object |= flag(directive, "isInterfaceObject") == Some(true);
        if let Some(fields) = key {
            of.keys.push(Key { fields, resolvable: flag(directive, "resolvable") != Some(false) });
        }
    }

    /// The object types that a type can be in a source.
    fn possible(&self, id: TypeId, definition: &ExtendedType, source: Source) -> Vec<TypeId> {
        let mut possible: Vec<TypeId> = match definition {
            ExtendedType::Object(_) => vec![id],
            ExtendedType::Union(union) => {
                let here: Vec<&str> = self.here(&union.directives, "join__unionMember", "member", source);
                let says_nothing = union.directives.get("join__unionMember").is_none();
                let members = union.members.iter().map(|member| member.name.as_str());
                members
                    .filter(|name| says_nothing || here.contains(name))
                    .filter_map(|name| self.types.id(name))
                    .collect()
            }
            ExtendedType::Interface(interface) => self.implementers(&interface.name, source),
            _ => Vec::new(),
        };
        possible.sort_unstable();
        possible
    }

    fn implementers(&self, interface: &str, source: Source) -> Vec<TypeId> {
        let all = self.implementing.get(interface).into_iter().flatten();
        let here = all.filter(|(_, directives)| {
            let says = directives.get("join__implements").is_some();
            match says {
                true => self.here(directives, "join__implements", "interface", source).contains(&interface),
                false => self.is_in(directives, source),
            }
        });
        here.map(|(id, _)| *id).collect()
    }

    fn is_in(&self, directives: &DirectiveList, source: Source) -> bool {
        let mut joined = directives.get_all("join__type").peekable();
        joined.peek().is_none() || joined.any(|directive| self.graph(directive) == Some(source))
    }

    /// The values of an argument of those directives that name a source.
    fn here<'d>(
        &self,
        directives: &'d DirectiveList,
        name: &'d str,
        argument: &str,
        source: Source,
    ) -> Vec<&'d str> {
        let of_source = directives.get_all(name).filter(|directive| self.graph(directive) == Some(source));
        of_source.filter_map(|directive| text(directive, argument)).collect()
    }

    fn field(&mut self, field: &'s FieldDefinition) -> FieldInfo {
        let named = self.types.id(field.ty.inner_named_type());
        let mut directives = field.directives.get_all("join__field").peekable();
        if directives.peek().is_none() {
            return FieldInfo { named, joined: None };
        }
        let joined = directives.filter_map(|directive| self.join_field(directive, named)).collect();
        FieldInfo { named, joined: Some(joined) }
    }

    fn join_field(&mut self, directive: &'s Directive, named: Option<TypeId>) -> Option<FieldIn> {
        let ty = text(directive, "type").and_then(|text| Parser::new().parse_type(text, "type").ok());
        Some(FieldIn {
            source: self.graph(directive)?,
            external: flag(directive, "external") == Some(true),
            used_overridden: flag(directive, "usedOverridden") == Some(true),
            requires: text(directive, "requires").and_then(|set| self.set(set)),
            provides: text(directive, "provides").and_then(|set| self.set(set)),
            ty: ty.map(|ty: Type| {
                let named_here = self.types.id(ty.inner_named_type()).or(named);
                (ty, named_here)
            }),
            overrides: text(directive, "override").map(|from| Overrides {
                from: self.by_name.get(from).copied(),
                label: text(directive, "overrideLabel").map(|label| self.label(label)),
            }),
        })
    }

    fn label(&mut self, label: &str) -> usize {
        self.labels.iter().position(|own| **own == *label).unwrap_or_else(|| {
            self.labels.push(label.into());
            self.labels.len() - 1
        })
    }

    fn set(&mut self, text: &'s str) -> Option<Arc<FieldSet>> {
        if let Some(known) = self.sets.get(text) {
            return Some(Arc::clone(known));
        }
        let set = Arc::new(FieldSet::parse(text, self.types)?);
        self.sets.insert(text, Arc::clone(&set));
        Some(set)
    }

    fn graph(&self, directive: &Directive) -> Option<Source> {
        let value = directive.specified_argument_by_name("graph")?.as_enum()?;
        self.by_graph.get(value.as_str()).copied()
    }
}

/// The first join specification: what isn't said to be elsewhere is the owner's, and everyone has the fields of the keys it is entered by.
fn owned(field: &mut FieldInfo, owner: Source, name: &str, sources: &[TypeIn]) {
    let joined = field.joined.get_or_insert_with(|| vec![FieldIn { source: owner, ..FieldIn::default() }]);
    for of in sources {
        let is_key = of.keys.iter().any(|key| {
            key.fields
                .items
                .iter()
                .any(|item| matches!(item, super::SetItem::Field { name: own, .. } if **own == *name))
        });
        if is_key && !joined.iter().any(|other| other.source == of.source) {
            joined.push(FieldIn { source: of.source, ..FieldIn::default() });
        }
    }
}

fn type_in(source: Source) -> TypeIn {
    TypeIn { source, interface_object: false, keys: Vec::new(), possible: Arc::from([]) }
}

fn text<'d>(directive: &'d Directive, argument: &str) -> Option<&'d str> {
    directive.specified_argument_by_name(argument)?.as_str()
}

fn flag(directive: &Directive, argument: &str) -> Option<bool> {
    directive.specified_argument_by_name(argument)?.to_bool()
}
