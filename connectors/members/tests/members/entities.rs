//! Entities: to the member that their key names, to all where that is declared; absent, lost, or found twice.

use raccordo_connector_api::{Cell, FailureKind, conformance::render};
use serde_json::{Value, json};

use crate::kit::Union;

fn key(comune: &str, id: &str) -> Value {
    json!({ "comune": comune, "codiceFiscale": id })
}

#[tokio::test]
async fn an_entity_goes_to_the_member_that_its_key_names() {
    let union = Union::of_three().await;
    let one = union.open();
    let keys = [
        key("034006", "T2"),
        key("034003", "B1"),
        key("034003", "T2"),
        key("999999", "B1"),
        key("034006", "T1"),
    ];
    let fetch = one.ask.entities("Persona", "cognome comune membro", &keys).unwrap();
    let reply = one.connector.fetch(&fetch).await.unwrap();
    let expected = json!([
        { "cognome": "Tosi", "comune": "034006", "membro": "borgotaro" },
        { "cognome": "Bianchi", "comune": "034003", "membro": "bedonia" },
        null,
        null,
        { "cognome": "Testa", "comune": "034006", "membro": "borgotaro" },
    ]);
    assert_eq!(render(&fetch, &reply), expected);
    let asked: Vec<Vec<usize>> =
        union.comuni.iter().map(|comune| comune.hand.keys.lock().unwrap().clone()).collect();
    assert_eq!(asked, [vec![2], vec![2], vec![]], "each key went to one, and to nobody else");
}

#[tokio::test]
async fn what_a_failing_member_has_is_lost_and_the_error_names_all_of_them() {
    let union = Union::of_three().await;
    let one = union.open();
    union.hand("borgotaro").fail(FailureKind::Unreachable);
    let keys = [key("034006", "T2"), key("034003", "B1")];
    let fetch = one.ask.entities("Persona", "cognome", &keys).unwrap();
    let reply = one.connector.fetch(&fetch).await.unwrap();
    let [Cell::Failed(problem), Cell::Object(_)] = reply.rows() else { panic!("{:?}", reply.rows()) };
    let failure = &reply.problems()[*problem as usize].failure;
    assert_eq!(failure.members.as_deref().unwrap().len(), 3, "which it is would say where the person lives");
    assert!(!failure.to_string().contains("T2"));
}

#[tokio::test]
async fn asked_everywhere_null_of_all_is_absent_and_null_of_some_is_not() {
    let mut union = Union::of_three().await;
    (union.route_by, union.broadcast) = (None, true);
    let one = union.open();
    let keys = [json!({ "codiceFiscale": "T2" }), json!({ "codiceFiscale": "X9" })];
    let fetch = one.ask.entities("Persona", "cognome", &keys).unwrap();
    let reply = one.connector.fetch(&fetch).await.unwrap();
    assert_eq!(render(&fetch, &reply), json!([{ "cognome": "Tosi" }, null]));
    assert_eq!(fetch.meter.take_members().len(), 3, "each is recorded");
    union.hand("varsi").fail(FailureKind::TimedOut);
    let reply = one.connector.fetch(&fetch).await.unwrap();
    assert!(matches!(reply.rows(), [Cell::Object(_), Cell::Failed(_)]), "{:?}", reply.rows());
}

#[tokio::test]
async fn of_a_record_that_two_have_the_first_declared_is_told() {
    let mut union = Union::new();
    (union.route_by, union.broadcast) = (None, true);
    union.add("primo", "1", false, &[("D1", "Uno", "1950-01-01"), ("E1", "Altro", "1950-01-02")]).await;
    union.add("secondo", "2", true, &[("D1", "Due", "1949-01-01"), ("F1", "Solo", "1951-01-01")]).await;
    let one = union.open();
    let fetch = one.ask.entities("Persona", "cognome", &[json!({ "codiceFiscale": "D1" })]).unwrap();
    let reply = one.connector.fetch(&fetch).await.unwrap();
    assert_eq!(render(&fetch, &reply), json!([{ "cognome": "Uno" }]));
}

/// Calls: for each member that is asked, its distinct keys by its batch limit, rounded up.
#[tokio::test]
async fn ten_thousand_keys_take_as_many_calls_as_the_formula_says() {
    let mut union = Union::new();
    let names: Vec<Vec<String>> = [6_000, 3_999]
        .iter()
        .enumerate()
        .map(|(index, count)| (0..*count).map(|n| format!("{index}{n:05}")).collect())
        .collect();
    for (index, (name, code)) in [("a", "1"), ("b", "2")].into_iter().enumerate() {
        let rows: Vec<(&str, &str, &str)> =
            names[index].iter().map(|id| (id.as_str(), "C", "1950-01-01")).collect();
        union.add(name, code, index == 1, &rows).await;
    }
    union.add("c", "3", false, &[]).await;
    let one = union.open();
    let of = |(index, ids): (usize, &Vec<String>)| {
        ids.iter().map(|id| key(["1", "2"][index], id)).collect::<Vec<_>>()
    };
    let mut keys: Vec<Value> = names.iter().enumerate().flat_map(of).collect();
    keys.push(key("2", "nobody"));
    assert_eq!(keys.len(), 10_000);
    let fetch = one.ask.entities("Persona", "codiceFiscale", &keys).unwrap();
    let reply = one.connector.fetch(&fetch).await.unwrap();
    assert_eq!(reply.rows().iter().filter(|row| matches!(row, Cell::Object(_))).count(), 9_999);
    assert_eq!(reply.rows()[9_999], Cell::Null);
    let got = render(&fetch, &reply);
    assert!(
        keys.iter()
            .zip(got.as_array().unwrap())
            .take(9_999)
            .all(|(key, row)| key["codiceFiscale"] == row["codiceFiscale"])
    );
    let (calls, _, rows) = fetch.meter.read();
    assert_eq!((calls, rows), (60 + 40, 9_999), "the third was asked nothing");
}
