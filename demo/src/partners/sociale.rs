//! Enters: the district. Leaves: the social files as another maker lays them out: upper case, `ID_`, `DT_`, `FL_` before the names,
//! one-letter states. Tables `CARTELLE`, `PRESE_IN_CARICO`, `INTERVENTI`.

use super::database::{Cell, Table};
use crate::district::District;
use crate::district::sociale::{Cartella, Intervento, Presa};

const CARTELLE: &str = r#"
CREATE TABLE "CARTELLE" (
  "ID_CARTELLA" VARCHAR(12) PRIMARY KEY,
  "CF_UTENTE" CHAR(16) NOT NULL,
  "DT_APERTURA" DATE NOT NULL,
  "DT_CHIUSURA" DATE,
  "FL_STATO" CHAR(1) NOT NULL,
  "CD_AREA" CHAR(3) NOT NULL,
  "DS_POLO" VARCHAR(40) NOT NULL
);
CREATE INDEX "IX_CARTELLE_CF" ON "CARTELLE" ("CF_UTENTE");
"#;

const PRESE: &str = r#"
CREATE TABLE "PRESE_IN_CARICO" (
  "ID_PRESA" VARCHAR(8) PRIMARY KEY,
  "ID_CARTELLA" VARCHAR(12) NOT NULL REFERENCES "CARTELLE",
  "DS_SERVIZIO" VARCHAR(60) NOT NULL,
  "CD_OPERATORE" VARCHAR(8) NOT NULL,
  "DT_INIZIO" DATE NOT NULL,
  "DT_FINE" DATE,
  "FL_TIPO" VARCHAR(2) NOT NULL
);
CREATE INDEX "IX_PRESE_CARTELLA" ON "PRESE_IN_CARICO" ("ID_CARTELLA");
"#;

const INTERVENTI: &str = r#"
CREATE TABLE "INTERVENTI" (
  "ID_INTERVENTO" VARCHAR(8) PRIMARY KEY,
  "ID_CARTELLA" VARCHAR(12) NOT NULL REFERENCES "CARTELLE",
  "CD_CASELLARIO" VARCHAR(6) NOT NULL,
  "DS_INTERVENTO" VARCHAR(60) NOT NULL,
  "FL_STATO" CHAR(3) NOT NULL,
  "DT_DAL" DATE NOT NULL,
  "DT_AL" DATE,
  "NR_QUANTITA" INTEGER NOT NULL,
  "CD_UNITA" CHAR(3) NOT NULL
);
CREATE INDEX "IX_INTERVENTI_CARTELLA" ON "INTERVENTI" ("ID_CARTELLA");
"#;

/// The tables of the social-file system.
pub fn tables(district: &District) -> Vec<Table> {
    let all = &district.sociale;
    vec![
        Table { name: "CARTELLE", definition: CARTELLE, rows: all.cartelle.iter().map(cartella).collect() },
        Table { name: "PRESE_IN_CARICO", definition: PRESE, rows: all.prese.iter().map(presa).collect() },
        Table {
            name: "INTERVENTI",
            definition: INTERVENTI,
            rows: all.interventi.iter().map(intervento).collect(),
        },
    ]
}

fn cartella(c: &Cartella) -> Vec<Cell> {
    vec![
        Cell::text(&c.numero),
        Cell::text(&c.codice_fiscale),
        Cell::text(c.apertura),
        Cell::maybe(c.chiusura),
        Cell::text(c.stato),
        Cell::text(c.area),
        Cell::text(c.polo),
    ]
}

fn presa(p: &Presa) -> Vec<Cell> {
    vec![
        Cell::text(&p.id),
        Cell::text(&p.cartella),
        Cell::text(p.servizio),
        Cell::text(&p.operatore),
        Cell::text(p.dal),
        Cell::maybe(p.al),
        Cell::text(p.tipo),
    ]
}

fn intervento(i: &Intervento) -> Vec<Cell> {
    vec![
        Cell::text(&i.id),
        Cell::text(&i.cartella),
        Cell::text(i.casellario),
        Cell::text(i.descrizione),
        Cell::text(i.stato),
        Cell::text(i.dal),
        Cell::maybe(i.al),
        Cell::Int(i.quantita.into()),
        Cell::text(i.unita),
    ]
}
