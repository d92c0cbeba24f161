//! The source's file as a partner would write it.

pub(crate) const SDL: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from", "@code"])

scalar DateTime
scalar Date
scalar CodiceFiscale

type Query {
  servizi(cerca: String, stati: [Stato!], first: Int, after: String): ServizioConnection!
    @connect(
      http: { get: "/services", query: [{ name: "full", value: "true" }, { name: "search", value: "{$args.cerca}" }], select: ".contents" }
      filter: [{ arg: "stati", param: "status", op: IN }]
      page: { first: "first", after: "after", size: 30, numberParam: "page", sizeParam: "per_page", totalPages: ".total_pages" }
    )
  grandi(first: Int, after: String): ServizioConnection!
    @connect(
      http: { get: "/services", select: ".contents" }
      page: { first: "first", after: "after", size: 10, numberParam: "page", totalPages: ".total_pages" }
    )
  piccole(first: Int, after: String): ServizioConnection!
    @connect(
      http: { get: "/services", select: ".contents" }
      page: { first: "first", after: "after", size: 50, numberParam: "page", sizeParam: "per_page", totalPages: ".total_pages" }
    )
  elenco(first: Int): [Servizio!]!
    @connect(
      http: { get: "services", select: ".contents" }
      page: { first: "first", size: 10, numberParam: "page", sizeParam: "per_page" }
    )
  tutti(first: Int, after: String): ServizioConnection!
    @connect(http: { get: "/all" }, page: { first: "first", after: "after" })
  servizio(id: ID!): Servizio @connect(http: { get: "/services/{$args.id}" })
  strano(id: ID!): Servizio @connect(http: { get: "/odd/{$args.id}" })
  mancante: Servizio @connect(http: { get: "/nowhere" })
}

type ServizioConnection {
  nodes: [Servizio!]!
  edges: [ServizioEdge!]!
  pageInfo: PageInfo!
}

type ServizioEdge {
  cursor: String!
  node: Servizio!
}

type PageInfo @shareable {
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  endCursor: String
}

enum Stato {
  ATTIVO @code(is: ["active"])
  CHIUSO @code(is: ["defunct", "inactive"])
  ALTRO @code(otherwise: true)
}

type Servizio @key(fields: "id") @connect(http: { get: "/services/{$this.id}" }) {
  id: ID!
  nome: String @from(jq: ".name")
  stato: Stato @from(jq: ".status")
  posti: Int @from(jq: ".capacity[0].available")
  telefoni: [String!] @from(jq: ".phones[].number")
  organizzazione: Organizzazione @from(jq: ".organization")
  aggiornatoIl: DateTime @from(jq: ".last_modified")
  fonte: String @from(meta: SOURCE)
  chiestoIl: DateTime @from(meta: AS_OF)
}

type Strano @key(fields: "id") @connect(http: { get: "/odd/{$this.id}" }) {
  id: ID!
  nome: String @from(jq: ".name")
}

type Organizzazione @key(fields: "id")
  @connect(http: { get: "/organizations", query: [{ name: "ids", value: "{$batch.id}" }] }, batch: { maxSize: 3 }) {
  id: ID!
  nome: String @from(jq: ".name")
  posta: String @from(jq: ".email")
  vicini: [Servizio!]
    @connect(http: { get: "/near", query: [{ name: "postcode", value: "{$this.id}" }], select: ".contents" }
             page: { numberParam: "page", sizeParam: "per_page", size: 2, totalPages: ".total_pages" })
}

type Quartiere @key(fields: "id") {
  id: ID!
  cap: String @external
  servizi(first: Int): [Servizio!]! @requires(fields: "cap")
    @connect(http: { get: "/near", query: [{ name: "postcode", value: "{$this.cap}" }], select: ".contents" }
             page: { first: "first", size: 2, numberParam: "page", sizeParam: "per_page", totalPages: ".total_pages" })
}

type Persona @key(fields: "codiceFiscale") {
  codiceFiscale: CodiceFiscale!
  visite(first: Int): [Visita!]!
    @connect(http: { post: "/visits", body: "{codes: $batch.codiceFiscale}", select: ".visits", joinBy: ".person.cf" }
             page: { first: "first" }, batch: { maxSize: 2 })
}

type Visita {
  giorno: Date! @from(jq: ".day")
}
"#;
