//! The two databases, read back as their makers lay them out.

use std::sync::Arc;

use raccordo_demo::district::comuni;
use raccordo_demo::partners::database::{Cell, Table, script};
use raccordo_demo::partners::{Addresses, Partners};
use sqlx::{Connection, Row, SqliteConnection};

use crate::kit::{RESIDENTS, district};

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query(sql).fetch_one(connection).await.unwrap().get(0)
}

#[tokio::test]
async fn the_registry_and_the_social_files_hold_the_district() {
    let district = district();
    let partners = Partners::start(&district, Addresses::default()).await.unwrap();
    let mut registry = SqliteConnection::connect(&partners.anagrafe.url()).await.unwrap();
    assert_eq!(number(&mut registry, "SELECT count(*) FROM residenti").await, RESIDENTS as i64);
    assert_eq!(number(&mut registry, "SELECT count(*) FROM residenze").await, RESIDENTS as i64);
    assert_eq!(number(&mut registry, "SELECT count(*) FROM appartenenze").await, RESIDENTS as i64);
    let fifty =
        "SELECT count(*) FROM residenti WHERE cod_quartiere = '034006-02' AND data_nascita < '2026-10-01'";
    assert_eq!(number(&mut registry, fifty).await, 50);
    let mut files = SqliteConnection::connect(&partners.sociale.url()).await.unwrap();
    let count = number(&mut files, r#"SELECT count(*) FROM "CARTELLE""#).await;
    assert_eq!(count, district.sociale.cartelle.len() as i64);
    let orphans = r#"SELECT count(*) FROM "INTERVENTI" WHERE "ID_CARTELLA" NOT IN (SELECT "ID_CARTELLA" FROM "CARTELLE")"#;
    assert_eq!(number(&mut files, orphans).await, 0);
}

#[tokio::test]
async fn the_folder_goes_with_the_partners() {
    let partners = Partners::start(&district(), Addresses::default()).await.unwrap();
    let folder = partners.folder().to_owned();
    assert!(folder.join("anagrafe.db").exists() && folder.join("sociale.db").exists());
    drop(partners);
    assert!(!folder.exists());
}

#[tokio::test]
async fn the_environment_names_every_partner_and_nothing_else() {
    let partners = Partners::start(&district(), Addresses::default()).await.unwrap();
    let config = include_str!("../../../config/district/raccordo.yaml");
    let named: Vec<&str> = config.split("${env.").skip(1).filter_map(|rest| rest.split('}').next()).collect();
    assert_eq!(named.len(), 12);
    assert!(named.into_iter().all(|name| partners.environment(name).is_some()));
    assert_eq!(partners.environment("HOME"), None);
}

#[test]
fn a_script_quotes_what_it_writes() {
    let rows = vec![vec![Cell::text("D'Angelo"), Cell::Int(-3), Cell::Null]];
    let table = Table { name: "T", definition: "CREATE TABLE \"T\" (a, b, c);\n", rows };
    assert_eq!(
        script(&[table]),
        "CREATE TABLE \"T\" (a, b, c);\nINSERT INTO \"T\" VALUES\n('D''Angelo', -3, NULL);\n"
    );
}

#[test]
fn a_quartiere_is_known_by_the_same_id_everywhere() {
    let district = district();
    let known: Vec<&str> = district.quartieri.iter().map(|q| q.id).collect();
    assert!(known.contains(&comuni::ONE) && Arc::strong_count(&district) == 1);
    assert!(district.trasporti.fermate.iter().all(|f| known.contains(&f.quartiere)));
    assert!(district.trasporti.pulmini.iter().all(|p| known.contains(&p.quartiere)));
}
