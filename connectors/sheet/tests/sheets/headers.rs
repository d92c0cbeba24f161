//! What a mapping may say, and the mistakes in it that only this kind can see.

use raccordo_connector_api::{SettingValue, Source};
use raccordo_connector_sheet::KIND;
use raccordo_schema::read_source;

use crate::kit::{LINKS, settings, word};

fn wrong(sdl: &str, url: &str, more: &[(&'static str, SettingValue)]) -> Vec<String> {
    let mapping = read_source("fogli", "fogli.graphql", &format!("{LINKS}{sdl}")).unwrap();
    let settings = settings(url, more);
    match KIND.check(Source { name: "fogli", settings: &settings, mapping: &mapping.into() }) {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().map(|one| one.rule.to_owned()).collect(),
    }
}

#[test]
fn mistakes_are_found() {
    let list =
        |connect: &str| format!("type Query {{ a: [A!]! @connect({connect}) }}\ntype A {{ b: String }}");
    for (sdl, url, rules) in [
        (list("sheet: { file: \"a.csv\" }"), "file:x", vec![]),
        (list("sheet: { file: \"../a.csv\" }"), "file:x", vec!["SHEET_FILE"]),
        (list("sheet: { file: \"/etc/passwd\" }"), "file:x", vec!["SHEET_FILE"]),
        (list("sheet: { file: \"a\\\\b.csv\" }"), "file:x", vec!["SHEET_FILE"]),
        (list("sheet: { file: \"*/a.csv\" }"), "file:x", vec!["SHEET_FILE"]),
        (list("sheet: { file: \"2026/*.csv\" }"), "file:x", vec![]),
        (list("sheet: { file: \"*.csv\" }"), "https://x.example/", vec!["SHEET_FILE"]),
        (list("sheet: { file: \"a.csv\" }, order: { column: \"--\" }"), "file:x", vec!["SHEET_HEADER"]),
        (list("sheet: { file: \"a.csv\" }"), "https://", vec!["SETTING_INVALID"]),
        (list("sheet: { file: \"a.csv\" }"), "file:", vec!["SETTING_INVALID"]),
        ("type Query { a: [A!]! @connect(sheet: {}) }\ntype A { b: [String!] }".to_owned(), "file:x", vec!["SHEET_LIST"]),
        (
            "type Query { a: A @connect(sheet: {}) }\ntype A @key(fields: \"b\") @connect(sheet: {}, batch: { maxSize: 3 }) { b: ID! }".to_owned(),
            "file:x",
            vec!["SHEET_BATCH"],
        ),
    ] {
        assert_eq!(wrong(&sdl, url, &[]), rules, "{sdl} {url}");
    }
    let good = list("sheet: { file: \"a.csv\" }");
    assert_eq!(wrong(&good, "file:x", &[("authorization", word("Bearer x"))]), ["SETTING_INVALID"]);
}
