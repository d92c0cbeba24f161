//! The third sector's HSDS 3 API.

use serde_json::Value;

use crate::kit::{district, get, third_sector};

#[tokio::test]
async fn services_are_found_by_postcode_page_after_page() {
    let district = district();
    let api = third_sector(&district).await;
    let all = &district.terzo_settore;
    let expected: Vec<&str> = all
        .servizi
        .iter()
        .filter(|servizio| all.sedi[servizio.sede].cap == "43043")
        .map(|servizio| servizio.id.as_str())
        .collect();
    assert!(expected.len() > 20);
    let mut ids: Vec<String> = Vec::new();
    for number in 1.. {
        let (status, page) =
            get(format!("{}/services?postcode=43043&per_page=10&page={number}", api.url())).await;
        assert_eq!((status, page["page_number"].as_u64()), (200, Some(number)));
        assert_eq!(page["total_items"], expected.len());
        ids.extend(page["contents"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()));
        if page["last_page"] == true {
            break;
        }
    }
    assert_eq!(ids, expected);
    assert_eq!(api.calls().of("GET /services"), expected.len().div_ceil(10) as u64);
}

#[tokio::test]
async fn a_list_is_short_and_full_is_whole() {
    let api = third_sector(&district()).await;
    let (_, short) = get(format!("{}/services?per_page=1", api.url())).await;
    let (_, full) = get(format!("{}/services?per_page=1&full=true", api.url())).await;
    assert_eq!(short["contents"][0]["service_at_locations"], Value::Null);
    let id = full["contents"][0]["id"].as_str().unwrap();
    let (_, single) = get(format!("{}/services/{id}", api.url())).await;
    assert_eq!(full["contents"][0], single);
    assert_eq!(single["service_at_locations"][0]["location"]["location_type"], "physical");
    assert!(single["organization"]["description"].is_string());
}

#[tokio::test]
async fn filters_narrow_and_each_has_a_nearest_neighbour() {
    let api = third_sector(&district()).await;
    let total =
        async |query: &str| get(format!("{}/services?{query}", api.url())).await.1["total_items"].as_u64();
    let everything = total("").await.unwrap();
    for narrower in ["search=TRASPORTO", "organization_id=org-01", "taxonomy_term_id=A2.07", "postcode=43041"]
    {
        let found = total(narrower).await.unwrap();
        assert!(found > 0 && found < everything, "{narrower}: {found}");
    }
    assert_eq!(total("postcode=00000").await, Some(0));
    assert_eq!(total("modified_after=2030-01-01T00:00:00Z").await, Some(0));
}

#[tokio::test]
async fn every_collection_is_served_and_the_rest_is_not() {
    let api = third_sector(&district()).await;
    let (_, about) = get(format!("{}/", api.url())).await;
    assert_eq!(about["version"], "3.1.1");
    for (what, id) in [
        ("organizations", "org-01"),
        ("service_at_locations", "sal-srv-001"),
        ("taxonomies", "casellario"),
        ("taxonomy_terms", "A2.07"),
    ] {
        assert_eq!(get(format!("{}/{what}", api.url())).await.1["empty"], false, "{what}");
        assert_eq!(get(format!("{}/{what}/{id}", api.url())).await.1["id"], id);
        assert_eq!(get(format!("{}/{what}/none", api.url())).await.0, 404);
    }
    assert_eq!(get(format!("{}/people", api.url())).await.0, 404);
    assert_eq!(get(format!("{}/services?page=0", api.url())).await.0, 400);
}
