//! Each limit of a file on both sides.

use raccordo_connector_api::{FailureKind, SettingValue};

use crate::kit::Sheets;

const SDL: &str = r#"
type Query { righe: [Riga!]! @connect(sheet: { file: "*.csv" }) }
type Riga { codice: String, nome: String }
"#;

#[tokio::test]
async fn limits_hold_on_both_sides() {
    let five: &[u8] = b"codice,nome\n1,a\n2,b\n3,c\n4,d\n5,e\n";
    for (setting, at, files) in [
        ("sheet_rows", 5, vec![("a.csv", five)]),
        ("sheet_cells", 12, vec![("a.csv", five)]),
        ("sheet_columns", 2, vec![("a.csv", five)]),
        ("files", 2, vec![("a.csv", five), ("b.csv", five)]),
        ("header_rows", 3, vec![("a.csv", &b"titolo\n\ncodice,nome\n1,a\n"[..])]),
    ] {
        for (limit, fits) in [(at, true), (at - 1, false)] {
            let sheets = Sheets::new(SDL, &files, &[(setting, SettingValue::Integer(limit))]);
            match (sheets.try_ask("righe { codice }").await, fits) {
                (Ok(_), true) => {}
                (Err(failure), false) => {
                    let expected = if setting == "header_rows" {
                        FailureKind::Malformed
                    } else {
                        FailureKind::OverLimit
                    };
                    assert_eq!(failure.kind, expected, "{setting} {limit}: {failure}");
                }
                (outcome, _) => panic!("{setting} {limit}: {outcome:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_file_has_so_many_bytes_at_most() {
    let header = b"codice,nome\n".to_vec();
    for (length, fits) in [(1_024, true), (1_025, false)] {
        let bytes = [&header[..], &vec![b'x'; length - header.len()]].concat();
        let sheets = Sheets::new(SDL, &[("a.csv", &bytes)], &[("file_bytes", SettingValue::Integer(1_024))]);
        match (sheets.try_ask("righe { codice }").await, fits) {
            (Ok(_), true) => {}
            (Err(failure), false) => assert_eq!(failure.kind, FailureKind::OverLimit),
            (outcome, _) => panic!("{length}: {outcome:?}"),
        }
    }
}
