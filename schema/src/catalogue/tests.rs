//! Supergraphs of every join version in; what the catalogue makes of them.

use super::*;

/// As Raccordo's own composition and Apollo's print them, with everything that clients must not see.
const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "nascosto", for: SECURITY)
  @link(url: "https://specs.apollo.dev/tag/v0.3")
  @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", { name: "@listSize", as: "@dimensione" }])
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://altro.example/stile/v1.0", import: ["@stile", "Colore"])
{ query: Query }

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, isInterfaceObject: Boolean = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, external: Boolean, usedOverridden: Boolean) repeatable on FIELD_DEFINITION
directive @nascosto on FIELD_DEFINITION | OBJECT | ENUM_VALUE | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT
directive @cost(weight: Int!) on FIELD_DEFINITION
directive @dimensione(assumedSize: Int) on FIELD_DEFINITION
directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION
directive @stile(colore: Colore) on OBJECT
directive @raccordo__personal(category: raccordo__Category!, generalise: raccordo__Generalise) on FIELD_DEFINITION | ARGUMENT_DEFINITION
directive @raccordo__subject(key: String!) on OBJECT
directive @incrementale(passo: Int) on QUERY
enum raccordo__Category { PUBLIC PERSONAL SPECIAL JUDICIAL }
enum raccordo__Generalise { AGE_BAND YEAR }
enum Colore { ROSSO }
scalar join__FieldSet
scalar link__Import
scalar requiresScopes__Scope
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  ANAGRAFE @join__graph(name: "anagrafe", url: "")
  ASL_1 @join__graph(name: "asl-1", url: "https://asl.example/graphql")
}

type Query @join__type(graph: ANAGRAFE) @join__type(graph: ASL_1) {
  persona(codice: ID! @raccordo__personal(category: PERSONAL), segreto: Int @nascosto): Persona @join__field(graph: ANAGRAFE) @cost(weight: 3)
  nodi: [Nodo!]! @join__field(graph: ASL_1) @dimensione(assumedSize: 3)
  trovati(filtro: Filtro): [Trovato!]! @join__field(graph: ASL_1)
}

interface Nodo @join__type(graph: ANAGRAFE) @join__type(graph: ASL_1, isInterfaceObject: true) {
  id: ID!
  nota: String @join__field(graph: ASL_1)
}

type Persona implements Nodo @join__type(graph: ANAGRAFE, key: "id") @join__type(graph: ASL_1, key: "id") @raccordo__subject(key: "id") @tag(name: "x") @stile(colore: ROSSO) {
  id: ID! @raccordo__personal(category: PERSONAL)
  nascita: String @join__field(graph: ANAGRAFE) @raccordo__personal(category: PERSONAL, generalise: AGE_BAND)
  diagnosi: String @join__field(graph: ASL_1) @join__field(graph: ANAGRAFE, external: true) @raccordo__personal(category: SPECIAL)
  reato: String @join__field(graph: ASL_1) @join__field(graph: ANAGRAFE, usedOverridden: true) @raccordo__personal(category: JUDICIAL) @requiresScopes(scopes: [["x"]])
  interno: String @nascosto
  nota: String @join__field
  stato: Stato
}

type Interna implements Nodo @join__type(graph: ASL_1) @nascosto { id: ID! nota: String }
union Trovato @join__type(graph: ASL_1) = Persona | Interna
enum Stato @join__type(graph: ANAGRAFE) { ATTIVO CESSATO INTERNO @nascosto }
input Filtro @join__type(graph: ASL_1) { testo: String segreto: String @nascosto }
"#;

fn names(types: &[Name]) -> Vec<&str> {
    types.iter().map(|name| &**name).collect()
}

#[test]
fn clients_see_the_graph_and_nothing_of_its_making() {
    let catalogue = Catalogue::from_supergraph(SUPERGRAPH).unwrap();
    assert_eq!(
        catalogue.api_sdl().trim(),
        r#"directive @incrementale(passo: Int) on QUERY

type Query {
  persona(codice: ID!): Persona
  nodi: [Nodo!]!
  trovati(filtro: Filtro): [Trovato!]!
}

interface Nodo {
  id: ID!
  nota: String
}

type Persona implements Nodo {
  id: ID!
  nascita: String
  diagnosi: String
  reato: String
  nota: String
  stato: Stato
}

union Trovato = Persona

enum Stato {
  ATTIVO
  CESSATO
}

input Filtro {
  testo: String
}"#
    );
}

#[test]
fn owners_leave_out_the_external_and_the_overridden() {
    let catalogue = Catalogue::from_supergraph(SUPERGRAPH).unwrap();
    assert_eq!(catalogue.owners("Persona", "id"), [0, 1]);
    assert_eq!(catalogue.owners("Persona", "nascita"), [0]);
    assert_eq!(catalogue.owners("Persona", "diagnosi"), [1]);
    assert_eq!(catalogue.owners("Persona", "reato"), [1]);
    assert_eq!(
        catalogue.owners("Persona", "nota"),
        [1],
        "an interface object's field is had where the interface has it"
    );
    assert_eq!(catalogue.owners("Persona", "ignoto"), [0_usize; 0]);
    let asl = catalogue.source_of_graph("ASL_1").unwrap();
    assert_eq!((&*asl.name, asl.url.as_deref()), ("asl-1", Some("https://asl.example/graphql")));
    assert_eq!(catalogue.sources().first().map(|source| source.url.clone()), Some(None));
}

#[test]
fn categories_and_subjects_are_known_by_coordinate() {
    let catalogue = Catalogue::from_supergraph(SUPERGRAPH).unwrap();
    assert_eq!(catalogue.category("Persona", "diagnosi"), Category::Special);
    assert_eq!(catalogue.category("Persona", "reato"), Category::Judicial);
    assert_eq!(catalogue.category("Persona", "stato"), Category::Public);
    assert_eq!(catalogue.generalise("Persona", "nascita"), Some(Generalise::AgeBand));
    assert_eq!(catalogue.argument_category("Query", "persona", "codice"), Category::Personal);
    assert_eq!(catalogue.category("Query", "persona"), Category::Public);
    assert_eq!(catalogue.subject_key("Persona").map(|key| &**key), Some("id"));
    assert_eq!(catalogue.subject_key("Query"), None);
    assert!(catalogue.has_personal());
    assert!(Category::Public < Category::Personal && Category::Special < Category::Judicial);
}

#[test]
fn possible_types_include_the_hidden_ones() {
    let catalogue = Catalogue::from_supergraph(SUPERGRAPH).unwrap();
    assert_eq!(names(catalogue.possible_types("Nodo")), ["Persona", "Interna"]);
    assert_eq!(names(catalogue.possible_types("Trovato")), ["Persona", "Interna"]);
    assert_eq!(names(catalogue.possible_types("Persona")), ["Persona"]);
    assert!(catalogue.possible_types("Stato").is_empty());
}

#[test]
fn the_first_join_specification_is_read_too() {
    let catalogue = Catalogue::from_supergraph(
        r#"
schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
directive @core(feature: String!) repeatable on SCHEMA
directive @join__field(graph: join__Graph, requires: join__FieldSet) on FIELD_DEFINITION
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT
directive @join__owner(graph: join__Graph!) on OBJECT
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }
type Query { io: Io @join__field(graph: A) }
type Io @join__owner(graph: A) @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! @join__field(graph: A) nome: String altro: Int @join__field(graph: B) v: Valore }
type Valore { x: Int }
"#,
    )
    .unwrap();
    assert_eq!(catalogue.owners("Io", "nome"), [0]);
    assert_eq!(catalogue.owners("Io", "altro"), [1]);
    assert_eq!(catalogue.owners("Valore", "x"), [0, 1]);
    assert!(!catalogue.api_sdl().contains("join__") && !catalogue.api_sdl().contains("core"));
    assert!(!catalogue.has_personal());
}

#[test]
fn what_is_no_supergraph_is_refused_with_its_place() {
    let rules = |sdl: &str| {
        Catalogue::from_supergraph(sdl).unwrap_err().iter().map(|d| (d.rule, d.at.line)).collect::<Vec<_>>()
    };
    assert_eq!(rules("type Query { a: Int }"), [("NOT_A_SUPERGRAPH", 0)]);
    assert_eq!(rules("type Query {\n a: }"), [("INVALID_GRAPHQL", 2)]);
    let hidden_type_in_sight = SUPERGRAPH.replace("stato: Stato", "interna: Interna");
    assert_eq!(rules(&hidden_type_in_sight).first().map(|(rule, _)| *rule), Some("INVALID_API_SCHEMA"));
}

#[test]
fn defaults_that_contain_themselves_are_refused() {
    let wrong = |inputs: &str| match Catalogue::from_supergraph(&format!("{SUPERGRAPH}\n{inputs}")) {
        Ok(_) => Vec::new(),
        Err(all) => all.into_iter().map(|d| (d.rule, d.message)).collect::<Vec<_>>(),
    };
    let told = |coordinate: &str| {
        let message = format!("the default of `{coordinate}` contains itself: no value is like that");
        vec![("INPUT_DEFAULT_IN_CIRCLES", message)]
    };
    assert_eq!(wrong("input A { n: Int a: A = {} }"), told("A.a"));
    assert_eq!(wrong("input A { b: [B!] = [{ n: 1 }] } input B { n: Int a: A = {} }"), told("A.b"));
    assert_eq!(wrong("input A { n: Int = 3 a: A = { a: null } b: [A!] = [] }"), []);
    assert_eq!(wrong("input A { n: Int a: A }"), []);
}

#[test]
fn an_unknown_category_is_the_strictest() {
    let catalogue =
        Catalogue::from_supergraph(&SUPERGRAPH.replace("category: SPECIAL", "category: ARCANE")).unwrap();
    assert_eq!(catalogue.category("Persona", "diagnosi"), Category::Judicial);
}

#[test]
fn text_cut_anywhere_is_read_or_refused() {
    for at in SUPERGRAPH.char_indices().map(|(at, _)| at).step_by(7) {
        let _ = Catalogue::from_supergraph(&SUPERGRAPH[..at]);
        let _ = Catalogue::from_supergraph(&SUPERGRAPH[at..]);
    }
}
