//! Files that mean harm: archives that unpack to far more than they are, cells at the end of the world, strings that aren't there, entities, damage.
//! Each is refused with a word, in bounded memory, and nothing of it is served.

use std::io::{Cursor, Write};

use raccordo_connector_api::{Failure, FailureKind, SettingValue};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::files::made;
use crate::kit::Sheets;

const SDL: &str = r#"
type Query { righe: [Riga!]! @connect(sheet: { file: "a" }) }
type Riga { codice: String, nome: String }
"#;

async fn refused(bytes: &[u8]) -> Failure {
    let small = [
        ("unpacked_bytes", SettingValue::Integer(1_048_576)),
        ("sheet_cells", SettingValue::Integer(10_000)),
    ];
    let sheets = Sheets::new(SDL, &[("a", bytes)], &small);
    sheets.try_ask("righe { codice nome }").await.unwrap_err()
}

/// An archive of these parts.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const TYPES: &str =
    r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const ROOT: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

fn xlsx(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", ROOT.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend(more);
    archive(&parts)
}

fn sheet(dimension: &str, rows: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>"#
    )
}

fn row(number: usize, cells: &[(&str, &str)]) -> String {
    let cell = |(column, text): &(&str, &str)| {
        format!(r#"<c r="{column}{number}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    };
    format!(r#"<row r="{number}">{}</row>"#, cells.iter().map(cell).collect::<String>())
}

fn ods(content: &str) -> Vec<u8> {
    let content = format!(
        r#"<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="A">{content}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    let manifest = r#"<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

const HEADER: [(&str, &str); 2] = [("A", "codice"), ("B", "nome")];

#[tokio::test]
async fn what_these_tests_write_is_a_workbook_when_it_means_no_harm() {
    let rows = row(1, &HEADER) + &row(2, &[("A", "1"), ("B", "uno")]);
    for bytes in [
        xlsx(&sheet("A1:XFD1048576", &rows), &[]),
        ods(
            "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>codice</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell office:value-type=\"string\"><text:p>1</text:p></table:table-cell></table:table-row>",
        ),
    ] {
        let sheets = Sheets::new(SDL, &[("a", &bytes)], &[]);
        assert_eq!(sheets.ask("righe { codice }").await, serde_json::json!({ "righe": [{ "codice": "1" }] }));
    }
}

#[tokio::test]
async fn archives_that_unpack_to_more_than_the_limit() {
    let zeros = vec![b' '; 2 * 1_048_576];
    for bytes in [
        xlsx(&sheet("A1:B2", &row(1, &HEADER)), &[("xl/media/image1.png", &zeros)]),
        xlsx(&(sheet("A1:B2", &row(1, &HEADER)) + &String::from_utf8(zeros.clone()).unwrap()), &[]),
        ods(&String::from_utf8(zeros).unwrap()),
    ] {
        assert!(bytes.len() < 20_000);
        let failure = refused(&bytes).await;
        assert_eq!(failure.kind, FailureKind::OverLimit, "{failure}");
    }
}

#[tokio::test]
async fn cells_at_the_end_of_the_world() {
    let far = row(1, &HEADER) + &row(1_048_576, &[("A", "1"), ("XFD", "x")]);
    let failure = refused(&xlsx(&sheet("A1", &far), &[])).await;
    assert_eq!(failure.kind, FailureKind::OverLimit, "{failure}");
    let backwards = row(5, &HEADER) + &row(2, &[("A", "1")]);
    assert_eq!(refused(&xlsx(&sheet("A1", &backwards), &[])).await.kind, FailureKind::Malformed);
    let header = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>codice</text:p></table:table-cell></table:table-row>";
    for repeated in [
        "<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>",
        "<table:table-row><table:table-cell table:number-columns-repeated=\"18446744073709551615\" office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>",
        "<table:table-row><table:table-cell table:number-columns-repeated=\"2000\"/><table:table-cell office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>",
        "<table:table-row table:number-rows-repeated=\"18446744073709551615\"><table:table-cell/></table:table-row><table:table-row table:number-rows-repeated=\"18446744073709551615\"><table:table-cell office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>",
    ] {
        let failure = refused(&ods(&format!("{header}{repeated}"))).await;
        assert_eq!(failure.kind, FailureKind::OverLimit, "{failure}");
    }
}

#[tokio::test]
async fn strings_that_are_announced_and_not_there() {
    for count in ["99999999999", "18446744073709551615", "99999999999999999999999"] {
        let strings =
            format!(r#"<?xml version="1.0"?><sst xmlns="x" uniqueCount="{count}"><si><t>a</t></si></sst>"#);
        let failure =
            refused(&xlsx(&sheet("A1", &row(1, &HEADER)), &[("xl/sharedStrings.xml", strings.as_bytes())]))
                .await;
        assert_eq!(failure.kind, FailureKind::Malformed);
        assert!(failure.detail.contains("announces"), "{failure}");
    }
}

#[tokio::test]
async fn entities_and_document_types() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData/></worksheet>"#;
    let failure = refused(&xlsx(bomb, &[])).await;
    assert!(failure.detail.contains("document type"), "{failure}");
    let unknown = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>&segreto;</text:p></table:table-cell></table:table-row>";
    assert_eq!(refused(&ods(unknown)).await.kind, FailureKind::Malformed);
}

#[tokio::test]
async fn damage_of_every_kind() {
    for whole in [made("libreoffice.xlsx"), made("libreoffice.ods")] {
        for length in [4, 30, whole.len() / 2, whole.len() - 10] {
            let failure = refused(&whole[..length]).await;
            assert_eq!(failure.kind, FailureKind::Malformed, "{length}: {failure}");
        }
        let mut bent = whole.clone();
        let middle = whole.len() / 3;
        bent[middle..middle + 40].fill(0xff);
        assert_eq!(refused(&bent).await.kind, FailureKind::Malformed);
    }
    for (bytes, told) in [
        (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"[..], "XLS"),
        (b"codice;nome\0\n", "NUL"),
        (b"%PDF-1.7", "PDF"),
        (b"<?xml version=\"1.0\"?><a/>", "XML"),
        (&archive(&[("a.txt", b"x")]), "neither an XLSX nor an ODS"),
        (b"", "none of the first"),
    ] {
        let failure = refused(bytes).await;
        assert_eq!(failure.kind, FailureKind::Malformed);
        assert!(failure.detail.contains(told), "{failure}");
    }
}
