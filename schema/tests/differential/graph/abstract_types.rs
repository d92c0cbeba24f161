//! Interfaces, interface objects and unions, of which each source knows a part.

use super::*;

impl World {
    pub(super) fn interface(&mut self, entities: usize) {
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
    pub(super) fn interface_object(&mut self) {
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

    pub(super) fn union_(&mut self, entities: usize) {
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
}
