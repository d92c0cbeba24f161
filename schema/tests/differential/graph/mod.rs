//! Random graphs, the same for a seed on every machine: one whole schema, split over sources, then dressed with everything that
//! Federation knows, and now and then broken on purpose. In: a seed. Out: sources. Most compose; that some don't is the point.

mod abstract_types;
mod dress;
mod mistakes;
mod split;

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
