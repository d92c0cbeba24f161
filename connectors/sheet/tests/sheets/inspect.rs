//! A first SDL of a file: good as it is, its key found, its persons marked; none of its values in it.

use raccordo_connector_api::FailureKind;
use raccordo_connector_sheet::KIND;
use raccordo_schema::{check_kind, read_source};

use crate::files::made;
use crate::kit::{ask, connect, settings};

const PEOPLE: &str = "\
Elenco iscritti 2026;;;;;;
N. tessera;Codice Fiscale;Cognome;Data di nascita;Telefono;Quota;Diagnosi
0012;RSSMRA80A01Z999Y;Rossi;01/01/1980;0525 123;12,50;nessuna
0013;VRDLCU52H45Z999N;Verdi;05/06/1952;;7;
";

#[tokio::test]
async fn a_sheet_of_persons() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("iscritti 2026.csv");
    std::fs::write(&path, PEOPLE).unwrap();
    let target = path.display().to_string();
    assert!(KIND.inspects(&target));
    let sdl = KIND.inspect(&target).await.unwrap();
    for line in [
        "type Iscritti2026 @key(fields: \"nTessera\") @subject(key: \"codiceFiscale\")",
        "  nTessera: ID! @from(header: \"N. tessera\") @personal(category: PERSONAL)",
        "  codiceFiscale: CodiceFiscale @from(header: \"Codice Fiscale\") @personal(category: PERSONAL)",
        "  dataDiNascita: Date @from(header: \"Data di nascita\") @personal(category: PERSONAL)",
        "  telefono: String @from(header: \"Telefono\") @personal(category: PERSONAL)",
        "  quota: Float @from(header: \"Quota\") @personal(category: PERSONAL)",
        "  diagnosi: String @from(header: \"Diagnosi\") @personal(category: SPECIAL)",
    ] {
        assert!(sdl.contains(line), "{line}\n{sdl}");
    }
    for value in ["RSSMRA", "Rossi", "1980", "0012", "nessuna"] {
        assert!(!sdl.contains(value), "{value}\n{sdl}");
    }
    let mapping = read_source("fogli", "x.graphql", &sdl).unwrap();
    assert_eq!(check_kind(&mapping, "sheet").len(), 0);
    let mapping = mapping.into();
    let connector = connect(&settings(&format!("file:{}", folder.path().display()), &[]), &mapping);
    let got = ask(&connector, &mapping, "iscritti2026 { totalCount nodes { cognome quota } }").await.unwrap();
    assert_eq!(got["iscritti2026"]["totalCount"], 2);
    assert_eq!(got["iscritti2026"]["nodes"][0]["quota"], 12.5);
}

#[tokio::test]
async fn a_workbook_has_a_type_for_each_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ods");
    std::fs::write(&path, made("libreoffice.ods")).unwrap();
    let sdl = KIND.inspect(&format!("file:{}", path.display())).await.unwrap();
    for line in [
        "type Attivita2026 @key(fields: \"codice\")",
        "@connect(sheet: { file: \"a.ods\", sheet: \"Attività 2026\" })",
        "  nomeDellAttivita: String @from(header: \"Nome dell'attività\")",
        "  inizio: Date @from",
        "  incontro: DateTime @from",
        "  gratuita: Boolean @from",
        "  costo: Float @from(header: \"Costo €\")",
    ] {
        assert!(sdl.contains(line), "{line}\n{sdl}");
    }
    let mapping = read_source("fogli", "x.graphql", &sdl).unwrap();
    assert!(!check_kind(&mapping, "sheet").iter().any(raccordo_schema::Diagnostic::is_error));
}

#[tokio::test]
async fn what_is_no_sheet_is_told() {
    let missing = KIND.inspect("/nessuna/cartella/x.csv").await.unwrap_err();
    assert_eq!(missing.kind, FailureKind::Unreachable);
    assert!(!missing.to_string().contains("cartella"), "{missing}");
}
