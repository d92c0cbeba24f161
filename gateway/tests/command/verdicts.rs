//! `check`, `compose`, `plan`, `config schema`, and what is refused.

use super::support::{Folder, Partner, nobody, raccordo};

const CONFIG: [&str; 2] = ["--config", "raccordo.yaml"];

fn typed(folder: &Folder, words: &[&str]) -> super::support::Told {
    raccordo(folder.root(), words)
}

#[test]
fn check_tells_good_from_wrong_with_file_and_line() {
    let folder = Folder::with("http://127.0.0.1:9/graphql");
    let good = typed(&folder, &["check", CONFIG[0], CONFIG[1]]);
    assert_eq!((good.code, good.out.as_str()), (Some(0), "good\n"), "{}", good.err);
    folder.write("trasporti.graphql", "type Query {\n  linee: [Nessuna]\n}\n");
    folder.write("raccordo.yaml", "access: open\nsources:\n  trasporti:\n    kind: graphql\n    schema: trasporti.graphql\n    uri: x\n");
    let wrong = typed(&folder, &["check", CONFIG[0], CONFIG[1]]);
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.out.contains("raccordo.yaml:6:5") && wrong.out.contains("trasporti.graphql:2:"),
        "{}",
        wrong.out
    );
    let missing = typed(&folder, &["check", "--config", "altro.yaml"]);
    assert_eq!((missing.code, missing.out.contains("`altro.yaml`")), (Some(1), true));
}

#[test]
fn check_live_asks_each_source_whether_it_answers() {
    let partner = Partner::start();
    let up = typed(&Folder::with(&partner.url), &["check", "--config", "raccordo.yaml", "--live"]);
    assert_eq!((up.code, up.out.as_str()), (Some(0), "good\n  trasporti (graphql): answers\n"), "{}", up.err);
    let down = typed(
        &Folder::with(&format!("http://{}/graphql", nobody())),
        &["check", "--config", "raccordo.yaml", "--live"],
    );
    assert_eq!(
        (down.code, down.out.as_str()),
        (
            Some(1),
            "good\n  trasporti (graphql): the source can't be reached: no connection: nobody listens there\n"
        )
    );
}

#[test]
fn what_compose_prints_can_be_checked_and_planned_for() {
    let folder = Folder::with("http://127.0.0.1:9/graphql");
    let composed = typed(&folder, &["compose", "--config", "raccordo.yaml"]);
    assert_eq!((composed.code, composed.err.as_str()), (Some(0), ""));
    assert!(composed.out.contains("@join__graph(name: \"trasporti\""), "{}", composed.out);
    folder.write("supergraph.graphql", &composed.out);
    folder.write("linee.graphql", "query($c: String!) { linee(comune: $c) { nome } __typename }");
    folder.write("variables.json", r#"{ "c": "Bedonia" }"#);
    assert_eq!(typed(&folder, &["check", "--supergraph", "supergraph.graphql"]).out, "good\n");
    for input in ["--config=raccordo.yaml", "--supergraph=supergraph.graphql"] {
        let plan = typed(&folder, &["plan", "linee.graphql", input, "--variables", "variables.json"]);
        assert_eq!(
            (plan.code, plan.out.as_str()),
            (Some(0), "1. trasporti (graphql)\n   { linee(comune) { nome } }\n"),
            "{}",
            plan.err
        );
    }
    let unset = typed(&folder, &["plan", "linee.graphql", "--config", "raccordo.yaml"]);
    assert_eq!((unset.code, unset.err.contains("BAD_USER_INPUT")), (Some(1), true), "{}", unset.err);
    folder.write("wrong.graphql", "{\n  nessuna\n}\n");
    let wrong = typed(&folder, &["plan", "wrong.graphql", "--config", "raccordo.yaml"]);
    assert_eq!((wrong.code, wrong.err.contains("wrong.graphql:2:3")), (Some(1), true), "{}", wrong.err);
    folder.write("trasporti.graphql", "type Query {");
    let broken = typed(&folder, &["compose", "--config", "raccordo.yaml"]);
    assert_eq!((broken.code, broken.out.as_str()), (Some(78), ""));
}

#[test]
fn check_against_an_older_version_tells_what_breaks_clients() {
    let folder = Folder::with("http://127.0.0.1:9/graphql");
    let older = typed(&folder, &["compose", "--config", "raccordo.yaml"]).out;
    folder.write("old.graphql", &older);
    let check = |older: &str| typed(&folder, &["check", "--config", "raccordo.yaml", "--against", older]);
    let same = check("old.graphql");
    assert_eq!((same.code, same.out.as_str()), (Some(0), "good\n"), "{}", same.err);

    folder.write(
        "seen.graphql",
        "type Query {\n  linee(comune: String): [Linea]!\n  fermate: Int\n}\ntype Linea {\n  id: ID!\n}\n",
    );
    let broken = check("seen.graphql");
    assert_eq!(broken.code, Some(1), "{}", broken.out);
    for part in [
        "error[FIELD_REMOVED]: the field `Query.fermate` is gone\n  --> seen.graphql:3:3\n  help: ",
        "warning[FIELD_BECAME_NON_NULL]: `Query.linee` was `[Linea]!`, and is `[Linea!]!`",
        "1 mistake, 1 warning\n",
    ] {
        assert!(broken.out.contains(part), "{part} in {}", broken.out);
    }

    folder.write(
        "seen.graphql",
        "type Query {\n  linee(comune: String): [Linea]!\n}\ntype Linea {\n  id: ID!\n}\n",
    );
    let surprising = check("seen.graphql");
    assert_eq!(
        (surprising.code, surprising.out.contains("good, with 1 warning")),
        (Some(0), true),
        "{}",
        surprising.out
    );

    folder.write("seen.graphql", "type Query {\n  a:\n}\n");
    let unreadable = check("seen.graphql");
    assert_eq!(
        (unreadable.code, unreadable.out.contains("seen.graphql:3:1")),
        (Some(1), true),
        "{}",
        unreadable.out
    );
    let missing = check("altro.graphql");
    assert_eq!((missing.code, missing.out.contains("`altro.graphql`")), (Some(1), true), "{}", missing.out);
    let supergraph = typed(&folder, &["check", "--supergraph", "old.graphql", "--against", "old.graphql"]);
    assert_eq!((supergraph.code, supergraph.out.as_str()), (Some(0), "good\n"), "{}", supergraph.err);
}

#[test]
fn the_schema_of_the_configuration_is_json() {
    let folder = Folder::with("http://127.0.0.1:9/graphql");
    let schema = typed(&folder, &["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    assert!(schema.pointer("/properties/sources").is_some());
}

#[test]
fn what_is_for_later_versions_is_refused_and_usage_is_told() {
    let folder = Folder::with("http://127.0.0.1:9/graphql");
    for words in [
        &["policy", "explain"][..],
        &["audit", "verify", "--all"],
        &["serve", "--source", "trasporti"],
        &["serve", "--config", "raccordo.yaml", "--source", "trasporti"],
    ] {
        let told = typed(&folder, words);
        assert_eq!(
            (told.code, told.err.contains("later version")),
            (Some(2), true),
            "{words:?}: {}",
            told.err
        );
    }
    for words in [
        &[][..],
        &["bogus"],
        &["serve"],
        &["serve", "--config", "a", "--supergraph", "b"],
        &["plan", "--config", "a"],
    ] {
        assert_eq!(typed(&folder, words).code, Some(2), "{words:?}");
    }
    let help = typed(&folder, &["--help"]);
    assert_eq!((help.code, help.out.contains("Examples:")), (Some(0), true));
}
