//! A whole schema, drawn while it is split: entities with keys over sources, value types, and the root fields that lead to them.

use super::*;

impl World {
    pub(super) fn split(&mut self) {
        for at in 0..self.random.between(2, 4) {
            let v2 = !self.random.one_in(6);
            self.sources.push(Source {
                name: format!("s{at}"),
                v2,
                types: BTreeMap::new(),
                head: String::new(),
            });
        }
        let entities = self.random.between(1, 4);
        (0..entities).for_each(|at| self.entity(at));
        if self.random.one_in(2) {
            self.value_type();
        }
        if self.random.one_in(2) {
            self.interface(entities);
        }
        if self.random.one_in(4) {
            self.interface_object();
        }
        if self.random.one_in(3) {
            self.union_(entities);
        }
        if self.random.one_in(2) {
            self.inputs();
        }
        self.queries(entities);
        self.leaves();
    }

    /// Some of the sources, at least one; now and then all.
    pub(super) fn some_sources(&mut self) -> Vec<usize> {
        let all: Vec<usize> = (0..self.sources.len()).collect();
        let mut some: Vec<usize> = all.iter().copied().filter(|_| !self.random.one_in(2)).collect();
        if some.is_empty() {
            some.push(self.random.below(all.len()));
        }
        some
    }

    pub(super) fn entity(&mut self, at: usize) {
        let name = format!("E{at}");
        let holders = self.some_sources();
        let second = self.random.one_in(3);
        let nested = self.random.one_in(5);
        for (place, holder) in holders.iter().copied().enumerate() {
            let stub = place > 0 && self.random.one_in(5);
            let mut def = Type { keyword: "type", ..Type::default() };
            def.fields.insert("id".into(), leaf("ID!"));
            let v2 = self.sources[holder].v2;
            let resolvable = !(stub && v2);
            match (nested && v2, second) {
                (true, _) => {
                    def.keys.push(("id sede { via }".into(), resolvable));
                    def.fields.insert("sede".into(), shared(&format!("{name}Sede")));
                    let mut below = Type { keyword: "type", ..Type::default() };
                    below.fields.insert("via".into(), shared("String!"));
                    if self.random.one_in(3) {
                        below.fields.insert("cap".into(), shared("String"));
                    }
                    self.sources[holder].types.insert(format!("{name}Sede"), below);
                }
                (false, true) => match self.random.below(3) {
                    0 => def.keys.push(("id".into(), resolvable)),
                    1 => {
                        def.keys.push(("codice".into(), resolvable));
                        def.fields.remove("id");
                        def.fields.insert("codice".into(), leaf("String!"));
                    }
                    _ => {
                        def.keys.push(("id".into(), resolvable));
                        def.keys.push(("codice".into(), true));
                        def.fields.insert("codice".into(), leaf("String!"));
                    }
                },
                (false, false) => def.keys.push(("id".into(), resolvable)),
            }
            if !v2 && place > 0 {
                self.extended(&mut def);
            }
            self.sources[holder].types.insert(name.clone(), def);
        }
        for field in 0..self.random.between(1, 4) {
            self.entity_field(&name, &format!("f{field}"), &holders);
        }
    }

    /// As v1 says that a type is someone else's.
    pub(super) fn extended(&mut self, def: &mut Type) {
        match self.random.below(3) {
            0 => return,
            1 => def.extend = true,
            _ => def.rest += " @extends",
        }
        for field in def.fields.values_mut() {
            field.external = true;
        }
        if self.random.one_in(6) {
            def.keys.clear();
        }
    }

    pub(super) fn entity_field(&mut self, ty: &str, name: &str, holders: &[usize]) {
        let mut field = match self.random.below(8) {
            0 => leaf(&format!("E{}", self.random.below(3))),
            1 => leaf(&format!("[E{}!]", self.random.below(3))),
            _ => leaf(self.random.pick(&LEAVES)),
        };
        if self.random.one_in(4) {
            field.arguments.push((
                "a".into(),
                self.random.pick(&["Int", "Colore", "Int!", "Filtro"]).into(),
                String::new(),
            ));
        }
        let owner = holders[self.random.below(holders.len())];
        let mut owners = vec![owner];
        if self.random.one_in(3) {
            owners.extend(
                holders.iter().copied().filter(|h| *h != owner && self.random.one_in(2)).collect::<Vec<_>>(),
            );
        }
        field.shareable = owners.len() > 1 || self.random.one_in(8);
        for owner in owners {
            let mut own = field.clone();
            if self.random.one_in(6) {
                own.ty = own.ty.trim_end_matches('!').to_owned();
            }
            if let Some(def) = self.sources[owner].types.get_mut(ty) {
                def.fields.insert(name.to_owned(), own);
            }
        }
    }

    pub(super) fn value_type(&mut self) {
        for holder in self.some_sources() {
            let mut def = Type { keyword: "type", ..Type::default() };
            def.fields.insert("citta".into(), shared("String"));
            if !self.random.one_in(4) {
                def.fields.insert("cap".into(), shared(self.random.pick(&["String", "String", "String!"])));
            }
            if self.random.one_in(6) {
                def.fields.insert("solo".into(), shared("Int"));
            }
            self.sources[holder].types.insert("Luogo".into(), def);
        }
    }

    pub(super) fn inputs(&mut self) {
        for holder in self.some_sources() {
            let mut def = Type { keyword: "input", ..Type::default() };
            for (name, ty) in [("testo", "String"), ("eta", "Int"), ("colore", "Colore"), ("altri", "[ID!]")]
            {
                if !self.random.one_in(5) {
                    let mut field = leaf(ty);
                    if self.random.one_in(8) {
                        field.ty += "!";
                    }
                    if name == "eta" && self.random.one_in(8) {
                        field.rest = " = 3".into();
                    }
                    def.fields.insert(name.into(), field);
                }
            }
            if def.fields.is_empty() {
                def.fields.insert("testo".into(), leaf("String"));
            }
            self.sources[holder].types.insert("Filtro".into(), def);
            if self.random.one_in(2) {
                let mut field = shared("Int");
                field.arguments.push(("filtro".into(), "Filtro".into(), String::new()));
                self.query(holder, "conta", field);
            }
        }
    }

    pub(super) fn query(&mut self, source: usize, name: &str, field: Field) {
        let query = self.sources[source].types.entry("Query".into());
        query
            .or_insert_with(|| Type { keyword: "type", ..Type::default() })
            .fields
            .insert(name.into(), field);
    }

    pub(super) fn queries(&mut self, entities: usize) {
        for holder in 0..self.sources.len() {
            for at in 0..entities {
                if self.sources[holder].types.contains_key(&format!("E{at}")) && self.random.one_in(2) {
                    let ty = self.random.pick(&["", "[", "[!"]);
                    let entity = format!("E{at}");
                    let ty = match ty {
                        "" => entity,
                        "[" => format!("[{entity}]"),
                        _ => format!("[{entity}!]!"),
                    };
                    let mut field = leaf(&ty);
                    if self.random.one_in(4) {
                        field.arguments.push((
                            "primi".into(),
                            "Int".into(),
                            self.random.pick(&["", " = 5"]).into(),
                        ));
                    }
                    self.query(holder, &format!("q{holder}E{at}"), field);
                }
            }
            for (ty, name) in [("Luogo", "luogo"), ("Cosa", "cose")] {
                if self.sources[holder].types.contains_key(ty) {
                    self.query(holder, &format!("{name}{holder}"), leaf(ty));
                }
            }
        }
        if self.random.one_in(3) {
            for holder in self.some_sources() {
                let mut field = shared(self.random.pick(&["Int", "Int", "Int!"]));
                if self.random.one_in(2) {
                    let ty = self.random.pick(&["Int", "Int", "Int", "Int!", "ID"]);
                    let default = self.random.pick(&["", "", "", " = 1"]);
                    field.arguments.push(("n".into(), ty.into(), default.into()));
                }
                self.query(holder, "comune", field);
            }
        }
        if self.random.one_in(4) {
            let holder = self.random.below(self.sources.len());
            let mut def = Type { keyword: "type", ..Type::default() };
            def.fields.insert("segna".into(), leaf("Boolean"));
            self.sources[holder].types.insert("Mutation".into(), def);
        }
    }

    /// Enums, scalars and inputs where something names them.
    pub(super) fn leaves(&mut self) {
        for at in 0..self.sources.len() {
            let printed = self.sources[at].print().sdl;
            if printed.contains("Filtro") && !self.sources[at].types.contains_key("Filtro") {
                let mut def = Type { keyword: "input", ..Type::default() };
                def.fields.insert("testo".into(), leaf("String"));
                self.sources[at].types.insert("Filtro".into(), def);
            }
            let printed = self.sources[at].print().sdl;
            if printed.contains("Colore") || self.random.one_in(8) {
                let mut def = Type { keyword: "enum", ..Type::default() };
                for value in ["ROSSO", "VERDE", "BLU"] {
                    if value == "ROSSO" || !self.random.one_in(12) {
                        def.fields.insert(value.into(), Field::default());
                    }
                }
                self.sources[at].types.insert("Colore".into(), def);
            }
            if printed.contains("Data") {
                self.sources[at].types.insert("Data".into(), Type { keyword: "scalar", ..Type::default() });
            }
            for entity in 0..4 {
                // A source may point to an entity that it says nothing else about.
                let name = format!("E{entity}");
                if self.sources[at].print().sdl.contains(&name) && !self.sources[at].types.contains_key(&name)
                {
                    let mut def = Type { keyword: "type", ..Type::default() };
                    let v2 = self.sources[at].v2;
                    def.keys.push(("id".into(), !v2));
                    def.fields.insert("id".into(), leaf("ID!"));
                    self.sources[at].types.insert(name, def);
                }
            }
        }
        if self.sources.iter().all(|s| !s.types.contains_key("Query")) {
            self.query(0, "radice", leaf("Int"));
        }
    }
}
