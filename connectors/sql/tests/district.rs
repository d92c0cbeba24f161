//! The example district's own registry schema, over a small registry: what the demo asks, on SQLite.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't be set up has failed")]

use std::path::Path;
use std::sync::Arc;

use raccordo_connector_api::conformance::{Ask, render};
use raccordo_connector_api::{Connector, SettingValue, Settings, Source};
use raccordo_schema::mapping::SourceMapping;
use raccordo_schema::{Location, read_source};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};

const REGISTRY: &str = r#"
CREATE TABLE quartieri (cod_quartiere TEXT PRIMARY KEY, denominazione TEXT, cap TEXT, cod_istat TEXT, nome_comune TEXT);
CREATE TABLE nuclei (cod_nucleo TEXT PRIMARY KEY, tipo_nucleo TEXT, indirizzo TEXT, num_componenti INTEGER);
CREATE TABLE residenti (cod_fiscale TEXT PRIMARY KEY, cognome TEXT, nome TEXT, data_nascita DATE, sesso TEXT, cittadinanza TEXT,
  eta INTEGER, cod_quartiere TEXT, cod_nucleo TEXT, cod_legame TEXT, indirizzo TEXT, data_residenza DATE);
CREATE VIEW residenze AS SELECT r.cod_fiscale, q.* FROM residenti r JOIN quartieri q ON q.cod_quartiere = r.cod_quartiere;
CREATE VIEW appartenenze AS SELECT r.cod_fiscale, n.* FROM residenti r JOIN nuclei n ON n.cod_nucleo = r.cod_nucleo;
INSERT INTO quartieri VALUES ('034006-01','Centro','43043','034006','Borgo'), ('034006-02','San Rocco','43043','034006','Borgo');
INSERT INTO nuclei VALUES ('N1','COPPIA','Via A',2), ('N2','UNIPERSONALE','Via B',1);
INSERT INTO residenti VALUES
 ('RSSMRA50A01Z999S','Rossi','Mario','1950-01-01','M','Italia',76,'034006-01','N1','1','Via A','2001-05-01'),
 ('BNCLCU52B41Z999T','Bianchi','Lucia','1952-02-01','F','Italia',74,'034006-01','N1','2','Via A','2001-05-01'),
 ('VRDGNN90C01Z999T','Verdi','Gianni','1990-03-01','M','Italia',36,'034006-02','N2','77','Via B',NULL);
"#;

async fn registry(folder: &Path) -> (Arc<SourceMapping>, Arc<dyn Connector>) {
    let path = folder.join("anagrafe.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(REGISTRY)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/district/sources/anagrafe.graphql");
    let sdl = std::fs::read_to_string(file).unwrap();
    let mapping = Arc::new(read_source("anagrafe", "anagrafe.graphql", &sdl).unwrap());
    let url = SettingValue::Text(format!("sqlite:{}", path.display()).into());
    let at = Location::file("raccordo.yaml");
    let settings = Settings::new(at.clone()).with("url", url, at);
    let source = Source { name: "anagrafe", settings: &settings, mapping: &mapping };
    let checked = raccordo_connector_sql::KIND.check(source).unwrap_or_else(|found| panic!("{found:?}"));
    (mapping, checked.open().unwrap())
}

#[tokio::test]
async fn from_neighbourhoods_to_their_residents_and_families_call_by_call() {
    let folder = tempfile::tempdir().unwrap();
    let (mapping, connector) = registry(folder.path()).await;
    let text = "quartieri(comune: \"034006\") { id nome residenti(first: 1, etaMin: 70) { \
        nodes { codiceFiscale cognome legame dataNascita nucleo { tipo componenti { nome } } } pageInfo { hasNextPage } } }";
    let fetch = Ask::new(&mapping).roots(text).unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    let bianchi = json!({ "codiceFiscale": "BNCLCU52B41Z999T", "cognome": "Bianchi", "legame": "CONIUGE",
        "dataNascita": "1952-02-01",
        "nucleo": { "tipo": "COPPIA", "componenti": [{ "nome": "Lucia" }, { "nome": "Mario" }] } });
    assert_eq!(
        render(&fetch, &reply),
        json!({ "quartieri": [
            { "id": "034006-01", "nome": "Centro",
              "residenti": { "nodes": [bianchi], "pageInfo": { "hasNextPage": true } } },
            { "id": "034006-02", "nome": "San Rocco",
              "residenti": { "nodes": [], "pageInfo": { "hasNextPage": false } } },
        ] })
    );
    assert_eq!(fetch.meter.read().0, 4);
}

#[tokio::test]
async fn persons_by_key_with_what_is_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let (mapping, connector) = registry(folder.path()).await;
    let keys =
        ["VRDGNN90C01Z999T", "NNNNNN90C01Z999T", "RSSMRA50A01Z999S"].map(|cf| json!({ "codiceFiscale": cf }));
    let text = "cognome residenteDal legame quartiere { nome }";
    let fetch = Ask::new(&mapping).entities("Persona", text, &keys).unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    assert_eq!(
        render(&fetch, &reply),
        json!([
            { "cognome": "Verdi", "residenteDal": null, "legame": "ALTRO", "quartiere": { "nome": "San Rocco" } },
            null,
            { "cognome": "Rossi", "residenteDal": "2001-05-01", "legame": "INTESTATARIO", "quartiere": { "nome": "Centro" } },
        ])
    );
    assert_eq!(fetch.meter.read().0, 2);
}
