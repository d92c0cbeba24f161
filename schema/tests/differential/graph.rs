//! Random graphs, the same for a seed on every machine: one whole schema, split over sources, then dressed with everything that
//! Federation knows, and now and then broken on purpose. In: a seed. Out: sources. Most compose; that some don't is the point.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use raccordo_tests::real::ToCompose;

/// A graph for a seed.
pub(crate) fn graph(seed: u64) -> Vec<ToCompose> {
    let mut world = World { random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)), sources: Vec::new() };
    world.split();
    world.dress();
    if world.random.one_in(3) {
        for _ in 0..world.random.between(1, 2) {
            world.break_something();
        }
    }
    world.sources.iter().map(Source::print).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.draw() >> 16).unwrap() % end.max(1)
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most + 1 - least)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

#[derive(Clone, Default)]
struct Field {
    ty: String,
    /// Name, type, default and directives.
    arguments: Vec<(String, String, String)>,
    external: bool,
    shareable: bool,
    /// Everything else that is applied.
    rest: String,
    description: Option<&'static str>,
}

#[derive(Clone, Default)]
struct Type {
    keyword: &'static str,
    extend: bool,
    keys: Vec<(String, bool)>,
    implements: Vec<String>,
    rest: String,
    description: Option<&'static str>,
    /// Fields, input fields, or values (with an empty type).
    fields: BTreeMap<String, Field>,
    members: Vec<String>,
}

struct Source {
    name: String,
    v2: bool,
    types: BTreeMap<String, Type>,
    /// Links and definitions of its own.
    head: String,
}

struct World {
    random: Random,
    sources: Vec<Source>,
}

const IMPORTS: &str = "\"@key\", \"@shareable\", \"@external\", \"@requires\", \"@provides\", \"@override\", \"@inaccessible\", \
\"@tag\", \"@interfaceObject\", \"@composeDirective\", \"@authenticated\", \"@requiresScopes\", \"@policy\", \"@cost\", \"@listSize\", \"@extends\"";
const LEAVES: [&str; 6] = ["Int", "String", "String!", "Colore", "[Int!]", "Data"];
const TEXTS: [&str; 3] = ["Uno.", "Due.", "Tre, più lunga."];

impl Source {
    fn print(&self) -> ToCompose {
        let mut sdl = String::new();
        if self.v2 {
            let _ = writeln!(
                sdl,
                "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [{IMPORTS}])"
            );
        }
        sdl += &self.head;
        for (name, def) in &self.types {
            def.print(&mut sdl, name, self.v2);
        }
        ToCompose { name: self.name.clone(), sdl }
    }

    fn field(&mut self, ty: &str, name: &str) -> Option<&mut Field> {
        self.types.get_mut(ty)?.fields.get_mut(name)
    }
}

impl Type {
    fn print(&self, out: &mut String, name: &str, v2: bool) {
        if let Some(text) = self.description.filter(|_| !self.extend) {
            let _ = writeln!(out, "\"{text}\"");
        }
        let _ = write!(out, "{}{} {name}", if self.extend { "extend " } else { "" }, self.keyword);
        if !self.implements.is_empty() {
            let _ = write!(out, " implements {}", self.implements.join(" & "));
        }
        for (key, resolvable) in &self.keys {
            let _ = write!(
                out,
                " @key(fields: \"{key}\"{})",
                if *resolvable { "" } else { ", resolvable: false" }
            );
        }
        out.push_str(&self.rest);
        if self.keyword == "union" {
            let _ = writeln!(out, " = {}", self.members.join(" | "));
            return;
        }
        if self.keyword == "scalar" {
            out.push('\n');
            return;
        }
        out.push_str(" {\n");
        for (field, def) in &self.fields {
            if let Some(text) = def.description {
                let _ = writeln!(out, "  \"{text}\"");
            }
            let _ = write!(out, "  {field}");
            if !def.arguments.is_empty() {
                let arguments: Vec<String> =
                    def.arguments.iter().map(|(name, ty, rest)| format!("{name}: {ty}{rest}")).collect();
                let _ = write!(out, "({})", arguments.join(", "));
            }
            if !def.ty.is_empty() {
                let _ = write!(out, ": {}", def.ty);
            }
            let _ = write!(
                out,
                "{}{}",
                if def.external { " @external" } else { "" },
                if def.shareable && v2 { " @shareable" } else { "" }
            );
            let _ = writeln!(out, "{}", def.rest);
        }
        out.push_str("}\n");
    }
}

fn leaf(ty: &str) -> Field {
    Field { ty: ty.to_owned(), ..Field::default() }
}

fn shared(ty: &str) -> Field {
    Field { shareable: true, ..leaf(ty) }
}

/// The whole, split.
impl World {
    fn split(&mut self) {
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
    fn some_sources(&mut self) -> Vec<usize> {
        let all: Vec<usize> = (0..self.sources.len()).collect();
        let mut some: Vec<usize> = all.iter().copied().filter(|_| !self.random.one_in(2)).collect();
        if some.is_empty() {
            some.push(self.random.below(all.len()));
        }
        some
    }

    fn entity(&mut self, at: usize) {
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
    fn extended(&mut self, def: &mut Type) {
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

    fn entity_field(&mut self, ty: &str, name: &str, holders: &[usize]) {
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

    fn value_type(&mut self) {
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

    fn interface(&mut self, entities: usize) {
        let keyed = self.random.one_in(4);
        for holder in self.some_sources() {
            let mut def = Type { keyword: "interface", ..Type::default() };
            def.fields.insert("id".into(), leaf("ID!"));
            if keyed && self.sources[holder].v2 {
                def.keys.push(("id".into(), true));
            }
            let common = self.random.one_in(2);
            if common {
                def.fields.insert("f0".into(), leaf("String"));
            }
            let source = &mut self.sources[holder];
            let mut any = false;
            for at in 0..entities {
                let Some(entity) = source.types.get_mut(&format!("E{at}")) else { continue };
                let has_id = entity.fields.contains_key("id");
                let f0 = entity.fields.get("f0");
                let fits =
                    f0.is_some_and(|f| f.ty.trim_end_matches('!') == "String" && f.arguments.is_empty());
                if has_id && (!common || fits) && (!keyed || entity.keys.iter().any(|k| k.0 == "id")) {
                    entity.implements.push("Cosa".into());
                    any = true;
                }
            }
            if any {
                source.types.insert("Cosa".into(), def);
            }
        }
    }

    /// An entity interface in one source, and an object that stands for it in another.
    fn interface_object(&mut self) {
        let (one, other) = (self.random.below(self.sources.len()), self.random.below(self.sources.len()));
        if one == other || !self.sources[one].v2 || !self.sources[other].v2 {
            return;
        }
        let mut interface = Type { keyword: "interface", keys: vec![("id".into(), true)], ..Type::default() };
        interface.fields.insert("id".into(), leaf("ID!"));
        interface.fields.insert("nome".into(), leaf("String"));
        let mut first = Type { keyword: "type", implements: vec!["Ente".into()], ..interface.clone() };
        let mut second = first.clone();
        first.fields.insert("comune".into(), leaf("String"));
        second.fields.insert("partita".into(), leaf("Int"));
        let mut object = Type { keyword: "type", rest: " @interfaceObject".into(), ..interface.clone() };
        object.fields.clear();
        object.fields.insert("id".into(), leaf("ID!"));
        object.fields.insert("saldo".into(), leaf("Int"));
        if self.random.one_in(3) {
            let nome = Field { external: true, ..leaf("String") };
            object.fields.insert("nome".into(), nome);
            object.fields.insert(
                "etichetta".into(),
                Field { rest: " @requires(fields: \"nome\")".into(), ..leaf("String") },
            );
        }
        let source = &mut self.sources[one];
        source.types.insert("Ente".into(), interface);
        source.types.insert("Comune".into(), first);
        source.types.insert("Azienda".into(), second);
        self.query(one, "enti", leaf("[Ente!]!"));
        if self.random.one_in(2) {
            self.query(other, "enteUno", leaf("Ente"));
        }
        self.sources[other].types.insert("Ente".into(), object);
    }

    fn union_(&mut self, entities: usize) {
        for holder in self.some_sources() {
            let source = &self.sources[holder];
            let members: Vec<String> =
                (0..entities).map(|at| format!("E{at}")).filter(|e| source.types.contains_key(e)).collect();
            let members: Vec<String> = members.into_iter().filter(|_| !self.random.one_in(4)).collect();
            if members.is_empty() {
                continue;
            }
            let def = Type { keyword: "union", members, ..Type::default() };
            self.sources[holder].types.insert("Esito".into(), def);
            if self.random.one_in(2) {
                let name = format!("esiti{holder}");
                self.query(holder, &name, leaf("[Esito]"));
            }
        }
    }

    fn inputs(&mut self) {
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

    fn query(&mut self, source: usize, name: &str, field: Field) {
        let query = self.sources[source].types.entry("Query".into());
        query
            .or_insert_with(|| Type { keyword: "type", ..Type::default() })
            .fields
            .insert(name.into(), field);
    }

    fn queries(&mut self, entities: usize) {
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
    fn leaves(&mut self) {
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

/// What Federation adds.
impl World {
    fn dress(&mut self) {
        for _ in 0..self.random.between(0, 3) {
            match self.random.below(6) {
                0 | 1 => self.requires(),
                2 => self.provides(),
                3 => self.overrides(),
                4 => self.compose_directive(),
                _ => self.describe(),
            }
        }
        for _ in 0..self.random.between(0, 4) {
            self.mark();
        }
    }

    /// A type and a field of a source, at random.
    fn coordinate(
        &mut self,
        only: impl Fn(&Source, &str, &Type, &str, &Field) -> bool,
    ) -> Option<(usize, String, String)> {
        let mut all = Vec::new();
        for (at, source) in self.sources.iter().enumerate() {
            for (name, def) in &source.types {
                for (field, f) in &def.fields {
                    if only(source, name, def, field, f) {
                        all.push((at, name.clone(), field.clone()));
                    }
                }
            }
        }
        if all.is_empty() { None } else { Some(all.swap_remove(self.random.below(all.len()))) }
    }

    fn requires(&mut self) {
        let plain = |_: &Source, name: &str, def: &Type, field: &str, f: &Field| {
            name.starts_with('E')
                && name.len() == 2
                && def.keyword == "type"
                && field.starts_with('f')
                && !f.external
                && !f.ty.contains('E')
                && f.arguments.is_empty()
        };
        let Some((owner, ty, field)) = self.coordinate(plain) else { return };
        let declared = self.sources[owner].types[&ty].fields[&field].ty.clone();
        let random = self.random.below(self.sources.len());
        let Some(other) = (0..self.sources.len()).map(|at| (at + random) % self.sources.len()).find(|at| {
            *at != owner
                && self.sources[*at].types.get(&ty).is_some_and(|def| !def.fields.contains_key(&field))
        }) else {
            return;
        };
        let bare = declared.trim_matches(['[', ']', '!']).to_owned();
        if bare == "Colore" || bare == "Data" {
            let Some(def) = self.sources[owner].types.get(&bare).cloned() else { return };
            self.sources[other].types.entry(bare).or_insert(def);
        } else if bare != "Int" && bare != "String" {
            return;
        }
        let source = if let Some(source) = self.sources.get_mut(other) { source } else { return };
        let Some(def) = source.types.get_mut(&ty) else { return };
        def.fields.insert(field.clone(), Field { external: true, ..leaf(&declared) });
        let wanted = format!(" @requires(fields: \"{field}\")");
        def.fields.insert(format!("r{field}"), Field { rest: wanted, ..leaf("Int") });
    }

    fn provides(&mut self) {
        let query = |_: &Source, name: &str, _: &Type, _: &str, f: &Field| {
            name == "Query" && f.ty.contains('E') && !f.ty.contains("Es") && !f.ty.contains("En")
        };
        let Some((at, _, field)) = self.coordinate(query) else { return };
        let ty = self.sources[at].types["Query"].fields[&field].ty.trim_matches(['[', ']', '!']).to_owned();
        let elsewhere =
            self.sources.iter().enumerate().filter(|(other, _)| *other != at).find_map(|(_, source)| {
                let def = source.types.get(&ty)?;
                def.fields.iter().find(|(name, f)| {
                    name.starts_with('f')
                        && !f.external
                        && f.shareable
                        && f.arguments.is_empty()
                        && ["Int", "String", "String!"].contains(&f.ty.as_str())
                })
            });
        let Some((name, declared)) = elsewhere.map(|(name, f)| (name.clone(), f.ty.clone())) else { return };
        let Some(def) = self.sources[at].types.get_mut(&ty) else { return };
        if def.fields.contains_key(&name) {
            return;
        }
        def.fields.insert(name.clone(), Field { external: true, ..leaf(&declared) });
        if let Some(query) = self.sources[at].field("Query", &field) {
            query.rest += &format!(" @provides(fields: \"{name}\")");
        }
    }

    fn overrides(&mut self) {
        let owned = |_: &Source, name: &str, def: &Type, field: &str, f: &Field| {
            name.starts_with('E')
                && name.len() == 2
                && def.keyword == "type"
                && field.starts_with('f')
                && !f.external
        };
        let Some((owner, ty, field)) = self.coordinate(owned) else { return };
        let from = self.sources[owner].name.clone();
        let taken = self.sources[owner].types[&ty].fields[&field].clone();
        if taken.ty.contains('E')
            || taken.ty.contains('D')
            || taken.ty.contains('C')
            || !taken.arguments.is_empty()
        {
            return;
        }
        let Some(other) = (0..self.sources.len()).find(|at| {
            *at != owner
                && self.sources[*at].v2
                && self.sources[*at].types.get(&ty).is_some_and(|def| !def.fields.contains_key(&field))
        }) else {
            return;
        };
        let label = self.random.pick(&["", "", ", label: \"percent(20)\"", ", label: \"prova\""]);
        let own = Field { rest: format!(" @override(from: \"{from}\"{label})"), ..taken };
        if let Some(def) = self.sources[other].types.get_mut(&ty) {
            def.fields.insert(field, own);
        }
    }

    fn compose_directive(&mut self) {
        let Some((at, ty, field)) =
            self.coordinate(|source, _, def, _, _| source.v2 && def.keyword == "type")
        else {
            return;
        };
        let source = &mut self.sources[at];
        if source.head.is_empty() {
            source.head = "extend schema @link(url: \"https://comune.example/nota/v1.0\", import: [\"@nota\"]) @composeDirective(name: \"@nota\")\n\
directive @nota(testo: String) on FIELD_DEFINITION\n".into();
        }
        if let Some(field) = source.field(&ty, &field).filter(|f| !f.external && !f.rest.contains("@nota")) {
            field.rest += " @nota(testo: \"x\")";
        }
    }

    fn describe(&mut self) {
        let text = self.random.pick(&TEXTS);
        let Some((at, ty, field)) = self.coordinate(|_, _, _, _, f| !f.external) else { return };
        if self.random.one_in(2) {
            self.sources[at].types.get_mut(&ty).unwrap().description = Some(text);
        } else if let Some(field) = self.sources[at].field(&ty, &field) {
            field.description = Some(text);
        }
    }

    fn mark(&mut self) {
        let hides = self.random.one_in(4);
        let Some((at, ty, field)) = self.coordinate(|source, _, _, _, f| source.v2 && !f.external) else {
            return;
        };
        let def = self.sources[at].types.get_mut(&ty).unwrap();
        let keyword = def.keyword;
        let on_type = self.random.one_in(3);
        let mut words: Vec<&str> = vec![" @tag(name: \"a\")", " @tag(name: \"b\")"];
        if hides && ty != "Query" {
            words.push(" @inaccessible");
        }
        if keyword == "type" {
            words.extend([
                " @authenticated",
                " @requiresScopes(scopes: [[\"uno\", \"due\"], [\"tre\"]])",
                " @requiresScopes(scopes: [[\"due\"]])",
                " @policy(policies: [[\"p\"]])",
                " @cost(weight: 3)",
                " @cost(weight: 7)",
            ]);
        }
        if keyword == "type" && !on_type {
            words.push(" @deprecated(reason: \"vecchio\")");
            let field = &def.fields[&field];
            if field.ty.starts_with('[') {
                words.extend([" @listSize(assumedSize: 10)", " @listSize(assumedSize: 4)"]);
                if field.arguments.iter().any(|a| a.0 == "primi") {
                    words.push(" @listSize(slicingArguments: [\"primi\"], requireOneSlicingArgument: false)");
                }
            }
        }
        let word = self.random.pick(&words);
        let name = word.split('(').next().unwrap();
        let rest = if on_type { &mut def.rest } else { &mut def.fields.get_mut(&field).unwrap().rest };
        if on_type && def.extend || rest.contains(name) || word.contains("@tag") && rest.contains(word) {
            return;
        }
        rest.push_str(word);
    }
}

/// Mistakes.
impl World {
    fn break_something(&mut self) {
        let Some((at, ty, field)) = self.coordinate(|_, _, _, _, _| true) else { return };
        let draw = self.random.below(16);
        let source = &mut self.sources[at];
        let def = source.types.get_mut(&ty).unwrap();
        let output = matches!(def.keyword, "type" | "interface");
        let several = def.fields.len() > 1;
        let found = def.fields.get_mut(&field).unwrap();
        match draw {
            0 if !found.ty.is_empty() => found.ty = "Boolean".into(),
            1 => found.ty = found.ty.replace('!', ""),
            2 if !found.ty.is_empty() && !found.ty.ends_with('!') => found.ty.push('!'),
            3 => found.shareable = false,
            4 if output => found.external = true,
            5 => found.external = false,
            6 if output => found.arguments.push(("nuovo".into(), "Int!".into(), String::new())),
            7 if output => found.arguments.push(("nuovo".into(), "Int".into(), String::new())),
            8 => found.arguments.clear(),
            9 if several => drop(def.fields.remove(&field)),
            10 => def.keys.clear(),
            11 if def.keyword == "type" => def.keys.push((field, true)),
            12 => def.extend = true,
            13 if output => found.rest += " @requires(fields: \"id\")",
            14 if def.keyword == "type" && source.v2 => found.rest += " @override(from: \"s0\")",
            15 if !found.ty.is_empty() => found.ty = format!("[{}]", found.ty),
            _ => def.implements.clear(),
        }
    }
}
