//! Pairs of versions in; which rules are told of, and where, checked.

use super::*;

fn found(older: &str, newer: &str) -> Vec<String> {
    let newer = Schema::parse_and_validate(newer, "new.graphql").unwrap();
    let found = changes("old.graphql", older, &newer).unwrap();
    let line = |d: &Diagnostic| {
        format!("{} {} {}", if d.is_error() { "breaks" } else { "warns" }, d.rule, d.at.line)
    };
    found.iter().map(line).collect()
}

#[test]
fn the_same_schema_changes_nothing() {
    let sdl = "type Query { a(x: Int = 3): [Int!]! b: U } union U = A type A { e: E } enum E { X }";
    assert_eq!(found(sdl, sdl), [""; 0]);
}

#[test]
fn what_is_only_added_breaks_nobody() {
    let older = "type Query { a: Int }";
    let newer = "\"Nuovo.\" type Query { b: A a: Int @deprecated } type A { c: Int } enum E { X } directive @d on FIELD";
    assert_eq!(found(older, newer), [""; 0]);
}

#[test]
fn what_is_taken_away_breaks() {
    let older = "
        type Query { a(x: Int): A b: Int c: U d: I f(e: E, i: In): Int }
        type A implements I { i: Int }
        interface I { i: Int }
        union U = A | B
        type B { b: Int }
        enum E { X Y }
        input In { a: Int b: Int }
        directive @d(x: Int, y: Int) repeatable on FIELD | QUERY
        directive @gone on FIELD
        type Mutation { m: Int }";
    let newer = "
        type Query { a: A c: U d: I f(e: E, i: In): Int }
        type A { i: Int }
        interface I { i: Int }
        union U = A
        enum E { X }
        input In { a: Int }
        directive @d(x: Int) on FIELD";
    let expected = [
        "breaks ARGUMENT_REMOVED 2",
        "breaks FIELD_REMOVED 2",
        "breaks INTERFACE_REMOVED 3",
        "breaks UNION_MEMBER_REMOVED 5",
        "breaks TYPE_REMOVED 6",
        "breaks ENUM_VALUE_REMOVED 7",
        "breaks INPUT_FIELD_REMOVED 8",
        "breaks TYPE_REMOVED 11",
        "breaks DIRECTIVE_LOCATION_REMOVED 9",
        "breaks DIRECTIVE_REPEATABLE_REMOVED 9",
        "breaks DIRECTIVE_ARGUMENT_REMOVED 9",
        "breaks DIRECTIVE_REMOVED 10",
    ];
    assert_eq!(found(older, newer), expected);
}

#[test]
fn types_change_one_way_for_answers_and_the_other_for_what_is_sent() {
    for (older, newer, expected) in [
        ("a: Int!", "a: Int", "breaks FIELD_BECAME_NULLABLE 1"),
        ("a: [Int!]", "a: [Int]!", "breaks FIELD_BECAME_NULLABLE 1"),
        ("a: Int", "a: Int!", "warns FIELD_BECAME_NON_NULL 1"),
        ("a: [Int]", "a: [Int!]!", "warns FIELD_BECAME_NON_NULL 1"),
        ("a: Int", "a: Float", "breaks FIELD_TYPE_CHANGED 1"),
        ("a: Int", "a: [Int]", "breaks FIELD_TYPE_CHANGED 1"),
        ("a(x: Int!): Int", "a(x: Int): Int", ""),
        ("a(x: [Int!]!): Int", "a(x: [Int]): Int", ""),
        ("a(x: Int): Int", "a(x: Int!): Int", "breaks ARGUMENT_TYPE_CHANGED 1"),
        ("a(x: Int): Int", "a(x: Int! = 3): Int", "breaks ARGUMENT_TYPE_CHANGED 1"),
        ("a(x: Int): Int", "a(x: ID): Int", "breaks ARGUMENT_TYPE_CHANGED 1"),
        ("a(x: Int! = 3): Int", "a(x: Int!): Int", "breaks ARGUMENT_DEFAULT_CHANGED 1"),
        ("a(x: Int = 3): Int", "a(x: Int = 4): Int", "warns ARGUMENT_DEFAULT_CHANGED 1"),
        ("a: Int", "a(x: Int!): Int", "breaks REQUIRED_ARGUMENT_ADDED 1"),
        ("a: Int", "a(x: Int! = 1): Int", "warns OPTIONAL_ARGUMENT_ADDED 1"),
        ("a: Int", "a(x: Int): Int", "warns OPTIONAL_ARGUMENT_ADDED 1"),
    ] {
        let whole = |fields: &str| format!("type Query {{ {fields} }}");
        let expected: Vec<&str> = expected.split(',').filter(|line| !line.is_empty()).collect();
        assert_eq!(found(&whole(older), &whole(newer)), expected, "{older} -> {newer}");
    }
}

#[test]
fn what_clients_may_meet_anew_is_warned_of() {
    let older = "type Query { u: U i: I f(e: E, n: In): Int } type A { a: Int } type B { i: Int } interface I { i: Int } union U = A enum E { X } input In { a: Int }";
    let newer = "type Query { u: U i: I f(e: E, n: In): Int } type A { a: Int } type B implements I { i: Int } interface I { i: Int } union U = A | B enum E { X Y } input In { a: Int b: Int }";
    let expected = [
        "warns INTERFACE_ADDED 1",
        "warns UNION_MEMBER_ADDED 1",
        "warns ENUM_VALUE_ADDED 1",
        "warns OPTIONAL_INPUT_FIELD_ADDED 1",
    ];
    assert_eq!(found(older, newer), expected);
    let required = newer.replace("b: Int }", "b: Int! }");
    assert!(found(older, &required).contains(&"breaks REQUIRED_INPUT_FIELD_ADDED 1".to_owned()));
}

#[test]
fn kinds_and_renamed_roots_are_seen() {
    let older = "schema { query: Radice } type Radice { a: E } enum E { X }";
    assert_eq!(found(older, "type Query { a: E } scalar E"), ["breaks TYPE_KIND_CHANGED 1"]);
}

#[test]
fn an_older_supergraph_is_read_as_clients_saw_it() {
    let sdl =
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@inaccessible\"])
        type Query { a: Int b: Int @inaccessible c: Int }";
    let source = crate::compose::SourceSdl { name: "a", url: None, file: "a", sdl };
    let supergraph = crate::compose::compose(&[source]).unwrap();
    let newer = Schema::parse_and_validate("type Query { a: Int }", "new.graphql").unwrap();
    let found = changes("old.graphql", supergraph.sdl(), &newer).unwrap();
    let [removed] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(removed.message, "the field `Query.c` is gone");
    let line = supergraph.sdl().lines().nth(removed.at.line - 1).unwrap();
    assert!(line.trim_start().starts_with("c: Int"), "{line}");
}

#[test]
fn an_older_version_that_cant_be_read_is_told_with_its_place() {
    let newer = Schema::parse_and_validate("type Query { a: Int }", "new.graphql").unwrap();
    let found = changes("old.graphql", "type Query {\n  a: \n}", &newer).unwrap_err();
    assert!(found.iter().all(|d| &*d.at.file == "old.graphql" && d.at.line > 0), "{found:?}");
}
