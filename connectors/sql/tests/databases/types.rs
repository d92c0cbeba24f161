//! Columns of every make as leaves of every type.

use serde_json::json;

use crate::support::{postgres, sqlite};

const SDL: &str = r#"
type Query { riga: Riga @connect(sql: { table: "righe" }) vecchia: Riga @connect(sql: { table: "vecchie" }) }
enum Stato { APERTO @code(is: ["A", "1"]) CHIUSO @code(is: ["C"]) ALTRO @code(otherwise: true) }
enum Stretto { SI NO }
type Riga {
  piccolo: Int grande: String intero: Int lungo: Int
  reale: Float doppio: Float esatto: Float esattoTesto: String @from(column: "esatto") esattoIntero: Int @from(column: "intero_esatto")
  vero: Boolean codice: ID carattere: String nome: String
  giorno: Date giornoDiMezzanotte: Date @from(column: "mezzanotte") locale: DateTime istante: DateTime
  istanteTesto: String @from(column: "istante") uno: ID dati: Dati datiTesto: Dati @from(column: "dati_b")
  stato: Stato ignoto: Stato @from(column: "codice") stretto: Stretto
  byte: String
}
"#;

#[tokio::test]
async fn postgres_types_become_leaves() {
    let script = r#"
      CREATE TYPE stretto AS ENUM ('SI', 'NO'); CREATE DOMAIN codice AS varchar(4);
      CREATE TABLE righe (piccolo smallint, grande bigint, intero integer, lungo bigint, reale real, doppio double precision,
        esatto numeric(12, 4), intero_esatto numeric, vero boolean, codice codice, carattere char(8), nome text, giorno date, mezzanotte timestamp,
        locale timestamp, istante timestamptz, uno uuid, dati json, dati_b jsonb, stato varchar, stretto stretto, byte bytea);
      INSERT INTO righe VALUES (-7, 9007199254740993, 2147483647, 2147483648, 0.1, 1e300, 12.5, 42.00, true, 'C7', 'corto', 'perché "no"',
        '2026-02-28', '2026-02-28', '2026-02-28 10:00:00.5', '2026-02-28 10:00:00+01', '00010203-0405-0607-0809-0a0b0c0d0e0f',
        '{"a": [1, null]}', '["x"]', 'A', 'SI', '\x00');
      CREATE TABLE vecchie AS SELECT * FROM righe;
      UPDATE vecchie SET esatto = 'NaN', doppio = 'infinity', mezzanotte = '2026-02-28 00:00:01', stato = 'Z', giorno = 'infinity';"#;
    let database = postgres(SDL, script);
    let text = "riga { piccolo grande intero lungo reale doppio esatto esattoTesto esattoIntero vero codice carattere nome giorno \
        giornoDiMezzanotte locale istante istanteTesto uno dati datiTesto stato ignoto stretto byte }";
    let expected = json!({ "riga": {
        "piccolo": -7, "grande": "9007199254740993", "intero": 2_147_483_647, "lungo": "<Malformed Riga.lungo>", "reale": 0.1, "doppio": 1e300,
        "esatto": 12.5, "esattoTesto": "12.5000", "esattoIntero": 42, "vero": true, "codice": "C7", "carattere": "corto", "nome": "perché \"no\"",
        "giorno": "2026-02-28", "giornoDiMezzanotte": "2026-02-28", "locale": "2026-02-28T10:00:00.5Z", "istante": "2026-02-28T09:00:00Z",
        "istanteTesto": "2026-02-28T09:00:00Z", "uno": "00010203-0405-0607-0809-0a0b0c0d0e0f", "dati": { "a": [1, null] }, "datiTesto": ["x"],
        "stato": "APERTO", "ignoto": "ALTRO", "stretto": "SI", "byte": "<Malformed Riga.byte>" } });
    assert_eq!(database.roots(text).await, expected);
    let got = database.roots("vecchia { esatto doppio giornoDiMezzanotte stato nome }").await;
    let expected = json!({ "vecchia": { "esatto": "<Malformed Riga.esatto>", "doppio": "<Malformed Riga.doppio>",
        "giornoDiMezzanotte": "<Malformed Riga.giornoDiMezzanotte>", "stato": "ALTRO", "nome": "perché \"no\"" } });
    assert_eq!(got, expected);
}

#[tokio::test]
async fn sqlite_values_become_leaves_whatever_their_column_says() {
    let script = r#"
      CREATE TABLE righe (piccolo INTEGER, grande INTEGER, lungo INTEGER, reale REAL, esatto NUMERIC, intero_esatto REAL, vero BOOLEAN, codice TEXT,
        giorno DATE, mezzanotte DATETIME, locale DATETIME, istante TEXT, dati TEXT, stato INTEGER, stretto TEXT, byte BLOB, nome INTEGER);
      INSERT INTO righe VALUES (-7, 9007199254740993, 2147483648, 0.1, 12.5, 42.0, 1, 'C7', '2026-02-28', '2026-02-28 00:00:00', '2026-02-28 10:00:00',
        '2026-02-28T10:00:00+01:00', '{"a":1}', 1, 'FORSE', x'00', 'testo');
      CREATE TABLE vecchie AS SELECT * FROM righe; UPDATE vecchie SET giorno = '28/02/2026', vero = 2, piccolo = 'x', locale = 'ieri';"#;
    let database = sqlite(SDL, script).await;
    let text = "riga { piccolo grande lungo reale esatto esattoIntero vero codice giorno giornoDiMezzanotte locale istante stato stretto byte nome }";
    let expected = json!({ "riga": {
        "piccolo": -7, "grande": "9007199254740993", "lungo": "<Malformed Riga.lungo>", "reale": 0.1, "esatto": 12.5, "esattoIntero": 42,
        "vero": true, "codice": "C7", "giorno": "2026-02-28", "giornoDiMezzanotte": "2026-02-28", "locale": "2026-02-28T10:00:00Z",
        "istante": "2026-02-28T09:00:00Z", "stato": "APERTO", "stretto": "<Malformed Riga.stretto>", "byte": "<Malformed Riga.byte>",
        "nome": "testo" } });
    assert_eq!(database.roots(text).await, expected);
    let got = database.roots("vecchia { giorno vero piccolo locale codice }").await;
    let lost = |field: &str| format!("<Malformed Riga.{field}>");
    let expected = json!({ "vecchia": { "giorno": lost("giorno"), "vero": lost("vero"), "piccolo": lost("piccolo"), "locale": lost("locale"), "codice": "C7" } });
    assert_eq!(got, expected);
}
