//! Where things are: a field or a type and the sources that shall have it in, their pieces completed out, with all that they name.

use serde_json::{Value, json};

use super::make::{Maker, non_null};
use super::model::{FieldDef, Kind, Part, Piece, Role, Ty};

const LEAVES: [&str; 9] = ["String", "Int", "Float", "Boolean", "ID", "Data", "Json", "Stato", "String"];

impl Maker {
    /// A field of a type in the whole graph and in these sources.
    pub(crate) fn add_field(
        &mut self,
        parent: &str,
        field: &str,
        def: FieldDef,
        sources: &[usize],
        shareable: bool,
    ) {
        let possible = self.graph.possible(def.ty.inner());
        // What several sources give alike, all must know.
        let kind = self.graph.types.get(def.ty.inner()).map(|ty| ty.kind);
        let abstract_type = matches!(kind, Some(Kind::Interface | Kind::Union));
        let member = if abstract_type { self.dice.pick(&possible).cloned() } else { None };
        for source in sources {
            let piece = self.graph.sources[*source].types.entry(parent.to_owned());
            let piece = piece.or_insert_with(|| Piece::new(Kind::Object));
            let mut part = Part { shareable, ..Part::new(&def.ty) };
            part.requires = match &def.role {
                Role::Requires(picks) => picks.clone(),
                _ => Vec::new(),
            };
            piece.fields.insert(field.to_owned(), part);
            self.ensure(*source, def.ty.inner());
            if let Some(member) = &member {
                self.admit(*source, def.ty.inner(), member);
            }
            for argument in def.arguments.values() {
                self.ensure(*source, argument.ty.inner());
            }
        }
        self.graph.types[parent].fields.insert(field.to_owned(), def);
    }

    /// A source gets a type, with all that it needs.
    pub(crate) fn ensure(&mut self, source: usize, name: &str) {
        let Some(ty) = self.graph.types.get(name) else { return };
        if self.graph.sources[source].types.contains_key(name) {
            return;
        }
        let (kind, fields) = (ty.kind, ty.fields.clone());
        let (members, above) = (ty.members.clone(), ty.implements.clone());
        let is_entity = !ty.keys.is_empty();
        let mut piece = Piece::new(kind);
        piece.inaccessible = name.starts_with('H') && !self.graph.sources[source].v1;
        if matches!(kind, Kind::Enum) {
            piece.members = members.clone();
        }
        self.graph.sources[source].types.insert(name.to_owned(), piece);
        match kind {
            Kind::Scalar | Kind::Enum => {}
            Kind::Object if is_entity => self.stub(source, name, &fields),
            Kind::Input | Kind::Object => {
                for (field, def) in &fields {
                    let part = Part { shareable: kind == Kind::Object, ..Part::new(&def.ty) };
                    self.graph.sources[source].types[name].fields.insert(field.clone(), part);
                    self.ensure(source, def.ty.inner());
                    // All that have the type must know one and the same.
                    let possible = self.graph.possible(def.ty.inner());
                    if let Some(member) = possible.first().filter(|member| *member != def.ty.inner()) {
                        self.admit(source, def.ty.inner(), member);
                    }
                    for argument in def.arguments.values() {
                        self.ensure(source, argument.ty.inner());
                    }
                }
            }
            Kind::Interface => {
                above.iter().for_each(|above| self.ensure(source, above));
                let possible = self.graph.possible(name);
                for member in self.dice.some(&possible, 1) {
                    self.admit(source, name, &member);
                }
            }
            Kind::Union => {
                for member in self.dice.some(&members, 1) {
                    self.admit(source, name, &member);
                }
            }
        }
    }

    /// A source that only names an entity has one of its keys, and what its interfaces want of all.
    fn stub(&mut self, source: usize, name: &str, fields: &indexmap::IndexMap<String, FieldDef>) {
        let used: Vec<usize> = (0..self.graph.types[name].keys.len())
            .filter(|kind| {
                let key = &self.graph.types[name].keys[*kind];
                let has = |other: &super::model::Source| {
                    other.types.get(name).is_some_and(|piece| {
                        piece.keys.iter().any(|(own, resolvable)| own == key && *resolvable)
                    })
                };
                self.graph.sources.iter().any(has)
            })
            .collect();
        let Some(kind) = self.dice.pick(&used).copied() else { return };
        let v1 = self.graph.sources[source].v1;
        self.graph.sources[source].types[name].extends = v1;
        let resolvable = v1 || self.dice.chance(40);
        self.give_key(source, name, kind, resolvable);
        for (field, _) in fields.iter().filter(|(_, def)| def.role == Role::Common) {
            self.give_shared(source, name, field);
        }
    }

    /// A source's abstract type gets a member.
    pub(crate) fn admit(&mut self, source: usize, name: &str, member: &str) {
        if self.graph.sources[source].types.get(name).is_some_and(|piece| piece.interface_object) {
            return;
        }
        self.ensure(source, member);
        match self.graph.types[name].kind {
            Kind::Union => {
                let members = &mut self.graph.sources[source].types[name].members;
                if !members.iter().any(|own| own == member) {
                    members.push(member.to_owned());
                }
            }
            _ => {
                for above in std::iter::once(name.to_owned()).chain(self.graph.types[name].implements.clone())
                {
                    self.ensure(source, &above);
                    let implements = &mut self.graph.sources[source].types[member].implements;
                    if !implements.contains(&above) {
                        implements.push(above);
                    }
                }
            }
        }
    }

    /// The name of a type that all of these sources may give; composite so often.
    pub(crate) fn any_of(&mut self, sources: &[usize], composite: usize) -> Option<String> {
        if !self.dice.chance(composite) {
            return self.dice.pick(&LEAVES).map(|name| (*name).to_owned());
        }
        let fits = |name: &String| {
            let split = &self.graph.types[name].split;
            let interface_object = self.known_by.get(name);
            let known = |(defining, objects): &(usize, Vec<usize>)| {
                sources.iter().all(|source| source == defining || objects.contains(source))
            };
            (split.is_empty() || split == sources) && interface_object.is_none_or(known)
        };
        let mut names: Vec<String> =
            ['T', 'V', 'I', 'U', 'N'].iter().flat_map(|first| self.named(*first)).filter(fits).collect();
        names.extend(
            self.named('M')
                .into_iter()
                .filter(|name| sources.iter().all(|source| self.holders[name].contains(source))),
        );
        self.dice.pick(&names).cloned()
    }

    /// A leaf, or so often a type of these kinds.
    pub(crate) fn any_leaf_or(&mut self, kinds: &[&str], percent: usize) -> String {
        if self.dice.chance(percent) {
            let first = self.dice.pick(kinds).and_then(|kind| kind.chars().next()).unwrap_or('V');
            let names: Vec<String> = self
                .named(first)
                .into_iter()
                .filter(|name| self.graph.types[name].split.is_empty())
                .collect();
            if let Some(name) = self.dice.pick(&names) {
                return name.clone();
            }
        }
        LEAVES[self.dice.roll(LEAVES.len())].to_owned()
    }

    /// A type around a name.
    pub(crate) fn wrapped(&mut self, name: &str) -> Ty {
        let inner = Ty::named(name, self.dice.chance(30));
        let lists = [0, 0, 0, 1, 1, 1, 2][self.dice.roll(7)];
        (0..lists).fold(inner, |item, _| Ty::List(Box::new(item), self.dice.chance(30)))
    }

    /// An input type; input objects with a lower number than this.
    pub(crate) fn input_type(&mut self, below: usize) -> Ty {
        let objects: Vec<String> = (0..below).map(|number| format!("Dato{number}")).collect();
        let name = match self.dice.pick(&objects).filter(|_| self.dice.roll(4) == 0) {
            Some(name) => name.clone(),
            None => LEAVES[self.dice.roll(LEAVES.len())].to_owned(),
        };
        let inner = Ty::named(&name, self.dice.chance(25));
        let lists = [0, 0, 0, 0, 1, 2][self.dice.roll(6)];
        (0..lists).fold(inner, |item, _| Ty::List(Box::new(item), self.dice.chance(25)))
    }

    /// A constant of a type, as it is written and as JSON.
    pub(crate) fn literal(&mut self, ty: &Ty, depth: usize) -> (String, Value) {
        if !ty.is_non_null() && self.dice.chance(8) {
            return ("null".into(), Value::Null);
        }
        match ty {
            Ty::List(item, _) => {
                let items: Vec<(String, Value)> =
                    (0..self.dice.roll(3)).map(|_| self.literal(item, depth)).collect();
                let texts: Vec<&str> = items.iter().map(|(text, _)| text.as_str()).collect();
                (format!("[{}]", texts.join(", ")), items.iter().map(|(_, value)| value.clone()).collect())
            }
            Ty::Named(name, _) => self.named_literal(name, depth),
        }
    }

    fn named_literal(&mut self, name: &str, depth: usize) -> (String, Value) {
        let number = self.dice.roll(50) as i64 - 10;
        let value = match name {
            "Int" => json!(number),
            "Float" => json!(number as f64 + 0.5),
            "Boolean" => json!(number % 2 == 0),
            "Stato" => return ("APERTO".into(), json!("APERTO")),
            "Lato" => return ("SUD".into(), json!("SUD")),
            _ if self.graph.types.get(name).is_some_and(|ty| ty.kind == Kind::Input) => {
                return self.object_literal(name, depth);
            }
            _ => json!(format!("v{number}")),
        };
        (value.to_string(), value)
    }

    fn object_literal(&mut self, name: &str, depth: usize) -> (String, Value) {
        let (mut texts, mut object) = (Vec::new(), serde_json::Map::new());
        for (field, def) in self.graph.types[name].fields.clone() {
            let required = def.ty.is_non_null() && def.default.is_none();
            if required || depth > 0 && self.dice.chance(50) {
                let (text, value) = self.literal(&def.ty, depth.saturating_sub(1));
                texts.push(format!("{field}: {text}"));
                object.insert(field, value);
            }
        }
        (format!("{{{}}}", texts.join(", ")), Value::Object(object))
    }

    /// An interface that is an entity, known to one source and an object of others.
    pub(crate) fn interface_object(&mut self) {
        let free: Vec<usize> =
            (0..self.graph.sources.len()).filter(|at| !self.graph.sources[*at].v1).collect();
        if free.len() < 2 || !self.dice.chance(40) {
            return;
        }
        let order = self.dice.shuffled(&free);
        let (defining, rest) = (order[0], order[1..].to_vec());
        let objects = self.dice.some(&rest, 1);
        let others: Vec<usize> = rest.iter().copied().filter(|at| !objects.contains(at)).collect();
        let key = vec![super::model::Pick::leaf("id")];
        let mut whole = super::model::TypeDef::new(Kind::Interface);
        whole.keys.push(key.clone());
        whole.fields.insert("id".into(), FieldDef::new(Ty::named("ID", true), Role::Key));
        whole.fields.insert("nN0".into(), FieldDef::new(Ty::named("String", false), Role::Common));
        let mut piece = Piece::new(Kind::Interface);
        piece.keys.push((key.clone(), true));
        self.graph.sources[defining].types.insert("N0".into(), piece);
        for number in 0..1 + self.dice.roll(3) {
            let name = format!("M{number}");
            let mut def = super::model::TypeDef::new(Kind::Object);
            def.keys.push(key.clone());
            def.fields = whole.fields.clone();
            def.implements.push("N0".into());
            self.graph.types.insert(name.clone(), def);
            let mut holders = vec![defining];
            holders.extend(self.dice.some(&others, 0));
            self.hold(&name, &holders);
            for holder in &holders {
                self.give_shared(*holder, &name, "nN0");
            }
            self.graph.sources[defining].types[&name].implements.push("N0".into());
        }
        self.graph.types.insert("N0".into(), whole);
        for source in &objects {
            let mut piece = Piece::new(Kind::Object);
            piece.interface_object = true;
            piece.keys.push((key.clone(), true));
            piece.fields.insert("id".into(), Part::new(&Ty::named("ID", true)));
            self.graph.sources[*source].types.insert("N0".into(), piece);
        }
        self.known_by.insert("N0".into(), (defining, objects.clone()));
        for (number, source) in objects.iter().enumerate() {
            for letter in ["o", "p"].iter().take(1 + self.dice.roll(2)) {
                let inner = self.any_leaf_or(&["T"], 30);
                let ty = self.wrapped(&inner);
                let def = self.with_arguments(FieldDef::new(ty, Role::Plain), 20);
                let field = format!("{letter}{number}");
                self.add_for_all("N0", &field, def, *source);
            }
        }
    }

    /// A field that an interface object gives to all the interface's types.
    pub(crate) fn add_for_all(&mut self, interface: &str, field: &str, def: FieldDef, source: usize) {
        for member in self.graph.possible(interface) {
            self.graph.types[&member].fields.insert(field.to_owned(), def.clone());
        }
        self.add_field(interface, field, def, &[source], false);
    }

    /// What sources say stricter than the graph does.
    pub(crate) fn stricter(&mut self) {
        if !self.mixed {
            return;
        }
        for (name, ty) in self.graph.types.clone() {
            for (field, def) in ty.fields.iter().filter(|_| ty.kind == Kind::Object) {
                let sources = self.graph.resolvers(&name, field);
                for source in sources.iter().skip(1) {
                    let strict = self.dice.chance(40);
                    let part = self.graph.sources[*source].types.get_mut(&name);
                    let part = part.and_then(|piece| piece.fields.get_mut(field));
                    if let Some(part) = part.filter(|part| strict && part.ty == def.ty) {
                        part.ty = non_null(&part.ty);
                    }
                }
            }
        }
    }
}
