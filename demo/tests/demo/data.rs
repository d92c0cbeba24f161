//! The data: the same everywhere, well-formed, nobody's.

use std::collections::HashSet;

use raccordo_demo::district::codice_fiscale::check_letter;
use raccordo_demo::district::{DEFAULT_RESIDENTS, District, comuni};
use raccordo_schema::scalars::CodiceFiscale;
use sha2::{Digest, Sha256};

/// Changes only when somebody means to change the district: then every document that quotes it changes too.
const FINGERPRINT: &str = "bf0c54f6ef7d300883a95bff2dd818963a7c94fdabcfe18457ad4436895194bd";

#[test]
fn the_district_is_the_same_on_every_machine() {
    let json = serde_json::to_vec(&District::of(DEFAULT_RESIDENTS)).unwrap();
    let hash: String = Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, FINGERPRINT);
}

#[test]
fn one_fifty_and_five_thousand_live_where_they_should() {
    let district = District::of(DEFAULT_RESIDENTS);
    assert_eq!(district.persone.len(), DEFAULT_RESIDENTS);
    assert_eq!(district.residenti(comuni::ONE).count(), 1);
    assert_eq!(district.residenti(comuni::FIFTY).count(), 50);
    assert_eq!(district.residenti(comuni::FIVE_THOUSAND).count(), 5_000);
}

#[test]
fn every_codice_fiscale_is_well_formed_unique_and_nobody_s() {
    let district = District::of(20_000);
    let codes: HashSet<&str> = district.persone.iter().map(|p| p.codice_fiscale.as_str()).collect();
    assert_eq!(codes.len(), 20_000);
    for code in &codes {
        assert_eq!(code.len(), 16);
        let places = |range: std::ops::Range<usize>| code[range].chars();
        assert!(places(0..6).chain(places(8..9)).chain(places(11..12)).all(|c| c.is_ascii_uppercase()));
        let figures = places(6..8).chain(places(9..11)).chain(places(12..15));
        assert!(figures.into_iter().all(|c| "0123456789LMNPQRSTUV".contains(c)));
        assert_eq!(&code[11..12], "X", "a birthplace that no comune has");
        assert_eq!(code.chars().last(), Some(check_letter(code)));
        // The gateway's own reading, written apart from the district's writing.
        assert!(CodiceFiscale::parse(code).is_ok_and(|read| read.canonical() == *code));
    }
    let omocodia = codes.iter().filter(|code| code[12..15].chars().any(|c| c.is_ascii_uppercase())).count();
    assert!((50..2_000).contains(&omocodia), "{omocodia} with omocodia");
}

#[test]
fn nothing_refers_to_what_is_not_there() {
    let district = District::of(DEFAULT_RESIDENTS);
    let people: HashSet<&str> = district.persone.iter().map(|p| p.codice_fiscale.as_str()).collect();
    let households: HashSet<&str> = district.nuclei.iter().map(|n| n.codice.as_str()).collect();
    let files: HashSet<&str> = district.sociale.cartelle.iter().map(|c| c.numero.as_str()).collect();
    assert!(district.persone.iter().all(|p| households.contains(p.nucleo.as_str())));
    assert_eq!(district.nuclei.iter().map(|n| n.componenti as usize).sum::<usize>(), people.len());
    assert!(district.sociale.cartelle.iter().all(|c| people.contains(c.codice_fiscale.as_str())));
    assert_eq!(files.len(), district.sociale.cartelle.len());
    assert!(district.sociale.interventi.iter().all(|i| files.contains(i.cartella.as_str())));
    assert!(district.sociale.prese.iter().all(|p| files.contains(p.cartella.as_str())));
    let patients = district.sanita.pazienti.len();
    assert!(district.sanita.episodi.iter().all(|e| e.paziente < patients));
    assert!(district.trasporti.corse.iter().all(|c| people.contains(c.codice_fiscale.as_str())));
}

#[test]
fn each_part_has_enough_to_show() {
    let district = District::of(DEFAULT_RESIDENTS);
    let care = &district.sanita;
    assert!(care.pazienti.len() < DEFAULT_RESIDENTS, "somebody's doctor is elsewhere");
    assert!(care.episodi.len() > 300 && care.piani.len() > 50);
    assert!(district.sociale.cartelle.len() > 500 && district.trasporti.corse.len() > 500);
    let only = district.residenti(comuni::ONE).next().unwrap();
    assert!(district.trasporti.corse.iter().any(|corsa| corsa.codice_fiscale == only.codice_fiscale));
}
