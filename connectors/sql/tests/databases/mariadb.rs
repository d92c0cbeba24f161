//! What is MariaDB's and MySQL's own: types, collations, zero dates, statements that are killed, read-only sessions, TLS.

use std::time::Duration;

use raccordo_connector_api::FailureKind;
use raccordo_tests::real::MariaDb;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions, MySqlConnection};

use crate::support::{connect, mapping, mariadb};

const TYPES: &str = r#"
type Query { righe: [Riga!]! @connect(sql: { table: "righe" }, order: { column: "id" }) }
enum Stato { APERTO @code(is: ["a"]) CHIUSO @code(is: ["c"]) }
type Riga @key(fields: "uno") @connect(sql: { table: "righe" }) {
  uno: ID! vero: Boolean piccolo: Int anno: Int grande: String lungo: String bit: Boolean bit8: Int esatto: Float esattoTesto: String @from(column: "esatto")
  reale: Float doppio: Float codice: ID nome: String note: String stato: Stato insieme: String giorno: Date locale: DateTime istante: DateTime
  ora: String dati: Dati datiTesto: String @from(column: "dati") byte: String testo_byte: String luogo: String
}
type PerGrande @key(fields: "grande") @connect(sql: { table: "righe" }) { grande: ID! bit8: Int }
type PerIstante @key(fields: "istante") @connect(sql: { table: "righe" }) { istante: DateTime! bit8: Int }
type PerReale @key(fields: "reale esatto") @connect(sql: { table: "righe" }) { reale: Float! esatto: Float! bit8: Int }
"#;

const ROWS: &str = r#"
CREATE TABLE righe (id INT PRIMARY KEY, uno BINARY(16), vero TINYINT(1), piccolo TINYINT UNSIGNED, anno YEAR, grande BIGINT UNSIGNED, lungo BIGINT,
  bit BIT(1), bit8 BIT(8), esatto DECIMAL(20,4), reale FLOAT, doppio DOUBLE, codice CHAR(8), nome VARCHAR(40) CHARACTER SET utf8mb4,
  note MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, stato ENUM('a','c'), insieme SET('x','y'), giorno DATE, locale DATETIME(3),
  istante TIMESTAMP NULL, ora TIME, dati JSON, byte VARBINARY(4), testo_byte VARBINARY(40), luogo POINT);
SET time_zone = '+02:00';
INSERT INTO righe VALUES (1, UNHEX('000102030405060708090a0b0c0d0e0f'), 1, 255, 2026, 18446744073709551615, -9007199254740993, b'1', 7, 12.5, 0.1, 1e300,
  'corto', 'perché 漢 "no"', 'Nota', 'a', 'x,y', '2026-02-28', '2026-02-28 10:00:00.5', '2026-02-28 10:00:00', '08:30:00', '{"a": [1, null]}', x'00ff', 'testo', POINT(1,2)),
  (2, UNHEX('100102030405060708090a0b0c0d0e0f'), 2, NULL, NULL, 1, NULL, b'0', 8, NULL, NULL, NULL, NULL, NULL, NULL, 'c', '', '0000-00-00',
  '0000-00-00 00:00:00', NULL, '-100:00:01', '7', NULL, NULL, NULL);
"#;

#[tokio::test]
async fn types_become_leaves_and_keys() {
    let database = mariadb(TYPES, ROWS);
    let text = "righe { uno vero piccolo anno grande lungo bit bit8 esatto esattoTesto reale doppio codice nome note stato insieme giorno locale \
        istante ora dati datiTesto byte testo_byte luogo }";
    let first = json!({ "uno": "00010203-0405-0607-0809-0a0b0c0d0e0f", "vero": true, "piccolo": 255, "anno": 2026, "grande": "18446744073709551615",
        "lungo": "-9007199254740993", "bit": true, "bit8": 7, "esatto": 12.5, "esattoTesto": "12.5000", "reale": 0.1, "doppio": 1e300, "codice": "corto",
        "nome": "perché 漢 \"no\"", "note": "Nota", "stato": "APERTO", "insieme": "x,y", "giorno": "2026-02-28", "locale": "2026-02-28T10:00:00.5Z",
        "istante": "2026-02-28T08:00:00Z", "ora": "08:30:00", "dati": { "a": [1, null] }, "datiTesto": "{\"a\": [1, null]}",
        "byte": "<Malformed Riga.byte>", "testo_byte": "testo", "luogo": "<Malformed Riga.luogo>" });
    let second = json!({ "uno": "10010203-0405-0607-0809-0a0b0c0d0e0f", "vero": "<Malformed Riga.vero>", "piccolo": null, "anno": null, "grande": "1",
        "lungo": null, "bit": false, "bit8": 8, "esatto": null, "esattoTesto": null, "reale": null, "doppio": null, "codice": null, "nome": null,
        "note": null, "stato": "CHIUSO", "insieme": "", "giorno": null, "locale": null, "istante": null, "ora": "-100:00:01", "dati": "7",
        "datiTesto": "7", "byte": null, "testo_byte": null, "luogo": null });
    assert_eq!(database.roots(text).await, json!({ "righe": [first, second] }));

    let keys = ["100102030405060708090a0b0c0d0e0f", "10010203-0405-0607-0809-0a0b0c0d0e0f"]
        .map(|id| json!({ "uno": id }));
    assert_eq!(database.entities("Riga", "bit8", &keys).await, json!([null, { "bit8": 8 }]));
    let keys = ["18446744073709551615", "18446744073709551616", "1"].map(|id| json!({ "grande": id }));
    assert_eq!(
        database.entities("PerGrande", "bit8", &keys).await,
        json!([{ "bit8": 7 }, null, { "bit8": 8 }])
    );
    let keys = ["2026-02-28T09:00:00+01:00", "2026-02-28T10:00:00Z"].map(|at| json!({ "istante": at }));
    assert_eq!(database.entities("PerIstante", "bit8", &keys).await, json!([{ "bit8": 7 }, null]));
    let key = json!({ "reale": 0.1, "esatto": 12.5 });
    assert_eq!(database.entities("PerReale", "bit8", &[key]).await, json!([{ "bit8": 7 }]));
}

const WORDS: &str = r#"
type Query {
  parole(uguale: String, non: String, una: [String!], inizio: String, first: Int, after: String): Parole! @connect(sql: { table: "parole" }
    filter: [{ arg: "uguale", column: "testo" }, { arg: "non", column: "testo", op: NE }, { arg: "una", column: "testo", op: IN }, { arg: "inizio", column: "testo", op: PREFIX }]
    order: { column: "testo" }, page: { first: "first", after: "after" })
  perGiorno(first: Int, after: String): Parole! @connect(sql: { table: "parole" }, order: { column: "giorno" }, page: { first: "first", after: "after" })
}
type Parole { nodes: [Parola!]! pageInfo: PageInfo! }
type Parola @key(fields: "testo") @connect(sql: { table: "parole" }) {
  testo: ID! n: Int
  figlie(first: Int): [Figlia!]! @connect(sql: { table: "figlie", key: ["madre"] }, order: { column: "n" }, page: { first: "first" })
}
type Figlia { n: Int }
"#;

/// One table whose collation takes all of these for few, and which no unique index keeps apart.
fn words(charset: &str) -> String {
    format!(
        "CREATE TABLE parole (testo VARCHAR(20) CHARACTER SET {charset}, n INT, giorno DATE NOT NULL);
         CREATE TABLE figlie (madre VARCHAR(20) CHARACTER SET {charset}, n INT);
         INSERT INTO parole VALUES ('a', 1, '0000-00-00'), ('A', 2, '2026-01-01'), ('à', 3, '0000-00-00'), ('a ', 4, '2025-01-01'), ('b', 5, '0000-00-00'), ('B', 6, '2026-01-01');
         INSERT INTO figlie VALUES ('A', 1), ('A', 2), ('a', 3), ('a', 4), ('a', 5), ('b', 6);"
    )
}

#[tokio::test]
async fn texts_are_told_apart_whatever_their_collation() {
    for charset in ["utf8mb4", "latin1", "latin1 COLLATE latin1_general_ci"] {
        let database = mariadb(WORDS, &words(charset));
        let found = async |arguments: &str| -> Vec<i64> {
            let got = database.roots(&format!("parole({arguments}) {{ nodes {{ n }} }}")).await;
            let nodes = got["parole"]["nodes"].as_array().unwrap();
            let mut found: Vec<i64> = nodes.iter().map(|node| node["n"].as_i64().unwrap()).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(found("uguale: \"a\"").await, [1], "{charset}");
        assert_eq!(found("uguale: \"a \"").await, [4], "{charset}");
        assert_eq!(found("uguale: \"漢\"").await, [0; 0], "{charset}");
        assert_eq!(found("non: \"a\"").await, [2, 3, 4, 5, 6], "{charset}");
        assert_eq!(found("una: [\"à\", \"B\", \"漢\"]").await, [3, 6], "{charset}");
        assert_eq!(found("inizio: \"a\"").await, [1, 4], "{charset}");

        let keys = ["a", "A", "à", "À", "B", "漢"].map(|testo| json!({ "testo": testo }));
        let got = database.entities("Parola", "n figlie(first: 2) { n }", &keys).await;
        let word = |n: i64, daughters: &[i64]| {
            let daughters: Vec<Value> = daughters.iter().map(|n| json!({ "n": n })).collect();
            json!({ "n": n, "figlie": daughters })
        };
        let expected = json!([word(1, &[3, 4]), word(2, &[1, 2]), word(3, &[]), null, word(6, &[]), null]);
        assert_eq!(got, expected, "{charset}");
    }
}

#[tokio::test]
async fn pages_lose_nothing_where_a_collation_or_a_zero_date_makes_records_equal() {
    let database = mariadb(WORDS, &words("latin1"));
    for field in ["parole", "perGiorno"] {
        for size in 1..=6 {
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            for _ in 0..7 {
                let text = format!(
                    "{field}(first: {size}, after: {after}) {{ nodes {{ n }} pageInfo {{ hasNextPage endCursor }} }}"
                );
                let got = database.roots(&text).await;
                let nodes = got[field]["nodes"].as_array().unwrap();
                seen.extend(nodes.iter().map(|node| node["n"].as_i64().unwrap()));
                after = got[field]["pageInfo"]["endCursor"].clone();
                if got[field]["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, [1, 2, 3, 4, 5, 6], "{field} by {size}");
        }
    }
}

const VOCI: &str = r#"
type Query { voci: [Voce!]! @connect(sql: { table: "voci" }) perse: [Voce!]! @connect(sql: { table: "perse" }) }
type Voce @key(fields: "id") @connect(sql: { table: "voci" }) { id: ID! nome: String }
"#;

const ONE: &str =
    "CREATE TABLE voci (id INT PRIMARY KEY, nome TEXT); INSERT INTO voci VALUES (1, 'segreto');";

async fn owner(url: &str) -> MySqlConnection {
    url.parse::<MySqlConnectOptions>().unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_killed() {
    let database = mariadb(
        VOCI,
        &format!("{ONE} CREATE VIEW perse AS SELECT 1 AS id, CAST(SLEEP(600) AS CHAR) AS nome;"),
    );
    let ask = database.ask.clone().patience(Duration::from_millis(500));
    let fetch = ask.roots("perse { nome }").unwrap();
    let failure = database.connector.fetch(&fetch).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure}");
    let mut owner = owner(&database.url).await;
    // The statement would sleep for ten minutes, and its own limit is thirty seconds.
    loop {
        let asleep = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%perse%' AND ID <> CONNECTION_ID()";
        let count: i64 = sqlx::query_scalar(asleep).fetch_one(&mut owner).await.unwrap();
        let time: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(TIME), 0) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%perse%' AND ID <> CONNECTION_ID()").fetch_one(&mut owner).await.unwrap();
        assert!(time < 25, "the statement goes on");
        if count == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(database.roots("voci { id }").await, json!({ "voci": [{ "id": "1" }] }));
}

#[tokio::test]
async fn a_session_only_reads_and_its_statements_end() {
    let script = format!(
        "{ONE} CREATE FUNCTION scrivi() RETURNS INT NOT DETERMINISTIC MODIFIES SQL DATA RETURN (SELECT 1);
         DROP FUNCTION scrivi;
         CREATE SEQUENCE numeri;
         CREATE VIEW perse AS SELECT NEXT VALUE FOR numeri AS id, 'x' AS nome;"
    );
    let database = mariadb(VOCI, &script);
    let failure = database.failure("perse { nome id }").await;
    assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
    assert_eq!(database.roots("voci { nome }").await, json!({ "voci": [{ "nome": "segreto" }] }));
}

#[tokio::test]
async fn who_may_not_read_is_refused_and_nothing_is_told() {
    let script = format!(
        "{ONE} CREATE USER ospite IDENTIFIED BY 'segreta'; GRANT SELECT (id) ON prova.voci TO ospite; CREATE TABLE perse (id INT, nome TEXT);"
    );
    let database = mariadb(VOCI, &script);
    let mapping = mapping(VOCI);
    for (login, text, kind) in [
        ("ospite:segreta", "voci { nome }", Some(FailureKind::Refused)),
        ("ospite:segreta", "perse { id }", Some(FailureKind::Refused)),
        ("ospite:sbagliata", "voci { id }", Some(FailureKind::Refused)),
        ("nessuno:segreta", "voci { id }", Some(FailureKind::Refused)),
        ("ospite:segreta", "voci { id }", None),
    ] {
        let connector = connect(&database.url.replace("root@", &format!("{login}@")), &mapping);
        let fetch = database.ask.roots(text).unwrap();
        let failure = connector.fetch(&fetch).await.err();
        assert_eq!(failure.as_ref().map(|failure| failure.kind), kind, "{login} {text}: {failure:?}");
        let told = failure.map(|failure| failure.to_string()).unwrap_or_default();
        assert!(
            !told.contains("ospite") && !told.contains("segreta") && !told.contains("127.0.0.1"),
            "{told}"
        );
    }
    let connector = connect(&format!("{}a", database.url), &mapping);
    let failure = connector.fetch(&database.ask.roots("voci { id }").unwrap()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
}

#[tokio::test]
async fn a_server_that_ends_sessions_or_goes_is_noticed() {
    let mut database = mariadb(VOCI, ONE);
    assert_eq!(database.roots("voci { id }").await, json!({ "voci": [{ "id": "1" }] }));
    let mut owner = owner(&database.url).await;
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND COMMAND = 'Sleep'",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(!ids.is_empty());
    for id in ids {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("KILL {id}"))).execute(&mut owner).await.unwrap();
    }
    assert_eq!(database.roots("voci { id }").await, json!({ "voci": [{ "id": "1" }] }));
    if let Some(server) = &mut database.server {
        server.stop();
    }
    assert_eq!(database.failure("voci { id }").await.kind, FailureKind::Unreachable);
    assert_eq!(database.connector.probe().await.unwrap_err().kind, FailureKind::Unreachable);
}

/// A certificate authority and a certificate for `localhost` and 127.0.0.1, by the `openssl` that the machine has.
fn certificates(folder: &std::path::Path) {
    let script = "umask 022
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=prova-ca 2>err &&
        openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost 2>err &&
        printf 'subjectAltName=DNS:localhost' > ext &&
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out server.pem 2>err &&
        chmod 644 *.key && chmod 755 .";
    let done = std::process::Command::new("sh").args(["-c", script]).current_dir(folder).status().unwrap();
    assert!(done.success(), "{}", std::fs::read_to_string(folder.join("err")).unwrap_or_default());
}

#[tokio::test]
async fn tls_is_verified_where_the_url_says_so() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let options = [
        format!("--ssl-cert={}", path("server.pem")),
        format!("--ssl-key={}", path("server.key")),
        "--require-secure-transport=ON".to_owned(),
    ];
    let server = MariaDb::start_with(&options.each_ref().map(String::as_str)).unwrap();
    server.load(ONE).unwrap();
    let mapping = mapping(VOCI);
    let ask = raccordo_connector_api::conformance::Ask::new(&mapping);
    let ca = path("ca.pem");
    for (host, query, good) in [
        ("localhost", format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"), true),
        ("127.0.0.1", format!("ssl-mode=VERIFY_CA&ssl-ca={ca}"), true),
        ("127.0.0.1", "ssl-mode=REQUIRED".to_owned(), true),
        ("127.0.0.1", format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"), false),
        ("localhost", "ssl-mode=VERIFY_IDENTITY".to_owned(), false),
        ("localhost", "ssl-mode=DISABLED".to_owned(), false),
    ] {
        let connector = connect(&format!("mysql://root@{host}:{}/prova?{query}", server.port()), &mapping);
        let answer = connector.fetch(&ask.roots("voci { id }").unwrap()).await;
        assert_eq!(answer.is_ok(), good, "{host} {query}: {:?}", answer.err());
        if let Err(failure) = answer {
            assert!(
                matches!(
                    failure.kind,
                    FailureKind::Unreachable | FailureKind::Refused | FailureKind::Malformed
                ),
                "{failure}"
            );
        }
    }
}
