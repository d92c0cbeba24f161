//! Partners in trouble: each behaviour shows, and goes when it is switched off.

use std::time::Duration;

use raccordo_demo::DemoError;
use raccordo_demo::partners::{Behaviour, asl};
use serde_json::Value;

use crate::kit::{asl as start_asl, client, district, get, third_sector};

#[tokio::test]
async fn a_partner_is_down_refuses_talks_html_and_comes_back() {
    let api = third_sector(&district()).await;
    let url = format!("{}/services", api.url());
    for (behaviour, status) in [(Behaviour::Down, 503), (Behaviour::Refusing, 403), (Behaviour::NotJson, 200)]
    {
        api.behave(behaviour);
        let reply = client().get(&url).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), status);
        assert!(reply.json::<Value>().await.is_err());
    }
    api.behave(Behaviour::Faithful);
    assert_eq!(get(url).await.0, 200);
    assert_eq!(api.calls().total(), 4, "refused requests count too");
    api.calls().forget();
    assert!(api.calls().total() == 0 && api.calls().kinds().is_empty());
}

#[tokio::test]
async fn a_truncated_body_breaks_and_an_endless_one_goes_on() {
    let asl = start_asl(&district()).await;
    let url = format!("{}/Patient", asl.url());
    asl.behave(Behaviour::Truncated);
    let reply = client().get(&url).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    assert!(reply.content_length().is_some_and(|length| length > 1_000));
    assert!(reply.bytes().await.is_err());
    asl.behave(Behaviour::EndlessBody);
    let mut reply = client().get(&url).send().await.unwrap();
    let mut received = 0;
    while received < 10_000_000 {
        received += reply.chunk().await.unwrap().expect("it never ends").len();
    }
}

#[tokio::test]
async fn a_bundle_and_a_list_that_never_end() {
    let asl = start_asl(&district()).await;
    asl.behave(Behaviour::EndlessPages);
    let mut url = format!("{}/CarePlan", asl.url());
    for _ in 0..50 {
        let (_, bundle) = get(url).await;
        let links = bundle["link"].as_array().unwrap();
        url =
            links.iter().find(|link| link["relation"] == "next").unwrap()["url"].as_str().unwrap().to_owned();
    }
    let api = third_sector(&district()).await;
    api.behave(Behaviour::EndlessPages);
    let (_, page) = get(format!("{}/services?page=4000&per_page=10", api.url())).await;
    assert_eq!((page["last_page"].as_bool(), page["size"].as_u64()), (Some(false), Some(10)));
}

#[tokio::test]
async fn wrong_types_keep_the_envelope() {
    let asl = start_asl(&district()).await;
    asl.behave(Behaviour::WrongTypes);
    let (_, bundle) = get(format!("{}/EpisodeOfCare?_count=1", asl.url())).await;
    let episode = &bundle["entry"][0]["resource"];
    assert_eq!(episode["resourceType"], "EpisodeOfCare");
    assert!(episode["status"].is_object() && episode["patient"]["reference"].is_string());
}

#[tokio::test]
async fn a_stopped_partner_refuses_connections_and_frees_its_port() {
    let district = district();
    let first = start_asl(&district).await;
    let (address, url) = (first.address(), format!("{}/metadata", first.url()));
    let taken = asl::start(&district, address).await;
    let Err(error @ DemoError::Listen { .. }) = taken else { panic!("two partners on one port") };
    assert!(error.to_string().contains(&address.to_string()) && error.to_string().contains("port 0"));
    first.stop().await;
    assert!(client().get(&url).send().await.unwrap_err().is_connect());
    let second = asl::start(&district, address).await.unwrap();
    assert_eq!(get(url).await.0, 200);
    second.stop().await;
}

#[tokio::test]
async fn a_slow_partner_is_given_up_by_who_does_not_wait() {
    let asl = start_asl(&district()).await;
    asl.behave(Behaviour::Slow { delay_ms: 60_000 });
    let request = client().get(format!("{}/metadata", asl.url())).timeout(Duration::from_millis(50));
    assert!(request.send().await.unwrap_err().is_timeout());
}
