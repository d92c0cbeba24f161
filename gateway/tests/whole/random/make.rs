//! A random graph: a seed in, a graph split over two to five sources out. Made so that it composes; whether it does is composition's to say.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::dice::Dice;
use super::model::{Argument, FieldDef, Graph, Kind, Part, Pick, Piece, Role, Source, Ty, TypeDef};

/// Names of fields, the same in all types, so that they collide.
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A key, and the fields that it is made of.
type KeyKind = (Vec<Pick>, Vec<(&'static str, Ty, Role)>);

/// A graph in the making.
pub(crate) struct Maker {
    pub(crate) dice: Dice,
    pub(crate) graph: Graph,
    /// Sources that have an entity for its fields' sake, not only to name it.
    pub(crate) holders: BTreeMap<String, Vec<usize>>,
    /// Of an interface that is an entity: who knows its types, and who has it as an object.
    pub(crate) known_by: BTreeMap<String, (usize, Vec<usize>)>,
    /// Sources differ in what can be null.
    pub(crate) mixed: bool,
}

/// The graph of a seed.
pub(crate) fn graph(seed: u64) -> Graph {
    let mut dice = Dice::new(seed);
    let mixed = dice.chance(25);
    let old = dice.chance(20);
    let count = 2 + dice.roll(4);
    let sources = ["alfa", "beta", "gamma", "delta", "epsilon"][..count].iter();
    let sources = sources.map(|name| Source {
        name: (*name).to_owned(),
        v1: old && dice.chance(50),
        types: IndexMap::new(),
    });
    let sources: Vec<Source> = sources.collect();
    let faults = !mixed && dice.chance(50);
    let graph = Graph { seed, types: IndexMap::new(), sources, faults };
    let mut maker = Maker { dice, graph, holders: BTreeMap::new(), known_by: BTreeMap::new(), mixed };
    maker.leaves();
    maker.names();
    maker.entities();
    maker.interface_object();
    maker.abstracts();
    maker.values();
    maker.own_fields();
    maker.roots();
    maker.mutations();
    maker.features();
    maker.finish();
    maker.graph
}

impl Maker {
    fn leaves(&mut self) {
        for name in ["Data", "Json"] {
            self.graph.types.insert(name.to_owned(), TypeDef::new(Kind::Scalar));
        }
        for (name, values) in
            [("Stato", &["APERTO", "CHIUSO", "SOSPESO"][..]), ("Lato", &["NORD", "SUD"][..])]
        {
            let members = values.iter().map(|value| (*value).to_owned()).collect();
            self.graph.types.insert(name.to_owned(), TypeDef { members, ..TypeDef::new(Kind::Enum) });
        }
        for number in 0..2 {
            let mut ty = TypeDef::new(Kind::Input);
            for name in &NAMES[..2 + self.dice.roll(3)] {
                let own = self.input_type(number);
                let default = self.dice.chance(35).then(|| self.literal(&own, 1));
                let required = own.is_non_null() && default.is_none() && self.dice.chance(50);
                let own = if required || default.is_some() { own } else { nullable(&own) };
                ty.fields.insert((*name).to_owned(), FieldDef { default, ..FieldDef::new(own, Role::Plain) });
            }
            self.graph.types.insert(format!("Dato{number}"), ty);
        }
    }

    /// Of what kind composite types are, before any has fields.
    fn names(&mut self) {
        for number in 0..2 + self.dice.roll(3) {
            self.graph.types.insert(format!("T{number}"), TypeDef::new(Kind::Object));
        }
        for number in 0..1 + self.dice.roll(3) {
            let mut ty = TypeDef::new(Kind::Object);
            let sources: Vec<usize> = (0..self.graph.sources.len()).collect();
            if self.dice.chance(30) {
                ty.split = self.dice.some(&sources, 2);
            }
            self.graph.types.insert(format!("V{number}"), ty);
        }
    }

    pub(crate) fn named(&self, first: char) -> Vec<String> {
        let own = |name: &&String| name.starts_with(first) && name[1..].parse::<usize>().is_ok();
        self.graph.types.keys().filter(own).cloned().collect()
    }

    fn entities(&mut self) {
        for name in self.named('T') {
            let others: Vec<String> = self.named('T').into_iter().filter(|other| *other < name).collect();
            self.key_kinds(&name, &others);
            let all: Vec<usize> = (0..self.graph.sources.len()).collect();
            let least = if self.dice.chance(80) { 2 } else { 1 };
            let holders = self.dice.some(&all, least);
            self.hold(&name, &holders);
        }
    }

    fn key_kinds(&mut self, name: &str, others: &[String]) {
        let mut kinds: Vec<KeyKind> = Vec::new();
        let id = ["ID", "String", "Int"][self.dice.roll(3)];
        kinds.push((vec![Pick::leaf("id")], vec![("id", Ty::named(id, true), Role::Key)]));
        kinds.push((vec![Pick::leaf("codice")], vec![("codice", Ty::named("Int", true), Role::Key)]));
        kinds.push((
            vec![Pick::leaf("meta"), Pick::leaf("lato")],
            vec![
                ("meta", Ty::named("Int", true), Role::Half(0)),
                ("lato", Ty::named("String", true), Role::Half(1)),
            ],
        ));
        let with_id: Vec<&String> =
            others.iter().filter(|other| self.graph.types[*other].fields.contains_key("id")).collect();
        if let Some(other) = self.dice.pick(&with_id) {
            let picks = vec![Pick::nested("perno", vec![Pick::leaf("id")])];
            kinds.push((picks, vec![("perno", Ty::named(other, true), Role::Same)]));
        }
        let mut chosen = self.dice.shuffled(&kinds);
        chosen.truncate(1 + self.dice.roll(3));
        if self.dice.chance(50) && !chosen.iter().any(|(key, _)| *key == kinds[0].0) {
            chosen[0] = kinds[0].clone();
        }
        let ty = &mut self.graph.types[name];
        for (key, fields) in chosen {
            ty.keys.push(key);
            for (field, own, role) in fields {
                ty.fields.insert(field.to_owned(), FieldDef::new(own, role));
            }
        }
    }

    /// Holders chained by keys: each shares one with a holder before it.
    pub(crate) fn hold(&mut self, name: &str, holders: &[usize]) {
        let kinds: Vec<usize> = (0..self.graph.types[name].keys.len()).collect();
        let mut open: Vec<usize> = Vec::new();
        for source in self.dice.shuffled(holders) {
            let first = *self.dice.pick(if open.is_empty() { &kinds } else { &open }).unwrap();
            let mut own = vec![first];
            if self.dice.chance(40) {
                own.extend(self.dice.pick(&kinds).filter(|kind| **kind != first).copied());
            }
            open.extend(own.iter().copied());
            let mut piece = Piece::new(Kind::Object);
            piece.extends = self.graph.sources[source].v1 && self.dice.chance(50);
            self.graph.sources[source].types.insert(name.to_owned(), piece);
            for kind in own {
                self.give_key(source, name, kind, true);
            }
        }
        self.holders.insert(name.to_owned(), holders.to_vec());
    }

    /// A piece gets a key, with its fields.
    pub(crate) fn give_key(&mut self, source: usize, name: &str, kind: usize, resolvable: bool) {
        let key = self.graph.types[name].keys[kind].clone();
        for pick in &key {
            let ty = self.graph.types[name].fields[&pick.name].ty.clone();
            let mut part = Part::new(&ty);
            let piece = &self.graph.sources[source].types[name];
            part.external = piece.extends && pick.below.is_empty() && self.dice.chance(70);
            if let Some(below) = pick.below.first() {
                self.ensure(source, ty.inner());
                self.give_shared(source, ty.inner(), &below.name);
            }
            let piece = &mut self.graph.sources[source].types[name];
            piece.fields.entry(pick.name.clone()).or_insert(part);
        }
        self.graph.sources[source].types[name].keys.push((key, resolvable));
    }

    /// A piece gets a field that others have too.
    pub(crate) fn give_shared(&mut self, source: usize, name: &str, field: &str) {
        let ty = self.graph.types[name].fields[field].ty.clone();
        let part = Part { shareable: true, ..Part::new(&ty) };
        self.graph.sources[source].types[name].fields.entry(field.to_owned()).or_insert(part);
        self.ensure(source, ty.inner());
    }

    fn abstracts(&mut self) {
        let objects: Vec<String> = self
            .named('T')
            .into_iter()
            .chain(self.named('V').into_iter().filter(|name| self.graph.types[name].split.is_empty()))
            .collect();
        for number in 0..self.dice.roll(3) {
            let before = format!("I{}", number as i64 - 1);
            let above = self.graph.types.contains_key(&before) && self.dice.chance(40);
            let among = if above { self.graph.possible(&before) } else { objects.clone() };
            let mut members = self.dice.some(&among, 1);
            members.truncate(3);
            self.interface(&format!("I{number}"), &members, above.then_some(before));
        }
        for number in 0..self.dice.roll(3) {
            let mut members = self.dice.some(&objects, 1);
            members.truncate(3);
            if self.dice.chance(25) {
                self.hide_type();
                members.push("H0".into());
            }
            self.graph.types.insert(format!("U{number}"), TypeDef { members, ..TypeDef::new(Kind::Union) });
        }
    }

    /// A type that clients don't see.
    fn hide_type(&mut self) {
        let mut ty = TypeDef::new(Kind::Object);
        ty.fields.insert("a".into(), FieldDef::new(Ty::named("String", false), Role::Plain));
        self.graph.types.insert("H0".into(), ty);
    }

    /// An interface has one field that all pieces of its types have, those of the interface above, and some that are where they are.
    fn interface(&mut self, name: &str, members: &[String], above: Option<String>) {
        let mut ty = TypeDef::new(Kind::Interface);
        if let Some(above) = &above {
            ty.fields = self.graph.types[above].fields.clone();
            ty.implements.push(above.clone());
        }
        let common = Ty::named(["String", "Stato", "Int"][self.dice.roll(3)], self.dice.chance(30));
        ty.fields.insert(format!("n{name}"), FieldDef::new(common, Role::Common));
        for number in 0..self.dice.roll(3) {
            let inner = self.any_leaf_or(&["V", "T", "I"], 40);
            let ty_of = self.wrapped(&inner);
            ty.fields.insert(format!("x{name}{number}"), FieldDef::new(ty_of, Role::Plain));
        }
        let fields = ty.fields.clone();
        self.graph.types.insert(name.to_owned(), ty);
        for member in members {
            let def = &mut self.graph.types[member];
            def.implements.push(name.to_owned());
            for (field, template) in &fields {
                def.fields.entry(field.clone()).or_insert_with(|| template.clone());
            }
        }
        for (field, _) in fields.iter().filter(|(_, template)| template.role == Role::Common) {
            for (source, member) in self.pieces_of(members) {
                self.give_shared(source, &member, field);
            }
        }
    }

    fn pieces_of(&self, types: &[String]) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (at, source) in self.graph.sources.iter().enumerate() {
            let own = types.iter().filter(|name| source.types.contains_key(*name));
            found.extend(own.map(|name| (at, name.clone())));
        }
        found
    }

    fn values(&mut self) {
        for name in self.named('V') {
            let split = self.graph.types[&name].split.clone();
            if split.is_empty() {
                for field in &NAMES[..1 + self.dice.roll(3)] {
                    let inner = self.any_leaf_or(&["V", "T"], 25);
                    let ty = self.wrapped(&inner);
                    let def = self.with_arguments(FieldDef::new(ty, Role::Plain), 15);
                    self.graph.types[&name].fields.insert((*field).to_owned(), def);
                }
                continue;
            }
            for source in &split {
                self.graph.sources[*source].types.insert(name.clone(), Piece::new(Kind::Object));
            }
            let mut wanted: Vec<Vec<usize>> = split.iter().map(|source| vec![*source]).collect();
            wanted.push(self.dice.some(&split, 1));
            for (field, sources) in NAMES.iter().zip(wanted) {
                let inner = self.any_leaf_or(&["T"], 15);
                let ty = self.wrapped(&inner);
                let def = self.with_arguments(FieldDef::new(ty, Role::Plain), 15);
                self.add_field(&name, field, def, &sources, true);
            }
        }
    }

    fn own_fields(&mut self) {
        for name in self.named('T').into_iter().chain(self.named('M')) {
            let holders = self.holders[&name].clone();
            let templates: Vec<(String, FieldDef)> = self.graph.types[&name]
                .fields
                .iter()
                .filter(|(_, def)| def.role == Role::Plain && !name.starts_with('M'))
                .map(|(field, def)| (field.clone(), def.clone()))
                .collect();
            for (field, mut def) in templates {
                let sources = self.resolving(&holders);
                // apollo-compiler 1.33 completes a value by the type of the field that is selected, an interface's, where the specification
                // ("Executing Fields") has the object's own: no failure must go up through one that is stricter.
                if !self.graph.faults && self.dice.chance(30) {
                    def.ty = non_null(&def.ty);
                }
                self.add_field(&name, &field, def, &sources, sources.len() > 1);
            }
            for field in &NAMES[..1 + self.dice.roll(5)] {
                let sources = self.resolving(&holders);
                let Some(inner) = self.any_of(&sources, 50) else { continue };
                let ty = self.wrapped(&inner);
                let def = self.with_arguments(FieldDef::new(ty, Role::Plain), 25);
                self.add_field(&name, field, def, &sources, sources.len() > 1);
            }
        }
    }

    fn resolving(&mut self, holders: &[usize]) -> Vec<usize> {
        if self.dice.chance(25) {
            return self.dice.some(holders, 1);
        }
        self.dice.pick(holders).copied().into_iter().collect()
    }

    fn roots(&mut self) {
        self.graph.types.insert("Query".into(), TypeDef::new(Kind::Object));
        let mut number = 0;
        let mut next = || {
            number += 1;
            format!("r{number}")
        };
        for source in 0..self.graph.sources.len() {
            for _ in 0..self.dice.roll(4) {
                let sources = if self.dice.chance(80) { vec![source] } else { self.resolving(&[source]) };
                let Some(inner) = self.any_of(&sources, 85) else { continue };
                let ty = self.wrapped(&inner);
                let def = self.with_arguments(FieldDef::new(ty, Role::Plain), 40);
                self.add_field("Query", &next(), def, &sources, false);
            }
        }
        let all: Vec<usize> = (0..self.graph.sources.len()).collect();
        for _ in 0..self.dice.roll(3) {
            let sources = self.dice.some(&all, 2);
            let Some(inner) = self.any_of(&sources, 85) else { continue };
            let ty = self.wrapped(&inner);
            let def = self.with_arguments(FieldDef::new(ty, Role::Plain), 40);
            self.add_field("Query", &next(), def, &sources, true);
        }
        for name in self.named('T') {
            if let Some(source) = self.dice.pick(&self.holders[&name].clone()).copied() {
                let ty = self.wrapped(&name);
                self.add_field("Query", &next(), FieldDef::new(ty, Role::Plain), &[source], false);
            }
        }
        for name in self.named('V').into_iter().chain(self.named('N')) {
            let split = self.graph.types[&name].split.clone();
            let (defining, objects) = self.known_by.get(&name).cloned().unwrap_or_default();
            let among = if self.dice.chance(50) { objects } else { vec![defining] };
            let sources = if split.is_empty() { self.dice.some(&among, 1) } else { split };
            let shared = sources.len() > 1;
            if self.graph.types[&name].kind == Kind::Interface || shared {
                let ty = self.wrapped(&name);
                self.add_field("Query", &next(), FieldDef::new(ty, Role::Plain), &sources, shared);
            }
        }
    }

    fn mutations(&mut self) {
        if self.dice.chance(50) {
            return;
        }
        self.graph.types.insert("Mutation".into(), TypeDef::new(Kind::Object));
        let all: Vec<usize> = (0..self.graph.sources.len()).collect();
        let mut number = 0;
        for source in self.dice.some(&all, 1) {
            for _ in 0..1 + self.dice.roll(2) {
                number += 1;
                let counts = self.dice.chance(50);
                let inner = if counts { Some("Int".to_owned()) } else { self.any_of(&[source], 80) };
                let Some(inner) = inner else { continue };
                let (ty, role) = match counts {
                    true => (Ty::named(&inner, self.dice.chance(50)), Role::Count),
                    false => (self.wrapped(&inner), Role::Plain),
                };
                let def = self.with_arguments(FieldDef::new(ty, role), 40);
                self.add_field("Mutation", &format!("m{number}"), def, &[source], false);
            }
        }
    }

    /// A definition with arguments, so often.
    pub(crate) fn with_arguments(&mut self, mut def: FieldDef, percent: usize) -> FieldDef {
        if !self.dice.chance(percent) {
            return def;
        }
        for name in ["x", "y", "z"].iter().take(1 + self.dice.roll(3)) {
            let ty = self.input_type(2);
            let default = self.dice.chance(30).then(|| self.literal(&ty, 1));
            def.arguments.insert((*name).to_owned(), Argument { ty, default });
        }
        def
    }
}

pub(crate) fn nullable(ty: &Ty) -> Ty {
    match ty {
        Ty::Named(name, _) => Ty::Named(name.clone(), false),
        Ty::List(item, _) => Ty::List(item.clone(), false),
    }
}

pub(crate) fn non_null(ty: &Ty) -> Ty {
    match ty {
        Ty::Named(name, _) => Ty::Named(name.clone(), true),
        Ty::List(item, _) => Ty::List(item.clone(), true),
    }
}
