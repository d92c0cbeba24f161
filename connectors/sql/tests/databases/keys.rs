//! Keys: whole numbers, several columns, nested fields, a view without types, and what isn't a key at all.

use serde_json::json;

use crate::support::all;

const SDL: &str = r#"
type Query { vie: [Via!]! @connect(sql: { table: "vie" }) }
type Via @key(fields: "id") @connect(sql: { table: "vie", key: ["cod"] }) {
  id: ID! @from(column: "cod")
  nome: String
  civici: [Civico!]! @connect(sql: { table: "civici", key: ["via"] })
}
type Calcolata @key(fields: "id") @connect(sql: { table: "calcolate" }) { id: ID! nome: String }
type Civico @key(fields: "via { id } numero") @connect(sql: { table: "civici", key: ["via", "numero"] }, batch: { maxSize: 2 }) {
  via: Strada!
  numero: String!
  interni: Int
  scale: [Scala!]! @connect(sql: { table: "scale", key: ["via", "numero"] })
}
type Strada { id: ID! @from(column: "via") }
type Scala { lettera: String }
"#;

const SCRIPT: &str = r#"
CREATE TABLE vie (cod INTEGER PRIMARY KEY, nome TEXT);
INSERT INTO vie VALUES (7, 'Roma'), (12, 'Dante');
CREATE VIEW calcolate AS SELECT cod + 100 AS id, nome FROM vie;
CREATE TABLE civici (via INTEGER, numero VARCHAR(4), interni INTEGER);
INSERT INTO civici VALUES (7, '1', 3), (7, '1a', 4), (12, '1', 5), (12, '1a', NULL);
CREATE TABLE scale (via INTEGER, numero VARCHAR(4), lettera TEXT);
INSERT INTO scale VALUES (7, '1', 'A'), (7, '1', 'B'), (12, '1', 'C');
"#;

#[tokio::test]
async fn keys_of_every_make() {
    for database in all(SDL, SCRIPT).await {
        let keys = ["12", "sette", "7", "07", "99999999999999999999"].map(|id| json!({ "id": id }));
        let got = database.entities("Via", "nome", &keys).await;
        assert_eq!(
            got,
            json!([{ "nome": "Dante" }, null, { "nome": "Roma" }, null, null]),
            "{}",
            database.name
        );

        let got = database.entities("Via", "nome", &[json!({ "id": 7 }), json!({ "id": null })]).await;
        assert_eq!(got, json!([{ "nome": "Roma" }, null]), "{}", database.name);

        let got = database.entities("Calcolata", "id nome", &[json!({ "id": "107" })]).await;
        assert_eq!(got, json!([{ "id": "107", "nome": "Roma" }]), "{}", database.name);

        let key = |via: &str, numero: &str| json!({ "via": { "id": via }, "numero": numero });
        let keys =
            [key("12", "1"), key("7", "1a"), key("7", "2"), key("x", "1"), key("12", "1a"), key("7", "1")];
        let fetch = database.ask.entities("Civico", "interni scale { lettera }", &keys).unwrap();
        assert_eq!(
            database.answer(&fetch).await,
            json!([
                { "interni": 5, "scale": [{ "lettera": "C" }] },
                { "interni": 4, "scale": [] },
                null,
                null,
                { "interni": null, "scale": [] },
                { "interni": 3, "scale": [{ "lettera": "A" }, { "lettera": "B" }] },
            ]),
            "{}",
            database.name
        );
        // Six keys by two, and one call for the four records that were found.
        assert_eq!(fetch.meter.read().0, 4, "{}", database.name);

        let fetch =
            database.ask.roots("vie { nome civici { numero via { id } scale { lettera } } }").unwrap();
        let got = database.answer(&fetch).await;
        let first = json!({ "nome": "Roma", "civici": [
            { "numero": "1", "via": { "id": "7" }, "scale": [{ "lettera": "A" }, { "lettera": "B" }] },
            { "numero": "1a", "via": { "id": "7" }, "scale": [] } ] });
        assert_eq!(got["vie"][0], first, "{}", database.name);
        assert_eq!(fetch.meter.read().0, 3, "{}", database.name);
    }
}

const NAMES: &str = r#"
type Query { strane: [Strana!]! @connect(sql: { table: "ta\"ble; --" }, order: [{ column: "or\"der" }]) }
type Strana { valore: String @from(column: "select") ordine: Int @from(column: "or\"der") }
"#;

#[tokio::test]
async fn names_are_quoted_whatever_they_are() {
    let script = r#"CREATE TABLE "ta""ble; --" ("select" TEXT, "or""der" INTEGER); INSERT INTO "ta""ble; --" VALUES ('b', 2), ('a', 1);"#;
    for database in all(NAMES, script).await {
        let got = database.roots("strane { valore ordine }").await;
        let expected = json!({ "strane": [{ "valore": "a", "ordine": 1 }, { "valore": "b", "ordine": 2 }] });
        assert_eq!(got, expected, "{}", database.name);
    }
}

const REFERENCES: &str = r#"
type Query {
  pratiche(cf: CodiceFiscale, cfs: [CodiceFiscale!]): [Pratica!]! @connect(sql: { table: "pratiche" }, filter: [{ arg: "cf", column: "cf" }, { arg: "cfs", column: "cf", op: IN }], order: { column: "id" })
}
type Pratica @key(fields: "id") @connect(sql: { table: "pratiche" }) {
  id: ID! cf: CodiceFiscale
  quartiere: Quartiere @from(column: "cod_zona")
  madre: Pratica @from(column: "madre")
  persona: Persona @from(column: "cf")
  dove: Dove
}
type Dove { zona: String @from(column: "cod_zona") quartiere: Quartiere @from(column: "cod_zona") }
type Quartiere @key(fields: "codice") @connect(sql: { table: "quartieri", key: ["cod"] }) { codice: ID! @from(column: "cod") nome: String }
type Persona @key(fields: "cf") @connect(sql: { table: "persone" }) {
  cf: CodiceFiscale! nome: String
  pratiche: [Pratica!]! @connect(sql: { table: "pratiche", key: ["cf"] }, order: { column: "id" })
}
"#;

const SMALL_LETTERS: &str = "CREATE TABLE quartieri (cod VARCHAR(4), nome TEXT); INSERT INTO quartieri VALUES ('Q1', 'Centro'), ('Q2', 'San Rocco');
CREATE TABLE persone (cf VARCHAR(16), nome TEXT); INSERT INTO persone VALUES ('rssmra50a01z999s', 'Mario'), ('BNCLCU52B41Z999T', 'Lucia');
CREATE TABLE pratiche (id INTEGER, nome TEXT, cf VARCHAR(16), cod_zona VARCHAR(4), madre INTEGER);
INSERT INTO pratiche VALUES (1, 'segreto', 'RSSMRA50A01Z999S', 'Q2', NULL), (2, 'segreto', 'bnclcu52b41z999t', 'Q1', 1), (3, 'segreto', NULL, NULL, 2), (4, 'segreto', 'rssmra50a01z999s', 'Q9', 1);";

#[tokio::test]
async fn a_column_leads_to_the_record_that_it_refers_to() {
    for database in all(REFERENCES, SMALL_LETTERS).await {
        let fetch = database
            .ask
            .roots("pratiche { id quartiere { codice nome } madre { id } dove { zona quartiere { nome } } }")
            .unwrap();
        let got = database.answer(&fetch).await;
        let zone = |code: &str, name: &str| {
            (json!({ "codice": code, "nome": name }), json!({ "zona": code, "quartiere": { "nome": name } }))
        };
        let ((q1, d1), (q2, d2)) = (zone("Q1", "Centro"), zone("Q2", "San Rocco"));
        assert_eq!(
            got,
            json!({ "pratiche": [
                { "id": "1", "quartiere": q2, "madre": null, "dove": d2 },
                { "id": "2", "quartiere": q1, "madre": { "id": "1" }, "dove": d1 },
                { "id": "3", "quartiere": null, "madre": { "id": "2" }, "dove": null },
                { "id": "4", "quartiere": null, "madre": { "id": "1" }, "dove": { "zona": "Q9", "quartiere": null } },
            ] }),
            "{}",
            database.name
        );
        // One for the list, one for each of the two references; the mother's key stands in the row.
        assert_eq!(fetch.meter.read().0, 3, "{}", database.name);

        // Rows come in the database's order, not in that of the keys.
        let keys = ["4", "2", "1"].map(|id| json!({ "id": id }));
        let got = database.entities("Pratica", "quartiere { nome } dove { quartiere { nome } }", &keys).await;
        let of =
            |name: &str| json!({ "quartiere": { "nome": name }, "dove": { "quartiere": { "nome": name } } });
        let none = json!({ "quartiere": null, "dove": { "quartiere": null } });
        assert_eq!(got, json!([none, of("Centro"), of("San Rocco")]), "{}", database.name);
    }
}

#[tokio::test]
async fn a_codice_fiscale_is_found_however_it_is_stored() {
    for database in all(REFERENCES, SMALL_LETTERS).await {
        let keys = ["RSSMRA50A01Z999S", "bnclcu52b41z999t", "VRDGNN90C01Z999T"].map(|cf| json!({ "cf": cf }));
        let got = database.entities("Persona", "nome pratiche { id }", &keys).await;
        let expected = json!([
            { "nome": "Mario", "pratiche": [{ "id": "1" }, { "id": "4" }] },
            { "nome": "Lucia", "pratiche": [{ "id": "2" }] },
            null,
        ]);
        assert_eq!(got, expected, "{}", database.name);
        let found = async |arguments: &str| {
            database.roots(&format!("pratiche({arguments}) {{ id persona {{ nome }} }}")).await["pratiche"]
                .clone()
        };
        let mario = json!([{ "id": "1", "persona": { "nome": "Mario" } }, { "id": "4", "persona": { "nome": "Mario" } }]);
        assert_eq!(found("cf: \"rssmra50a01z999s\"").await, mario, "{}", database.name);
        assert_eq!(found("cfs: [\"RSSMRA50A01Z999S\"]").await, mario, "{}", database.name);
        assert_eq!(found("cf: \"nessuno\"").await, json!([]), "{}", database.name);
    }
}

const QUERIES: &str = r#"
type Query {
  conti(minimo: Int, tipo: String, soglia: Float, tutti: Boolean, first: Int, after: String): Conti! @connect(
    sql: { query: "SELECT tipo, COUNT(*) AS quanti FROM voci WHERE ({$args.minimo} IS NULL OR punti >= {$args.minimo}) AND punti < COALESCE({$args.soglia}, 100) GROUP BY tipo -- fine" }
    filter: [{ arg: "tipo", column: "tipo" }, { arg: "tutti", column: "quanti", op: GE }]
    order: { column: "quanti", descending: true }, page: { first: "first", after: "after" })
}
type Conti { nodes: [Conto!]! pageInfo: PageInfo! }
type Conto @key(fields: "tipo") @connect(sql: { query: "SELECT tipo, COUNT(*) AS quanti FROM voci GROUP BY tipo" }) {
  tipo: ID! quanti: Int
  voci(minimo: Int, first: Int): [Voce!]! @connect(sql: { query: "SELECT * FROM voci WHERE punti >= {$args.minimo}", key: ["tipo"] }, order: { column: "punti" }, page: { first: "first" })
}
type Voce { punti: Int }
"#;

#[tokio::test]
async fn a_query_stands_for_a_table() {
    let script = "CREATE TABLE voci (tipo VARCHAR(2), punti INTEGER); INSERT INTO voci VALUES ('a', 1), ('a', 5), ('b', 7), ('a', 9), ('c', 9);";
    for database in all(
        &QUERIES
            .replace(", tutti: Boolean", "")
            .replace("{ arg: \"tutti\", column: \"quanti\", op: GE }", ""),
        script,
    )
    .await
    {
        let found = async |arguments: &str| {
            database.roots(&format!("conti{arguments} {{ nodes {{ tipo quanti }} }}")).await["conti"]["nodes"]
                .clone()
        };
        let conto = |tipo: &str, quanti: i64| json!({ "tipo": tipo, "quanti": quanti });
        assert_eq!(
            found("").await,
            json!([conto("a", 3), conto("b", 1), conto("c", 1)]),
            "{}",
            database.name
        );
        assert_eq!(
            found("(minimo: 5, soglia: 8.5)").await,
            json!([conto("a", 1), conto("b", 1)]),
            "{}",
            database.name
        );
        assert_eq!(found("(tipo: \"b\")").await, json!([conto("b", 1)]), "{}", database.name);
        let keys = ["c", "x", "a"].map(|tipo| json!({ "tipo": tipo }));
        let got = database.entities("Conto", "quanti voci(minimo: 5, first: 1) { punti }", &keys).await;
        let expected = json!([{ "quanti": 1, "voci": [{ "punti": 9 }] }, null, { "quanti": 3, "voci": [{ "punti": 5 }] }]);
        assert_eq!(got, expected, "{}", database.name);
    }
}

const JOINS: &str = r#"
type Query { righe: [Riga!]! @connect(sql: { table: "righe" }, order: { column: "id" }) }
type Riga @key(fields: "id") @connect(sql: { table: "righe" }) {
  id: ID!
  ordine: Ordine @connect(sql: { table: "ordini", key: ["anno", "numero"], parent: ["anno_ordine", "num_ordine"] })
  vicine(first: Int): [Riga!]! @connect(sql: { table: "righe", key: ["zona"], parent: ["zona"] }, order: { column: "id" }, page: { first: "first" })
}
type Ordine { anno: Int numero: String cliente: String }
"#;

#[tokio::test]
async fn a_record_leads_to_others_by_any_of_its_columns() {
    let script = "CREATE TABLE ordini (anno INTEGER, numero VARCHAR(4), cliente TEXT);
        INSERT INTO ordini VALUES (2025, '1', 'Ada'), (2026, '1', 'Bice'), (2026, '2', 'Carla');
        CREATE TABLE righe (id INTEGER, anno_ordine INTEGER, num_ordine VARCHAR(4), zona VARCHAR(3));
        INSERT INTO righe VALUES (1, 2026, '1', 'a'), (2, 2025, '1', 'a'), (3, NULL, '1', NULL), (4, 2026, '9', 'b');";
    for database in all(JOINS, script).await {
        let fetch = database.ask.roots("righe { id ordine { cliente } vicine(first: 5) { id } }").unwrap();
        let riga = |id: &str, cliente: Option<&str>, vicine: &[&str]| {
            let vicine: Vec<_> = vicine.iter().map(|id| json!({ "id": id })).collect();
            json!({ "id": id, "ordine": cliente.map(|cliente| json!({ "cliente": cliente })), "vicine": vicine })
        };
        let expected = [
            riga("1", Some("Bice"), &["1", "2"]),
            riga("2", Some("Ada"), &["1", "2"]),
            riga("3", None, &[]),
            riga("4", None, &["4"]),
        ];
        assert_eq!(database.answer(&fetch).await, json!({ "righe": expected }), "{}", database.name);
        // One statement a level: the list, the orders, the neighbours.
        assert_eq!(fetch.meter.read().0, 3, "{}", database.name);
        let got =
            database.entities("Riga", "ordine { anno }", &["2", "1"].map(|id| json!({ "id": id }))).await;
        assert_eq!(
            got,
            json!([{ "ordine": { "anno": 2025 } }, { "ordine": { "anno": 2026 } }]),
            "{}",
            database.name
        );
    }
}
