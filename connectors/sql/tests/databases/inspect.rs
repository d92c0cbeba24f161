//! Databases in the shapes of software that this project didn't write: what is written of them is checked as it is, and then asked for everything.

use std::sync::Arc;

use raccordo_connector_api::conformance::{Ask, render};
use raccordo_connector_api::{Connector, FailureKind};
use raccordo_schema::mapping::{NamedKind, SourceMapping};
use raccordo_schema::{Diagnostic, check_kind, read_source};
use raccordo_tests::real::{MariaDb, Postgres};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::support::connect;

/// What was written of a database, and a connector over it.
struct Inspected {
    sdl: String,
    mapping: Arc<SourceMapping>,
    connector: Arc<dyn Connector>,
}

async fn inspect(url: &str) -> Inspected {
    assert!(raccordo_connector_sql::KIND.inspects(url));
    let sdl = raccordo_connector_sql::KIND.inspect(url).await.unwrap_or_else(|failure| panic!("{failure}"));
    let read = read_source("prova", "prova.graphql", &sdl);
    let mapping = Arc::new(read.unwrap_or_else(|found| panic!("{found:#?}\n{sdl}")));
    let mistakes: Vec<_> = check_kind(&mapping, "sql").into_iter().filter(Diagnostic::is_error).collect();
    assert_eq!(mistakes, [], "{sdl}");
    let connector = connect(url, &mapping);
    Inspected { sdl, mapping, connector }
}

impl Inspected {
    async fn ask(&self, text: &str) -> Value {
        let ask = Ask::new(&self.mapping);
        let fetch = ask.roots(text).unwrap();
        let reply = self.connector.fetch(&fetch).await.unwrap_or_else(|failure| panic!("{text}: {failure}"));
        render(&fetch, &reply)
    }

    /// Every root field with every value of its records: none is malformed, and the records are there.
    async fn ask_everything(&self) {
        for root in self.mapping.queries.values() {
            let of = &self.mapping.types[&root.shape.named];
            let node = of.connection.as_ref().map_or(&of.name, |connection| &connection.node);
            let is_leaf = |kind: NamedKind| matches!(kind, NamedKind::Scalar | NamedKind::Enum);
            let fields = self.mapping.types[node].fields.values().filter(|field| is_leaf(field.shape.kind));
            let fields: Vec<String> = fields.map(|field| field.name.to_string()).collect();
            let fields = match of.connection {
                Some(_) => format!("nodes {{ {} }}", fields.join(" ")),
                None => fields.join(" "),
            };
            let got = self.ask(&format!("{} {{ {fields} }}", root.name)).await.to_string();
            assert!(!got.contains("<Malformed"), "{}: {got}\n{}", root.name, self.sdl);
        }
    }

    fn has(&self, lines: &[&str]) {
        for line in lines {
            assert!(
                self.sdl.lines().any(|known| known.trim() == *line),
                "`{line}` is missing in\n{}",
                self.sdl
            );
        }
    }
}

const ODOO: &str = r#"
CREATE SCHEMA archivio; CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE TYPE stato AS ENUM ('bozza', 'in corso'); CREATE DOMAIN cf AS varchar(16) CHECK (length(value) = 16);
CREATE TABLE res_company (id serial PRIMARY KEY, name varchar NOT NULL, partner_id int);
CREATE TABLE res_partner (id serial PRIMARY KEY, company_id int REFERENCES res_company, parent_id int REFERENCES res_partner, "display_name" varchar, codice_fiscale cf UNIQUE,
  birth_date date, tags text[], credit money, "Nota Libera" text, active boolean DEFAULT true, create_date timestamp, write_date timestamptz, altezza real, foto bytea, orario time, uid uuid, extra jsonb,
  full_name text GENERATED ALWAYS AS (display_name || '!') STORED);
ALTER TABLE res_company ADD FOREIGN KEY (partner_id) REFERENCES res_partner;
COMMENT ON TABLE res_partner IS 'Persone e "aziende": \ tutte' ; COMMENT ON COLUMN res_partner.active IS E'Attivo?\nSì o no';
CREATE TABLE "Ordine di Vendita" ("ID" bigint PRIMARY KEY, "select" stato, "type" int, "partnerId" int REFERENCES res_partner, "__strano" numeric(12,2), "2024" smallint);
CREATE TABLE "order" (anno int, numero int, "group" text, PRIMARY KEY (anno, numero));
CREATE TABLE riga (anno int, numero int, posizione int, testo text, PRIMARY KEY (anno, numero, posizione), FOREIGN KEY (anno, numero) REFERENCES "order");
CREATE TABLE eventi (id bigint, giorno date NOT NULL, cosa text, PRIMARY KEY (id, giorno)) PARTITION BY RANGE (giorno);
CREATE TABLE eventi_2026 PARTITION OF eventi FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE archivio.res_partner (id int PRIMARY KEY, citta text); CREATE TABLE archivio.vuota ();
CREATE VIEW attivi AS SELECT id, display_name FROM res_partner WHERE active; CREATE MATERIALIZED VIEW conti AS SELECT count(*) AS quanti FROM res_partner;
CREATE TABLE senza_chiave (valore int, altro text); CREATE TABLE quartieri (codice char(3) PRIMARY KEY, capienza int);
INSERT INTO res_company (name) VALUES ('Uno'); INSERT INTO res_partner (company_id, display_name, codice_fiscale, birth_date, tags, credit, "Nota Libera", create_date, write_date, altezza, foto, orario, uid, extra)
  VALUES (1, 'Mario', 'rssmra50a01z999s', '1950-01-01', '{a,b}', 10.5, 'nota', now(), now(), 1.75, '\x00', '08:30', '00010203-0405-0607-0809-0a0b0c0d0e0f', '{"a": 1}');
INSERT INTO res_partner (parent_id, display_name) VALUES (1, 'Figlia'); UPDATE res_company SET partner_id = 1;
INSERT INTO "Ordine di Vendita" VALUES (9007199254740993, 'in corso', 1, 1, 12.50, 7); INSERT INTO "order" VALUES (2026, 1, 'g'); INSERT INTO riga VALUES (2026, 1, 1, 'riga');
INSERT INTO eventi VALUES (1, '2026-05-05', 'evento'); INSERT INTO archivio.res_partner VALUES (1, 'Bedonia'); INSERT INTO senza_chiave VALUES (1, 'x'); INSERT INTO quartieri VALUES ('A1', 3);
"#;

#[tokio::test]
async fn a_postgres_in_the_shape_of_a_management_system() {
    let server = Postgres::start().unwrap();
    server.load(ODOO).unwrap();
    let inspected = inspect(&server.url()).await;
    inspected.has(&[
        "type ResPartner @key(fields: \"id\") @subject(key: \"codiceFiscale\")",
        "codiceFiscale: CodiceFiscale @from(column: \"codice_fiscale\") @personal(category: PERSONAL)",
        "partner: ResPartner @from(column: \"partnerId\") @personal(category: PERSONAL)",
        "notaLibera: String @from(column: \"Nota Libera\") @personal(category: PERSONAL)",
        "type OrdineDiVendita @key(fields: \"id\")",
        "@connect(sql: { namespace: \"archivio\", table: \"res_partner\", key: [\"id\"] }) {",
        "type Order @key(fields: \"anno numero\")",
        "# Non letta: tags (array)",
        "# Non letta: foto (bytea)",
        "\"Attivo? Sì o no\"",
        "n2024: Int @from(column: \"2024\") @personal(category: PERSONAL)",
        "# Niente di personale riconosciuto: tutto pubblico.",
        "capienza: Int",
    ]);
    assert!(!inspected.sdl.contains("eventi_2026"), "{}", inspected.sdl);
    inspected.ask_everything().await;
    let got = inspected
        .ask("resPartner { nodes { displayName codiceFiscale company { name partner { displayName } } parent { displayName } resPartner(first: 5) { displayName } ordineDiVendita { id partner { id } } } }")
        .await;
    let mario = json!({ "displayName": "Mario", "codiceFiscale": "RSSMRA50A01Z999S", "company": { "name": "Uno", "partner": { "displayName": "Mario" } }, "parent": null,
        "resPartner": [{ "displayName": "Figlia" }], "ordineDiVendita": [{ "id": "9007199254740993", "partner": { "id": "1" } }] });
    let figlia = json!({ "displayName": "Figlia", "codiceFiscale": null, "company": null, "parent": { "displayName": "Mario" }, "resPartner": [], "ordineDiVendita": [] });
    assert_eq!(got, json!({ "resPartner": { "nodes": [mario, figlia] } }));
}

const GLPI: &str = r#"
CREATE TABLE glpi_entities (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), entities_id INT UNSIGNED DEFAULT NULL COMMENT 'Entità "madre"', completename TEXT,
  FOREIGN KEY (entities_id) REFERENCES glpi_entities (id)) CHARACTER SET utf8mb4 COMMENT='Sedi e uffici';
CREATE TABLE glpi_users (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), realname VARCHAR(255), firstname VARCHAR(255), `password` VARCHAR(255), entities_id INT UNSIGNED,
  is_active TINYINT(1) NOT NULL DEFAULT 1, date_mod TIMESTAMP NULL, picture LONGBLOB, UNIQUE KEY name (name), FOREIGN KEY (entities_id) REFERENCES glpi_entities (id)) CHARACTER SET utf8mb4;
CREATE TABLE glpi_tickets (id BIGINT UNSIGNED PRIMARY KEY, `date` DATETIME, content LONGTEXT, status TINYINT(4), `group` ENUM('a','b'), `key` SET('x','y'), users_id INT UNSIGNED, closed DATE NOT NULL, cost DECIMAL(20,4), dati JSON,
  hash BINARY(16), luogo POINT, anno YEAR, durata TIME, totale DECIMAL(20,4) AS (cost * 2) VIRTUAL, FOREIGN KEY (users_id) REFERENCES glpi_users (id));
CREATE TABLE `glpi_items tickets` (`items id` INT NOT NULL, tickets_id BIGINT UNSIGNED NOT NULL, itemtype VARCHAR(100) NOT NULL, PRIMARY KEY (`items id`, tickets_id, itemtype));
CREATE VIEW glpi_aperti AS SELECT id, content FROM glpi_tickets WHERE status < 5;
INSERT INTO glpi_entities (id, name, entities_id) VALUES (1, 'Radice', NULL), (2, 'Foglia', 1);
INSERT INTO glpi_users (id, name, realname, entities_id, date_mod) VALUES (1, 'mrossi', 'Rossi', 2, '2026-01-01 10:00:00');
SET sql_mode = '';
INSERT INTO glpi_tickets (id, `date`, content, status, `group`, `key`, users_id, closed, cost, dati, hash, luogo, anno, durata) VALUES (18446744073709551615, '2026-01-01 10:00:00', 'aiuto', 1, 'a', 'x,y', 1, '0000-00-00', 1.5, '{"a":1}', UNHEX('000102030405060708090a0b0c0d0e0f'), POINT(1,2), 2026, '01:00:00');
INSERT INTO `glpi_items tickets` VALUES (1, 18446744073709551615, 'Computer');
"#;

#[tokio::test]
async fn a_mariadb_in_the_shape_of_a_help_desk() {
    let server = MariaDb::start().unwrap();
    server.load(GLPI).unwrap();
    let inspected = inspect(&server.url()).await;
    inspected.has(&[
        "type Entities @key(fields: \"id\")",
        "\"Sedi e uffici\"",
        "\"Entità \\\"madre\\\"\"",
        "password: String @personal(category: PERSONAL)",
        "isActive: Boolean @from(column: \"is_active\") @personal(category: PERSONAL)",
        "type ItemsTickets @key(fields: \"itemsId ticketsId itemtype\")",
        "# Non letta: picture (longblob)",
        "# Non letta: luogo (point)",
        "content: String @personal(category: PERSONAL)",
    ]);
    inspected.ask_everything().await;
    let got = inspected
        .ask("tickets { nodes { id closed dati hash users { realname entities { name entities { name } } } } } entities { nodes { name entitiesDiEntitiesId(first: 3) { name } } }")
        .await;
    assert_eq!(got["tickets"]["nodes"][0]["id"], json!("18446744073709551615"));
    assert_eq!(got["tickets"]["nodes"][0]["closed"], Value::Null);
    let user =
        json!({ "realname": "Rossi", "entities": { "name": "Foglia", "entities": { "name": "Radice" } } });
    assert_eq!(got["tickets"]["nodes"][0]["users"], user);
    assert_eq!(
        got["entities"]["nodes"][0],
        json!({ "name": "Radice", "entitiesDiEntitiesId": [{ "name": "Foglia" }] })
    );
}

const MOODLE: &str = r#"
CREATE TABLE mdl_user (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, email, "idNumber" TEXT COLLATE NOCASE, timecreated BIGINT(10), suspended TINYINT(1), manager INTEGER REFERENCES mdl_user);
CREATE TABLE mdl_course (id INTEGER PRIMARY KEY, "full name" VARCHAR(254), category INTEGER, startdate DATETIME, price NUMERIC(10,5), format BLOB, doubled AS (category * 2));
CREATE TABLE mdl_user_enrolments (userid INTEGER NOT NULL REFERENCES mdl_user(id), courseid INTEGER NOT NULL REFERENCES mdl_course(id), "order" INT, PRIMARY KEY (userid, courseid)) WITHOUT ROWID;
CREATE TABLE mdl_quartieri (codice TEXT PRIMARY KEY, "capienza max" INT);
CREATE TABLE "mdl_tab""elle" (n INTEGER);
CREATE VIEW mdl_attivi AS SELECT id, upper(username) AS chi FROM mdl_user;
CREATE VIRTUAL TABLE mdl_cerca USING fts5(titolo, corpo);
INSERT INTO mdl_user VALUES (1, 'mrossi', 'm@x.example', 'A1', 1700000000000, 0, NULL), (2, 'bverdi', NULL, NULL, NULL, 1, 1);
INSERT INTO mdl_course (id, "full name", category, startdate, price) VALUES (7, 'Corso', 3, '2026-01-01 10:00:00', 1.5);
INSERT INTO mdl_user_enrolments VALUES (1, 7, 1); INSERT INTO mdl_quartieri VALUES ('A', 1);
"#;

#[tokio::test]
async fn an_sqlite_in_the_shape_of_a_school() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scuola.db");
    let mut owner =
        SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(MOODLE)).execute(&mut owner).await.unwrap();
    let inspected = inspect(&format!("sqlite:{}", path.display())).await;
    inspected.has(&[
        "type User @key(fields: \"id\")",
        "email: String @personal(category: PERSONAL)",
        "type UserEnrolments @key(fields: \"userid courseid\")",
        "fullName: String @from(column: \"full name\") @personal(category: PERSONAL)",
        "capienzaMax: Int @from(column: \"capienza max\")",
        "# Non letta: format (blob)",
    ]);
    inspected.ask_everything().await;
    let got = inspected.ask("userEnrolments { nodes { order user { username } course { fullName } } } user { nodes { username userEnrolments { order } } }").await;
    assert_eq!(
        got["userEnrolments"]["nodes"],
        json!([{ "order": 1, "user": { "username": "mrossi" }, "course": { "fullName": "Corso" } }])
    );
}

#[tokio::test]
async fn what_is_no_database_is_told_without_its_address() {
    for url in [
        "sqlite:/nessuno/segreto.db",
        "mysql://segreto@127.0.0.1:1/x",
        "postgres://segreto@127.0.0.1:1/x",
        "mysql://x",
    ] {
        let failure = raccordo_connector_sql::KIND.inspect(url).await.unwrap_err();
        assert!(matches!(failure.kind, FailureKind::Unreachable | FailureKind::BadInput), "{url}: {failure}");
        assert!(!failure.to_string().contains("segreto"), "{failure}");
    }
    assert!(!raccordo_connector_sql::KIND.inspects("https://x.example"));
}
