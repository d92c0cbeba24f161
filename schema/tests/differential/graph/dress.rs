//! What Federation adds to a graph that is split: requirements, overrides, marks, descriptions.

use super::*;

impl World {
    pub(super) fn dress(&mut self) {
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
    pub(super) fn coordinate(
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

    pub(super) fn requires(&mut self) {
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

    pub(super) fn provides(&mut self) {
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

    pub(super) fn overrides(&mut self) {
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

    pub(super) fn compose_directive(&mut self) {
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

    pub(super) fn describe(&mut self) {
        let text = self.random.pick(&TEXTS);
        let Some((at, ty, field)) = self.coordinate(|_, _, _, _, f| !f.external) else { return };
        if self.random.one_in(2) {
            self.sources[at].types.get_mut(&ty).unwrap().description = Some(text);
        } else if let Some(field) = self.sources[at].field(&ty, &field) {
            field.description = Some(text);
        }
    }

    pub(super) fn mark(&mut self) {
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
