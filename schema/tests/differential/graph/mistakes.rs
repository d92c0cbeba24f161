//! Mistakes made on purpose, so that refusals are compared too.

use super::*;

impl World {
    pub(super) fn break_something(&mut self) {
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
