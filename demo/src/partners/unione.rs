//! Enters: the district and one of its seven comuni. Leaves: that comune's register of accesses, as its own supplier lays it out: Bedonia, Bore,
//! Compiano and Tornolo have one supplier, the others another. No register says in its rows which comune it is.

use super::database::{Cell, Table};
use crate::district::District;
use crate::district::accessi::Accesso;

/// The members of source `unione`: how the configuration names them, the ISTAT code, and whether the second supplier is theirs.
pub const REGISTERS: [(&str, &str, bool); 7] = [
    ("bedonia", "034003", false),
    ("bore", "034005", false),
    ("borgo_val_di_taro", "034006", true),
    ("compiano", "034011", false),
    ("pellegrino_parmense", "034028", true),
    ("tornolo", "034040", false),
    ("varsi", "034046", true),
];

const ACCESSI: &str = r#"
CREATE TABLE "accessi" (
  "numero" INTEGER PRIMARY KEY,
  "data" DATE NOT NULL,
  "canale" TEXT NOT NULL,
  "area" TEXT NOT NULL,
  "costo" INTEGER NOT NULL
);
CREATE INDEX "accessi_data" ON "accessi" ("data", "numero");
"#;

const T_SEGR: &str = r#"
CREATE TABLE "T_SEGR_ACC" (
  "PROGR" INTEGER PRIMARY KEY,
  "DT_ACCESSO" DATE NOT NULL,
  "COD_MODALITA" TEXT NOT NULL,
  "COD_AREA" TEXT NOT NULL,
  "IMPORTO" INTEGER NOT NULL
);
CREATE INDEX "IX_SEGR_DT" ON "T_SEGR_ACC" ("DT_ACCESSO", "PROGR");
"#;

/// One comune's tables.
pub fn tables(district: &District, istat: &str, second_supplier: bool) -> Vec<Table> {
    let own = district.accessi.iter().filter(|accesso| accesso.comune.istat == istat);
    let rows = own.map(|accesso| row(accesso, second_supplier)).collect();
    vec![match second_supplier {
        false => Table { name: "accessi", definition: ACCESSI, rows },
        true => Table { name: "T_SEGR_ACC", definition: T_SEGR, rows },
    }]
}

fn row(accesso: &Accesso, second_supplier: bool) -> Vec<Cell> {
    let canale = match (second_supplier, accesso.canale) {
        (false, canale) => canale,
        (true, "S") => "01",
        (true, "T") => "02",
        (true, _) => "03",
    };
    let area = match (second_supplier, accesso.area) {
        (false, area) => area,
        (true, "FAM") => "10",
        (true, "DIS") => "20",
        (true, "ANZ") => "40",
        (true, "IMM") => "50",
        (true, _) => "60",
    };
    vec![
        Cell::Int(accesso.numero.into()),
        Cell::text(&accesso.data),
        Cell::text(canale),
        Cell::text(area),
        Cell::Int(accesso.costo.into()),
    ]
}
