//! A source's SDL: as its team writes it, with Federation's directives, and plain, as a server of it validates documents by.

use std::fmt::Write as _;

use super::model::{FieldDef, Graph, Kind, Part, Piece, Source, written};

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@inaccessible", "@override"])
"#;

impl Graph {
    /// What is composed.
    pub(crate) fn federated(&self, source: &Source) -> String {
        let mut out = String::from(if source.v1 { "" } else { LINK });
        for (name, piece) in &source.types {
            self.piece(&mut out, source, name, piece, true);
        }
        out
    }

    /// What a server of the source serves, `_entities` with it.
    pub(crate) fn served(&self, source: &Source) -> String {
        let mut out = String::new();
        for (name, piece) in source.types.iter().filter(|(name, _)| *name != "Query") {
            self.piece(&mut out, source, name, piece, false);
        }
        out.push_str("type Query {\n");
        if let Some(query) = source.types.get("Query") {
            self.fields(&mut out, source, "Query", query, false);
        }
        let entities: Vec<&str> = source
            .types
            .iter()
            .filter(|(_, piece)| piece.kind == Kind::Object && !piece.keys.is_empty())
            .map(|(name, _)| name.as_str())
            .collect();
        if !entities.is_empty() {
            out.push_str("  _entities(representations: [_Any!]!): [_Entity]!\n");
        }
        out.push_str("  _service: String\n}\n");
        if !entities.is_empty() {
            let _ = writeln!(out, "scalar _Any\nunion _Entity = {}", entities.join(" | "));
        }
        out
    }

    fn piece(&self, out: &mut String, source: &Source, name: &str, piece: &Piece, federated: bool) {
        let keyword = match piece.kind {
            Kind::Object => "type",
            Kind::Interface => "interface",
            Kind::Union => "union",
            Kind::Enum => "enum",
            Kind::Scalar => "scalar",
            Kind::Input => "input",
        };
        let extend = if federated && piece.extends { "extend " } else { "" };
        let _ = write!(out, "{extend}{keyword} {name}");
        if !piece.implements.is_empty() {
            let _ = write!(out, " implements {}", piece.implements.join(" & "));
        }
        if federated {
            for (key, resolvable) in &piece.keys {
                let flag = if *resolvable { "" } else { ", resolvable: false" };
                let _ = write!(out, " @key(fields: \"{}\"{flag})", written(key));
            }
            out.push_str(if piece.interface_object { " @interfaceObject" } else { "" });
            out.push_str(if piece.inaccessible { " @inaccessible" } else { "" });
        }
        match piece.kind {
            Kind::Scalar => out.push('\n'),
            Kind::Union => {
                let _ = writeln!(out, " = {}", piece.members.join(" | "));
            }
            Kind::Enum => {
                let _ = writeln!(out, " {{ {} }}", piece.members.join(" "));
            }
            Kind::Input | Kind::Object | Kind::Interface => {
                out.push_str(" {\n");
                self.fields(out, source, name, piece, federated);
                out.push_str("}\n");
            }
        }
    }

    fn fields(&self, out: &mut String, source: &Source, parent: &str, piece: &Piece, federated: bool) {
        for (name, part) in &piece.fields {
            let Some(def) = self.types.get(parent).and_then(|ty| ty.fields.get(name)) else { continue };
            let _ = write!(out, "  {name}{}: {}", arguments(def), part.ty);
            if let Some((default, _)) = &def.default {
                let _ = write!(out, " = {default}");
            }
            if federated {
                self.directives(out, source, part);
            }
            out.push('\n');
        }
    }

    fn directives(&self, out: &mut String, source: &Source, part: &Part) {
        out.push_str(if part.external { " @external" } else { "" });
        if !part.requires.is_empty() {
            let _ = write!(out, " @requires(fields: \"{}\")", quoted(&written(&part.requires)));
        }
        if !part.provides.is_empty() {
            let _ = write!(out, " @provides(fields: \"{}\")", quoted(&written(&part.provides)));
        }
        if source.v1 {
            return;
        }
        out.push_str(if part.shareable { " @shareable" } else { "" });
        out.push_str(if part.inaccessible { " @inaccessible" } else { "" });
        if let Some((from, label)) = &part.overrides {
            let label = label.as_ref().map(|label| format!(", label: \"{label}\"")).unwrap_or_default();
            let _ = write!(out, " @override(from: \"{from}\"{label})");
        }
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn arguments(def: &FieldDef) -> String {
    let written: Vec<String> = def
        .arguments
        .iter()
        .map(|(name, argument)| {
            let default = argument.default.as_ref();
            let default = default.map(|(text, _)| format!(" = {text}")).unwrap_or_default();
            format!("{name}: {}{default}", argument.ty)
        })
        .collect();
    if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) }
}
