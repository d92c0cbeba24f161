//! A graph of 2,000 types over 30 sources, the same on every machine: it composes whole, and every source has its part.
//!
//! How long it takes is printed, not judged: `cargo test --release -p raccordo-schema --test large -- --nocapture`.

use std::fmt::Write as _;
use std::time::Instant;

use raccordo_schema::compose::{SourceSdl, compose};

const SOURCES: usize = 30;
/// Entities; each has its value type, and every tenth an enum, an input, an interface and a union beside it.
const ENTITIES: usize = 860;

/// Which sources have an entity: its owner, and two that add fields to it.
fn holders(entity: usize) -> [usize; 3] {
    [entity % SOURCES, (entity * 7 + 1) % SOURCES, (entity * 13 + 2) % SOURCES]
}

fn source(at: usize) -> String {
    let mut sdl = String::from(
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@shareable\", \"@external\", \"@requires\", \"@provides\", \"@tag\"])\n",
    );
    let mut queries = String::new();
    for entity in (0..ENTITIES).filter(|entity| holders(*entity).contains(&at)) {
        let [owner, second, third] = holders(entity);
        if owner == at {
            owned(&mut sdl, entity);
            let _ = writeln!(
                queries,
                "  e{entity}(id: ID!): E{entity}\n  tutti{entity}(primi: Int = 10): [E{entity}!]!"
            );
        } else {
            let next = (entity + SOURCES) % ENTITIES;
            let _ = writeln!(sdl, "type E{entity} @key(fields: \"id\") {{\n  id: ID!");
            if second == at {
                let _ = writeln!(
                    sdl,
                    "  vicino: E{next} conto(anno: Int): Int\n  nome: String @external etichetta: String @requires(fields: \"nome\")"
                );
            }
            if third == at && third != second {
                let _ = writeln!(sdl, "  luogo: V{entity} stato: String @tag(name: \"interno\")");
            }
            sdl.push_str("}\n");
            if third == at && third != second {
                let _ = writeln!(sdl, "type V{entity} {{ via: String @shareable cap: String @shareable }}");
            }
            // A reference to somebody else's entity, where this source says nothing else of it.
            if second == at && !holders(next).contains(&at) {
                let _ = writeln!(sdl, "type E{next} @key(fields: \"id\", resolvable: false) {{ id: ID! }}");
            }
        }
    }
    let stubs: std::collections::BTreeSet<&str> =
        sdl.lines().filter(|l| l.contains("resolvable: false")).collect();
    let stubs = stubs.into_iter().map(str::to_owned).collect::<Vec<_>>().join("\n");
    let rest: Vec<&str> = sdl.lines().filter(|l| !l.contains("resolvable: false")).collect();
    format!("{}\n{stubs}\ntype Query {{\n  salute{at}: Int\n{queries}}}\n", rest.join("\n"))
}

fn owned(sdl: &mut String, entity: usize) {
    let tenth = entity.is_multiple_of(10);
    let implements = if tenth { format!(" implements I{entity}") } else { String::new() };
    let _ = writeln!(
        sdl,
        "\"L'entità {entity}.\"\ntype E{entity}{implements} @key(fields: \"id\") @key(fields: \"codice\") {{"
    );
    let _ = writeln!(
        sdl,
        "  id: ID!\n  codice: String!\n  nome: String\n  sede: V{entity}\n  numero(a: Int, b: String = \"x\"): Float"
    );
    if tenth {
        let _ = writeln!(
            sdl,
            "  colore(filtro: In{entity}): C{entity}\n  esito: U{entity}\n  pari: [I{entity}!]"
        );
    }
    let _ = writeln!(sdl, "}}\ntype V{entity} {{ via: String @shareable cap: String @shareable }}");
    if tenth {
        let _ = writeln!(
            sdl,
            "interface I{entity} {{ id: ID! nome: String }}\nenum C{entity} {{ ROSSO VERDE BLU }}"
        );
        let _ = writeln!(
            sdl,
            "input In{entity} {{ testo: String colore: C{entity} }}\nunion U{entity} = E{entity} | V{entity}"
        );
    }
}

#[test]
fn two_thousand_types_of_thirty_sources_compose() {
    let names: Vec<String> = (0..SOURCES).map(|at| format!("s{at:02}")).collect();
    let texts: Vec<String> = (0..SOURCES).map(source).collect();
    let sources: Vec<SourceSdl<'_>> =
        names.iter().zip(&texts).map(|(name, sdl)| SourceSdl { name, url: None, file: name, sdl }).collect();
    let started = Instant::now();
    let supergraph = compose(&sources).unwrap();
    let took = started.elapsed();
    let types = supergraph.sdl().lines().filter(|line| {
        ["type ", "interface ", "enum ", "input ", "union "].iter().any(|word| line.starts_with(word))
    });
    let types = types.count();
    println!("{types} types, {} bytes, {took:?}", supergraph.sdl().len());
    assert!(types > 2_000, "{types} types");
    for name in names {
        assert!(supergraph.sdl().contains(&format!("(graph: {})", name.to_uppercase())), "{name}");
    }
}
