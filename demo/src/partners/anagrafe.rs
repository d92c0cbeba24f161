//! Enters: the district. Leaves: the comune's registry as its maker lays it out: lower case, `cod_` and `data_` before the names.
//! Tables `quartieri`, `nuclei`, `residenti`; views `residenze` and `appartenenze` from a resident to the other two.

use super::database::{Cell, Table};
use crate::district::District;

const QUARTIERI: &str = r#"
CREATE TABLE "quartieri" (
  "cod_quartiere" TEXT PRIMARY KEY,
  "denominazione" TEXT NOT NULL,
  "cap" TEXT NOT NULL,
  "cod_istat" TEXT NOT NULL,
  "nome_comune" TEXT NOT NULL
);
"#;

const NUCLEI: &str = r#"
CREATE TABLE "nuclei" (
  "cod_nucleo" TEXT PRIMARY KEY,
  "tipo_nucleo" TEXT NOT NULL,
  "cod_quartiere" TEXT NOT NULL REFERENCES "quartieri",
  "indirizzo" TEXT NOT NULL,
  "num_componenti" INTEGER NOT NULL
);
"#;

const RESIDENTI: &str = r#"
CREATE TABLE "residenti" (
  "cod_fiscale" TEXT PRIMARY KEY,
  "cognome" TEXT NOT NULL,
  "nome" TEXT NOT NULL,
  "data_nascita" DATE NOT NULL,
  "sesso" TEXT NOT NULL,
  "cittadinanza" TEXT NOT NULL,
  "eta" INTEGER NOT NULL,
  "cod_quartiere" TEXT NOT NULL REFERENCES "quartieri",
  "cod_nucleo" TEXT NOT NULL REFERENCES "nuclei",
  "cod_legame" TEXT NOT NULL,
  "indirizzo" TEXT NOT NULL,
  "data_residenza" DATE NOT NULL
);
CREATE INDEX "residenti_quartiere" ON "residenti" ("cod_quartiere", "cod_fiscale");
CREATE INDEX "residenti_nucleo" ON "residenti" ("cod_nucleo");
CREATE VIEW "residenze" AS
  SELECT r."cod_fiscale", q."cod_quartiere", q."denominazione", q."cap", q."cod_istat", q."nome_comune"
  FROM "residenti" r JOIN "quartieri" q ON q."cod_quartiere" = r."cod_quartiere";
CREATE VIEW "appartenenze" AS
  SELECT r."cod_fiscale", n."cod_nucleo", n."tipo_nucleo", n."indirizzo", n."num_componenti"
  FROM "residenti" r JOIN "nuclei" n ON n."cod_nucleo" = r."cod_nucleo";
"#;

/// The registry's tables.
pub fn tables(district: &District) -> Vec<Table> {
    vec![
        Table { name: "quartieri", definition: QUARTIERI, rows: quartieri(district) },
        Table { name: "nuclei", definition: NUCLEI, rows: nuclei(district) },
        Table { name: "residenti", definition: RESIDENTI, rows: residenti(district) },
    ]
}

fn quartieri(district: &District) -> Vec<Vec<Cell>> {
    let row = |q: &crate::district::comuni::Quartiere| {
        [q.id, q.nome, q.cap, q.comune.istat, q.comune.nome].into_iter().map(Cell::text).collect()
    };
    district.quartieri.iter().map(row).collect()
}

fn nuclei(district: &District) -> Vec<Vec<Cell>> {
    let row = |n: &crate::district::persone::Nucleo| {
        let texts = [&n.codice, n.tipo, n.quartiere, &n.indirizzo];
        texts.into_iter().map(Cell::text).chain([Cell::Int(n.componenti.into())]).collect()
    };
    district.nuclei.iter().map(row).collect()
}

fn residenti(district: &District) -> Vec<Vec<Cell>> {
    let row = |p: &crate::district::persone::Persona| {
        vec![
            Cell::text(&p.codice_fiscale),
            Cell::text(p.cognome),
            Cell::text(p.nome),
            Cell::text(p.data_nascita),
            Cell::text(p.sesso.letter()),
            Cell::text(p.cittadinanza),
            Cell::Int(p.eta.into()),
            Cell::text(p.quartiere),
            Cell::text(&p.nucleo),
            Cell::text(p.legame),
            Cell::text(&p.indirizzo),
            Cell::text(p.residente_dal),
        ]
    };
    district.persone.iter().map(row).collect()
}
