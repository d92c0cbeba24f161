//! The shipped SDL and queries: what a newcomer reads first has no mistake.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::schema::ExtendedType;
use raccordo_schema::Diagnostic;
use raccordo_schema::catalogue::{Catalogue, Category};
use raccordo_schema::compose::{SourceSdl, compose};
use raccordo_schema::source::{check_kind, read_source};

const SOURCES: [(&str, &str, &str); 5] = [
    ("anagrafe", "sql", include_str!("../../../config/district/sources/anagrafe.graphql")),
    ("sociale", "sql", include_str!("../../../config/district/sources/sociale.graphql")),
    ("asl", "fhir", include_str!("../../../config/district/sources/asl.graphql")),
    ("terzosettore", "http", include_str!("../../../config/district/sources/terzosettore.graphql")),
    ("trasporti", "graphql", include_str!("../../../config/district/sources/trasporti.graphql")),
];

const QUERIES: [(&str, &str); 3] = [
    ("quartiere", include_str!("../../../config/district/queries/quartiere.graphql")),
    ("anziani", include_str!("../../../config/district/queries/anziani.graphql")),
    ("servizi", include_str!("../../../config/district/queries/servizi.graphql")),
];

fn none(remarks: &[Diagnostic]) {
    let remarks: Vec<String> = remarks.iter().map(ToString::to_string).collect();
    assert!(remarks.is_empty(), "{}", remarks.join("\n\n"));
}

fn catalogue() -> Catalogue {
    let sources = SOURCES.map(|(name, _, sdl)| SourceSdl { name, url: None, file: name, sdl });
    let graph = compose(&sources).unwrap_or_else(|mistakes| {
        none(&mistakes);
        panic!("composition failed without a word")
    });
    none(graph.warnings());
    Catalogue::from_supergraph(graph.sdl()).unwrap()
}

#[test]
fn every_source_reads_without_a_remark() {
    for (name, kind, sdl) in SOURCES {
        match read_source(name, &format!("sources/{name}.graphql"), sdl) {
            Ok(mapping) => none(&check_kind(&mapping, kind)),
            Err(mistakes) => none(&mistakes),
        }
    }
}

#[test]
fn the_five_compose_and_the_sample_queries_are_valid() {
    let catalogue = catalogue();
    for (name, query) in QUERIES {
        let valid = ExecutableDocument::parse_and_validate(catalogue.api_schema(), query, name);
        assert!(valid.is_ok(), "{name}: {}", valid.unwrap_err());
        assert!(query.starts_with("# "), "{name} begins with what it shows");
    }
}

#[test]
fn what_is_about_a_person_says_so_and_what_is_not_does_not() {
    let catalogue = catalogue();
    for (ty, field, category) in [
        ("Persona", "codiceFiscale", Category::Personal),
        ("Persona", "cognome", Category::Personal),
        ("Persona", "episodi", Category::Special),
        ("CartellaSociale", "areaUtenza", Category::Special),
        ("Trasporto", "motivo", Category::Special),
        ("Quartiere", "nome", Category::Public),
        ("Servizio", "nome", Category::Public),
    ] {
        assert_eq!(catalogue.category(ty, field), category, "{ty}.{field}");
    }
    assert_eq!(catalogue.argument_category("Query", "persona", "codiceFiscale"), Category::Personal);
    assert!(catalogue.subjects().any(|(ty, key)| &**ty == "Persona" && &**key == "codiceFiscale"));
}

#[test]
fn every_type_field_argument_and_value_is_described() {
    let catalogue = catalogue();
    let mut undescribed = Vec::new();
    for (name, ty) in &catalogue.api_schema().types {
        if !ty.is_built_in() && name != "Query" {
            note(&mut undescribed, name.to_string(), ty.description().is_some());
        }
        let ExtendedType::Object(object) = ty else {
            let values = ty.as_enum().into_iter().flat_map(|values| values.values.values());
            values
                .for_each(|v| note(&mut undescribed, format!("{name}.{}", v.value), v.description.is_some()));
            continue;
        };
        for field in object.fields.values() {
            note(&mut undescribed, format!("{name}.{}", field.name), field.description.is_some());
            for argument in &field.arguments {
                let coordinate = format!("{name}.{}({}:)", field.name, argument.name);
                note(&mut undescribed, coordinate, argument.description.is_some());
            }
        }
    }
    assert!(undescribed.is_empty(), "{undescribed:#?}");
}

fn note(undescribed: &mut Vec<String>, coordinate: String, described: bool) {
    if !described && !coordinate.starts_with("__") {
        undescribed.push(coordinate);
    }
}
