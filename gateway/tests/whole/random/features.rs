//! What Federation adds to a split graph: `@requires`, `@provides`, `@override`, `@inaccessible`, records that a source forgets; and
//! interfaces completed at the end, when it is known who has which field.

use super::make::Maker;
use super::model::{FieldDef, Kind, Part, Pick, Role};

impl Maker {
    pub(crate) fn features(&mut self) {
        for name in self.named('T').into_iter().chain(self.named('M')) {
            for number in 0..self.dice.roll(3) {
                self.requires(&name, &format!("q{number}"));
            }
        }
        for (name, (_, objects)) in self.known_by.clone() {
            for source in objects.into_iter().filter(|_| self.dice.chance(50)).collect::<Vec<_>>() {
                self.requires_for_all(&name, source);
            }
        }
        for source in 0..self.graph.sources.len() {
            self.provides(source);
        }
        for name in self.named('T') {
            if self.dice.chance(30) {
                self.overrides(&name);
            }
        }
        self.stricter();
        self.hidden();
    }

    /// A field that is made of others, which another source has.
    fn requires(&mut self, name: &str, field: &str) {
        let holders = self.holders[name].clone();
        let Some(source) = self.dice.pick(&holders).copied() else { return };
        let own = &self.graph.sources[source].types[name].fields;
        let mut free: Vec<String> = Vec::new();
        for (other, def) in &self.graph.types[name].fields {
            let resolvers = self.graph.resolvers(name, other);
            let role = matches!(def.role, Role::Plain | Role::Requires(_));
            let given = name.starts_with('M') && other.len() == 2;
            let untouched = !given && own.get(other).is_none_or(|part| part.external);
            if role && untouched && !resolvers.is_empty() && !resolvers.contains(&source) {
                free.push(other.clone());
            }
        }
        let free = self.dice.shuffled(&free);
        let mut picks: Vec<Pick> = Vec::new();
        for other in free.iter().take(1 + self.dice.roll(2)) {
            if let Some(pick) = self.required(source, name, other) {
                let def = self.graph.types[name].fields[other].clone();
                for argument in def.arguments.values() {
                    self.ensure(source, argument.ty.inner());
                }
                let part = Part { external: true, ..Part::new(&def.ty) };
                self.graph.sources[source].types[name].fields.entry(other.clone()).or_insert(part);
                picks.push(pick);
            }
        }
        if picks.is_empty() {
            return;
        }
        let inner = self.any_leaf_or(&["V", "T"], 25);
        let ty = self.wrapped(&inner);
        let def = self.with_arguments(FieldDef::new(ty, Role::Requires(picks)), 20);
        self.add_field(name, field, def, &[source], false);
    }

    /// An interface object's field that is made of one that the interface's types have.
    fn requires_for_all(&mut self, name: &str, source: usize) {
        let common = format!("n{name}");
        let part = Part { external: true, ..Part::new(&self.graph.types[name].fields[&common].ty) };
        self.graph.sources[source].types[name].fields.insert(common.clone(), part);
        let inner = self.any_leaf_or(&["T"], 15);
        let ty = self.wrapped(&inner);
        let def = FieldDef::new(ty, Role::Requires(vec![Pick::leaf(&common)]));
        self.add_for_all(name, &format!("s{source}"), def, source);
    }

    /// A field as a requirement of a source, with what the source must have of the types below.
    fn required(&mut self, source: usize, parent: &str, field: &str) -> Option<Pick> {
        let def = self.graph.types[parent].fields[field].clone();
        let mut pick = Pick::leaf(field);
        for (name, argument) in &def.arguments {
            if argument.ty.is_non_null() && argument.default.is_none() || self.dice.chance(50) {
                let (text, value) = self.literal(&argument.ty, 1);
                pick.arguments.push((name.clone(), text, value));
            }
        }
        let inner = def.ty.inner().to_owned();
        if !self.graph.is_composite(&inner) {
            self.ensure(source, &inner);
            return Some(pick);
        }
        let ty = self.graph.types[&inner].clone();
        if inner.starts_with('N') || inner.starts_with('M') {
            return None;
        }
        if ty.kind == Kind::Union {
            self.ensure(source, &inner);
            pick.below = self.of_members(source, &inner);
            return (!pick.below.is_empty()).then_some(pick);
        }
        if ty.split.is_empty() {
            self.ensure(source, &inner);
        } else if !ty.split.contains(&source) {
            return None;
        }
        let leaves: Vec<String> = match ty.kind {
            Kind::Interface => ty.fields.keys().filter(|name| name.starts_with('n')).cloned().collect(),
            _ => {
                let piece = &self.graph.sources[source].types[&inner];
                let plain = |name: &&String| {
                    let def = &ty.fields[*name];
                    let simple = def.arguments.is_empty() && !self.graph.is_composite(def.ty.inner());
                    simple && !matches!(def.role, Role::Requires(_)) && !piece.fields[*name].external
                };
                piece.fields.keys().filter(plain).cloned().collect()
            }
        };
        let chosen = self.dice.some(&leaves, 1);
        pick.below = chosen.iter().take(2).map(|name| Pick::leaf(name)).collect();
        (!pick.below.is_empty()).then_some(pick)
    }

    /// Of each entity that a source's union has, a key.
    fn of_members(&self, source: usize, union: &str) -> Vec<Pick> {
        let types = &self.graph.sources[source].types;
        let entities = types[union].members.iter().filter(|member| member.starts_with('T'));
        let picks = entities.filter_map(|member| {
            let (key, _) = types[member].keys.first()?;
            Some(Pick { on: Some(member.clone()), ..key.first()?.clone() })
        });
        picks.collect()
    }

    /// A field whose entities come with a field that others own.
    fn provides(&mut self, source: usize) {
        let mut ways: Vec<(String, String, String, bool)> = Vec::new();
        for (parent, piece) in &self.graph.sources[source].types {
            for (field, part) in piece.fields.iter().filter(|(_, part)| !part.external && !part.stale) {
                let inner = part.ty.inner();
                let plain = self.graph.types[parent].fields[field].role == Role::Plain;
                if !plain || piece.kind != Kind::Object || piece.interface_object {
                    continue;
                }
                let here = self.graph.sources[source].types.get(inner);
                for entity in self.graph.possible(inner).into_iter().filter(|name| name.starts_with('T')) {
                    let of_type = self.graph.sources[source].types.get(&entity);
                    let is_member = here.is_some_and(|union| union.members.contains(&entity))
                        || of_type.is_some_and(|piece| piece.implements.iter().any(|own| own == inner));
                    if entity == inner || is_member {
                        let conditional = entity != inner;
                        ways.push((parent.clone(), field.clone(), entity, conditional));
                    }
                }
            }
        }
        for (parent, field, entity, conditional) in self.dice.shuffled(&ways).into_iter().take(2) {
            let mut free: Vec<String> = Vec::new();
            for (name, def) in &self.graph.types[&entity].fields {
                let own = self.graph.sources[source].types[&entity].fields.get(name);
                let resolvers = self.graph.resolvers(&entity, name);
                let plain = def.role == Role::Plain && def.arguments.is_empty();
                let elsewhere = own.is_none_or(|part| part.external) && !resolvers.is_empty();
                if plain && self.provided(name, def).is_some() && elsewhere && !resolvers.contains(&source) {
                    free.push(name.clone());
                }
            }
            let Some(name) = self.dice.pick(&free).cloned() else { continue };
            let def = self.graph.types[&entity].fields[&name].clone();
            let Some(pick) = self.provided(&name, &def) else { continue };
            let pick = Pick { on: conditional.then(|| entity.clone()), ..pick };
            for other in &mut self.graph.sources {
                let part = other.types.get_mut(&entity).and_then(|piece| piece.fields.get_mut(&name));
                if let Some(part) = part.filter(|part| !part.external) {
                    part.shareable = true;
                }
            }
            self.ensure(source, def.ty.inner());
            let types = &mut self.graph.sources[source].types;
            let part = Part { external: true, ..Part::new(&def.ty) };
            types[&entity].fields.entry(name.clone()).or_insert(part);
            types[&parent].fields[&field].provides = vec![pick];
        }
    }

    /// What is provided of a field: all of a leaf, a leaf of a value; nothing of others.
    fn provided(&self, name: &str, def: &FieldDef) -> Option<Pick> {
        let inner = def.ty.inner();
        if !self.graph.is_composite(inner) {
            return Some(Pick::leaf(name));
        }
        let ty = self.graph.types.get(inner).filter(|ty| inner.starts_with('V') && ty.split.is_empty())?;
        let simple = |def: &FieldDef| def.arguments.is_empty() && !self.graph.is_composite(def.ty.inner());
        let (leaf, _) = ty.fields.iter().find(|(_, def)| simple(def))?;
        Some(Pick::nested(name, vec![Pick::leaf(leaf)]))
    }

    /// A field moves from one source to another.
    fn overrides(&mut self, name: &str) {
        let mut free: Vec<(String, usize)> = Vec::new();
        for (field, def) in &self.graph.types[name].fields {
            if let [only] = self.graph.resolvers(name, field).as_slice()
                && def.role == Role::Plain
                && !self.graph.sources[*only].types[name].fields[field].shareable
            {
                free.push((field.clone(), *only));
            }
        }
        let Some((field, from)) = self.dice.pick(&free).cloned() else { return };
        let into: Vec<usize> = self.holders[name]
            .iter()
            .copied()
            .filter(|at| {
                !self.graph.sources[*at].v1
                    && !self.graph.sources[*at].types[name].fields.contains_key(&field)
            })
            .collect();
        let Some(into) = self.dice.pick(&into).copied() else { return };
        let def = self.graph.types[name].fields[&field].clone();
        if self.graph.types.get(def.ty.inner()).is_some_and(|ty| !ty.split.is_empty()) {
            return;
        }
        let labels = [None, None, None, Some("percent(100)"), Some("percent(0)"), Some("percent(50)")];
        let label = labels[self.dice.roll(labels.len())];
        let before = self.graph.sources[from].name.clone();
        self.add_field(name, &field, def, &[into], false);
        let types = |at: usize| &self.graph.sources[at].types[name].fields[&field];
        let (mut old, mut new) = (types(from).clone(), types(into).clone());
        old.stale = matches!(label, None | Some("percent(100)"));
        new.stale = label == Some("percent(0)");
        new.overrides = Some((before, label.map(str::to_owned)));
        self.graph.sources[from].types[name].fields[&field] = old;
        self.graph.sources[into].types[name].fields[&field] = new;
    }

    /// Some fields clients don't see.
    fn hidden(&mut self) {
        for name in self.named('T').into_iter().chain(self.named('V')) {
            let fields: Vec<String> = self.graph.types[&name]
                .fields
                .iter()
                .filter(|(field, def)| {
                    let letter = field.len() == 1;
                    letter && matches!(def.role, Role::Plain)
                })
                .map(|(field, _)| field.clone())
                .collect();
            for field in fields.iter().skip(usize::from(name.starts_with('V'))) {
                let holder =
                    self.graph.resolvers(&name, field).into_iter().find(|at| !self.graph.sources[*at].v1);
                if let Some(at) = holder.filter(|_| self.dice.chance(6)) {
                    self.graph.sources[at].types[&name].fields[field].inaccessible = true;
                }
            }
        }
    }

    pub(crate) fn finish(&mut self) {
        self.interfaces();
        if self.graph.faults {
            for name in self.named('T') {
                self.forgets(&name);
            }
        }
        for source in &mut self.graph.sources {
            source.types.retain(|name, piece| name != "Query" || !piece.fields.is_empty());
        }
        self.graph.types.retain(|_, ty| ty.kind != Kind::Object || !ty.fields.is_empty());
    }

    /// An interface has in a source what all its types have there.
    fn interfaces(&mut self) {
        for source in 0..self.graph.sources.len() {
            let names: Vec<String> = self.graph.sources[source]
                .types
                .iter()
                .filter(|(_, piece)| piece.kind == Kind::Interface)
                .map(|(name, _)| name.clone())
                .collect();
            for name in names {
                self.complete(source, &name);
            }
        }
    }

    fn complete(&mut self, source: usize, name: &str) {
        let whole = self.graph.types[name].clone();
        // An interface may have what one of its types has only elsewhere.
        let lax = self.dice.chance(15);
        for (field, def) in &whole.fields {
            let types = &self.graph.sources[source].types;
            let mut members = types
                .values()
                .filter(|piece| piece.kind == Kind::Object && piece.implements.iter().any(|own| own == name));
            let has = |part: &Part| lax || !part.external && !part.stale;
            if members.all(|piece| piece.fields.get(field).is_some_and(has)) {
                let part = Part::new(&def.ty);
                self.graph.sources[source].types[name].fields.insert(field.clone(), part);
                self.ensure(source, def.ty.inner());
            }
        }
        let above =
            whole.implements.iter().filter(|above| self.graph.sources[source].types.contains_key(*above));
        let above: Vec<String> = above.cloned().collect();
        self.graph.sources[source].types[name].implements = above;
    }

    /// A source that alone has what it has of an entity may not know some of its records.
    fn forgets(&mut self, name: &str) {
        if self.graph.types[name].keys.len() != 1 {
            return;
        }
        for source in self.holders[name].clone() {
            let piece = &self.graph.sources[source].types[name];
            let free = piece.fields.iter().all(|(field, part)| {
                let role = &self.graph.types[name].fields[field].role;
                // Not where its key leads to another record, which is known there all the same.
                let key = matches!(role, Role::Key | Role::Half(_));
                let alone = !part.shareable && !part.external && !part.stale && part.overrides.is_none();
                key || alone && *role == Role::Plain && self.graph.resolvers(name, field) == [source]
            });
            let pivot = self.graph.sources[source].types.iter().any(|(parent, piece)| {
                piece.fields.iter().any(|(field, part)| {
                    part.ty.inner() == name && self.graph.types[parent].fields[field].role == Role::Same
                })
            });
            if free && !pivot && self.dice.chance(40) {
                self.graph.sources[source].types[name].forgets = true;
            }
        }
    }
}
