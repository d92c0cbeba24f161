//! Subscriptions through partners that this project did not write: GraphQL Yoga and npm `graphql-ws` as subgraphs, npm
//! `graphql-sse` and npm `graphql-ws` as clients, each with each.

use raccordo::trail::Streamed;
use raccordo_tests::real::{EventSubgraph, Over, Subscriber};
use serde_json::{Value, json};

use crate::kit::{Running, start};
use crate::territory::{self, Territory};

const BOTH: [Over; 2] = [Over::Sse, Over::Socket];

/// A gateway over the subgraph with events and the one with names.
async fn gateway(subgraph: &EventSubgraph, territory: &Territory, over: Over) -> Running {
    let protocol = match over {
        Over::Sse => String::new(),
        Over::Socket => {
            format!(
                ", subscriptions: graphql-ws, subscriptions_url: \"{}\"",
                subgraph.url().replace("http", "ws")
            )
        }
    };
    let sources = [
        ("partenze", EventSubgraph::SDL, format!("url: \"{}\"{protocol}", subgraph.url())),
        ("territorio", territory::SDL, format!("url: \"{}\"", territory.url)),
    ];
    start(&sources, "", |_| {}).await
}

/// What a client says of a whole operation.
fn all(gateway: &Running, over: Over, query: &str) -> Vec<Value> {
    Subscriber::start(over, &gateway.url(), query, None).unwrap().all().unwrap()
}

/// The methods that the subgraph received.
fn methods(subgraph: &mut EventSubgraph) -> Vec<String> {
    subgraph.take_requests().unwrap().into_iter().map(|request| request.method).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_a_whole_answer_with_what_the_other_sources_bring() {
    let mut subgraph = EventSubgraph::start().unwrap();
    let territory = Territory::start().await;
    for (inner, method) in [(Over::Sse, "POST"), (Over::Socket, "SUBSCRIBE")] {
        let gateway = gateway(&subgraph, &territory, inner).await;
        for outer in BOTH {
            territory.calls();
            let query = "subscription ($x: Boolean = true) { p: partenze(linea: \"7\", quante: 4) { ora linea { nome @include(if: $x) } fermata { __typename nome } } }";
            let said = all(&gateway, outer, query);
            let event = |ora: &str, fermata: Value| json!({ "next": { "data": { "p": { "ora": ora, "linea": { "nome": "Stazione - Ospedale" }, "fermata": fermata } } } });
            let stop = |nome: Value| json!({ "__typename": "Fermata", "nome": nome });
            let expected = [
                event("06:00", stop("Fermata s1".into())),
                event("07:00", stop("Fermata s2".into())),
                event("08:00", stop(Value::Null)),
                event("09:00", Value::Null),
                json!({ "complete": true }),
            ];
            assert_eq!(said, expected, "{inner:?} to {outer:?}");
            assert_eq!(territory.calls(), 3, "one call for each event that has a stop");
            assert_eq!(methods(&mut subgraph), [method, "END"]);
        }
        let records = gateway.streamed(2).await;
        let [opened, ended, ..] = &records[..] else { panic!("{records:?}") };
        assert_eq!(opened.streamed, Some(Streamed::Opened));
        assert_eq!(ended.streamed, Some(Streamed::Ended { events: 4 }));
        assert_eq!((&opened.trace, &opened.operation), (&ended.trace, &ended.operation));
        assert!(!ended.abandoned && ended.codes.is_empty());
        let asked: Vec<(&str, u64, usize)> =
            ended.asked.iter().map(|asked| (&*asked.source, asked.calls, asked.keys)).collect();
        assert_eq!(asked, [("partenze", 1, 0), ("territorio", 3, 3)]);
        assert!(opened.asked.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_fails_costs_itself_and_the_next_one_comes() {
    let subgraph = EventSubgraph::start().unwrap();
    let territory = Territory::start().await;
    for inner in BOTH {
        let gateway = gateway(&subgraph, &territory, inner).await;
        for outer in BOTH {
            let said = all(&gateway, outer, "subscription { incerto }");
            assert_eq!(said.len(), 4, "{said:?}");
            assert_eq!(said[0], json!({ "next": { "data": { "incerto": "evento 0" } } }));
            assert_eq!(said[1]["next"]["data"], json!({ "incerto": null }));
            assert_eq!(said[1]["next"]["errors"][0]["extensions"]["code"], "SOURCE_REJECTED");
            assert_eq!(said[1]["next"]["errors"][0]["path"], json!(["incerto"]));
            assert_eq!(said[2], json!({ "next": { "data": { "incerto": "evento 2" } } }));
            assert!(!format!("{said:?}").contains("tabellone"), "no word of the partner's");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_the_partners_subscription() {
    let mut subgraph = EventSubgraph::start().unwrap();
    let territory = Territory::start().await;
    for inner in BOTH {
        let gateway = gateway(&subgraph, &territory, inner).await;
        for (count, outer) in BOTH.into_iter().enumerate() {
            let query = "subscription { battiti(ogniMs: 5) }";
            let mut leaving = Subscriber::start(outer, &gateway.url(), query, None).unwrap();
            assert_eq!(leaving.next().unwrap(), json!({ "next": { "data": { "battiti": 1 } } }));
            leaving.kill();
            let ended = gateway.streamed(count * 2 + 1).await;
            assert!(ended.last().unwrap().abandoned);
            // One that has enough says so, or hangs up.
            let enough = Subscriber::start(outer, &gateway.url(), query, Some(3)).unwrap().all().unwrap();
            assert_eq!(enough.last().unwrap(), &json!({ "left": true }));
            gateway.streamed(count * 2 + 2).await;
            let (mut over, started) = (0, std::time::Instant::now());
            while over < 2 {
                over += methods(&mut subgraph).iter().filter(|method| *method == "END").count();
                assert!(started.elapsed() < crate::upstream::PATIENCE, "{inner:?} to {outer:?}: still open");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_breaks_off_or_refuses_is_told_to_the_client() {
    let territory = Territory::start().await;
    for inner in BOTH {
        for outer in BOTH {
            let mut subgraph = EventSubgraph::start().unwrap();
            let gateway = gateway(&subgraph, &territory, inner).await;
            let refused = all(&gateway, outer, "subscription { guasta }");
            assert!(refused[0].to_string().contains("SOURCE_"), "{refused:?}");
            let query = "subscription { battiti(ogniMs: 5) }";
            let client = Subscriber::start(outer, &gateway.url(), query, None).unwrap();
            client.next().unwrap();
            subgraph.stop();
            let said = client.all().unwrap();
            let text = Value::from(said).to_string();
            assert!(text.contains("SOURCE_UNAVAILABLE"), "{inner:?} to {outer:?}: {text}");
            let after = all(&gateway, outer, query);
            assert!(after[0].to_string().contains("SOURCE_UNAVAILABLE"), "{after:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_mutations_and_mistakes_go_the_same_way() {
    let subgraph = EventSubgraph::start().unwrap();
    let territory = Territory::start().await;
    let gateway = gateway(&subgraph, &territory, Over::Sse).await;
    for outer in BOTH {
        let said = all(&gateway, outer, "{ linee { id } fermate { nome } }");
        let data = json!({ "linee": [{ "id": "7" }, { "id": "8" }], "fermate": [{ "nome": "Fermata s1" }, { "nome": "Fermata s2" }] });
        assert_eq!(said, [json!({ "next": { "data": data } }), json!({ "complete": true })]);
        let said = all(&gateway, outer, "mutation { rinomina(id: \"s1\", nome: \"Duomo\") { nome } }");
        assert_eq!(said[0]["next"]["data"], json!({ "rinomina": { "nome": "Duomo" } }));
        for (query, code) in [
            ("subscription { battiti partenze(linea: \"7\") { ora } }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { ignota }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ] {
            let said = all(&gateway, outer, query);
            assert!(said[0].to_string().contains(code), "{query}: {said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_hangs_up_and_says_nothing_is_complete() {
    let subgraph = EventSubgraph::start().unwrap();
    let territory = Territory::start().await;
    for outer in BOTH {
        let gateway = gateway(&subgraph, &territory, Over::Socket).await;
        let client =
            Subscriber::start(outer, &gateway.url(), "subscription { battiti(ogniMs: 5) }", None).unwrap();
        client.next().unwrap();
        let ending = gateway.ask_to_end();
        let said = client.all().unwrap();
        let last = said.last().unwrap();
        assert!(last.get("error").is_some(), "{outer:?}: {last}");
        if outer == Over::Socket {
            assert_eq!(last["error"]["code"], 1001, "{last}");
        }
        assert_eq!(ending.await.unwrap(), raccordo::serve::Ended::Finished);
    }
}
