//! Keys: whole numbers, several columns, nested fields, a view without types, and what isn't a key at all.

use serde_json::json;

use crate::support::both;

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
    for database in both(SDL, SCRIPT).await {
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
    for database in both(NAMES, script).await {
        let got = database.roots("strane { valore ordine }").await;
        let expected = json!({ "strane": [{ "valore": "a", "ordine": 1 }, { "valore": "b", "ordine": 2 }] });
        assert_eq!(got, expected, "{}", database.name);
    }
}
