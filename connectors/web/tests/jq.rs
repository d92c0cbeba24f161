//! Programs in; the outputs that jaq, an independent jq, gives too. And programs that mean harm: refused, or stopped at a limit.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]

use std::borrow::Cow;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use raccordo_connector_web::{JqError, Program};
use serde_json::{Value, json};

fn run(text: &str, record: &Value) -> Result<Vec<Value>, JqError> {
    let program = Program::compile(text, &[])?;
    Ok(program.run(record, &[])?.into_iter().map(Cow::into_owned).collect())
}

/// What jaq says: its outputs up to the first error, and whether there was one.
fn jaq(text: &str, record: &Value) -> (Vec<Value>, bool) {
    let input = read::parse_single(record.to_string().as_bytes()).unwrap();
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(defs).load(&arena, File { code: text, path: () }).unwrap();
    let filter = Compiler::default().with_funs(funs).compile(modules).unwrap();
    let ctx = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let mut outputs = Vec::new();
    for output in filter.id.run((ctx, input)).map(unwrap_valr) {
        match output {
            Ok(value) => match serde_json::from_str(&value.to_string()) {
                Ok(value) => outputs.push(value),
                // Infinite and not-a-number, which JSON doesn't have.
                Err(_) => return (outputs, true),
            },
            Err(_) => return (outputs, true),
        }
    }
    (outputs, false)
}

fn patient() -> Value {
    json!({
        "resourceType": "Patient", "id": "p1", "active": true, "n": 3, "f": 2.5, "empty": [], "nothing": null,
        "identifier": [
            { "system": "http://example.it/cf", "value": "aaa" },
            { "system": "http://example.it/mrn", "value": "Ünï-12" },
            { "value": "x" }
        ],
        "name": [{ "family": "Rossi", "given": ["Anna", "Maria"] }, { "text": "A. R." }],
        "period": { "start": "2024-03-01", "end": "2024-12-31" },
        "nested": [[1, [2]], [3], []],
        "numbers": [3, 1, 2.5, -4, 1]
    })
}

const PROGRAMS: &[&str] = &[
    ".",
    ".id",
    ".a",
    ".period.start",
    ".period.start[:4]",
    ".period.start[-2:]",
    ".name[0].given[1]",
    ".name[-1].text",
    ".name[].given[]?",
    ".name[].given[]",
    ".identifier[] | select(.system == \"http://example.it/cf\") | .value",
    "[.identifier[].system]",
    ".identifier | map(.value) | join(\", \")",
    ".id.x",
    ".id.x?",
    ".id[0]?",
    ".n[0]",
    ".nothing.x",
    ".nothing[0]",
    ".nothing[]?",
    ".\"id\"",
    ".[\"id\"]",
    "[.name[] | .family // .text]",
    ".x // \"none\"",
    "(.x, .id) // 1",
    "(.empty[] // 7)",
    "if .active then .id else .n end",
    "if .x then 1 end",
    "if .x then 1 elif .n == 3 then 2 else 3 end",
    ".n + 1",
    ".n - 1.5",
    ".n * 2",
    ".n / 2",
    ".n / 3",
    "7 % 3",
    "-7 % 3",
    ".n / 0",
    "- .n",
    ".f | floor",
    ".f | ceil",
    ".f | round",
    "\"a\" + \"b\"",
    "[1] + [2]",
    "{a: 1} + {b: 2}",
    "{a: {x: 1}} * {a: {y: 2}}",
    "[1, 2, 1] - [1]",
    "\"a,b,c\" / \",\"",
    ".id + null",
    ".id + 1",
    ".n == 3.0",
    ".id < .n",
    "[1, \"a\", null, {}, [], true, false] | sort",
    ".numbers | sort",
    ".numbers | unique",
    ".numbers | min, max",
    ".numbers | add",
    ".numbers | add / length",
    ".numbers | reverse",
    "[.name[].given // []] | add",
    "[] | add",
    "[.nested[] | length]",
    ".nested | flatten",
    ".nested | flatten(1)",
    ".identifier | sort_by(.value) | .[0].value",
    "[.identifier | group_by(.system)[] | length]",
    ".identifier | unique_by(.system) | length",
    ".identifier | min_by(.value).value",
    ".identifier | max_by(.value).value",
    ".period | keys",
    ".period | to_entries",
    ".period | with_entries(.value |= .) | keys",
    ".period | to_entries | from_entries",
    ".period | map_values(length)",
    ".period | has(\"start\")",
    ".numbers | has(9)",
    "[.numbers[] | . > 1]",
    ".numbers | any(. > 2)",
    ".numbers | all(. > 2)",
    ".empty | any, all",
    ".id | ascii_upcase",
    ".identifier[1].value | ascii_downcase, length, explode",
    ".id | startswith(\"p\")",
    ".id | ltrimstr(\"p\"), rtrimstr(\"1\"), ltrimstr(\"z\")",
    ".id | tojson",
    "\"[1,2]\" | fromjson",
    "\"x\" | fromjson",
    "\"12\" | tonumber",
    "\"x\" | tonumber",
    ".n | tostring",
    ".period | tostring",
    ".id | type",
    "[.[] | type]",
    "\"\\(.id) is \\(.n)\"",
    "@uri \"x=\\(.identifier[1].value)\"",
    "@base64 \"\\(.id)\"",
    ".id | @base64 | @base64d",
    "\"<a&\\\">\" | @html",
    "{id, n: .n, (.id): 1, \"k\\(.n)\": 2}",
    "{id: (1, 2)} | .id",
    ".n as $x | .id + \"-\" + ($x | tostring)",
    ".name[0] as {family: $f, given: [$g]} | [$f, $g]",
    ". as {id: $i, $n} | {$i, $n}",
    "reduce .numbers[] as $x (0; . + $x)",
    "[foreach .numbers[] as $x (0; . + $x; [$x, .])]",
    "[foreach .numbers[] as $x (0; . + $x)]",
    "[limit(2; .numbers[])]",
    "[limit(0; 1, 2)]",
    "first(.numbers[])",
    "[first(empty)]",
    "[range(5)]",
    "[range(2; 5)]",
    "[range(0; 10; 3)]",
    "[range(5; 0; -2)]",
    "isempty(empty), isempty(1)",
    "try error(\"x\") catch .",
    "try (1, error(\"x\"), 3) catch \"c\"",
    "[.[]?.start?]",
    "[.id.x.y?]",
    "[.identifier[][.id]?]",
    "[(.id, .n, .period, .numbers)[:1]?]",
    "[.name[].given?[0]?]",
    "(.a, .id).b?",
    "def f: .id; f",
    "def f(g): g + 1; f(.n)",
    "def f($a; $b): $a + $b; f(.n; 2)",
    "def a: 1; def b: a + 1; b",
    "def f(g): [g, g]; f(.numbers[0], .n)",
    ".numbers | first, last, nth(2)",
    "[.numbers[] | select(. > 1 and . < 3)]",
    ".active and (.x | not)",
    ".x or .active",
    "[.identifier[] | .value | test(\"^[a-z]+$\")]",
    "\"2024-03-01\" | capture(\"(?<y>[0-9]+)-(?<m>[0-9]+)\")",
    "\"a1b22\" | [scan(\"[0-9]+\")]",
    "\"a1b22\" | [scan(\"([a-z])([0-9]+)\")]",
    "\"a-b-c\" | sub(\"-\"; \"+\"), gsub(\"-\"; \"+\")",
    "\"ab12\" | gsub(\"(?<d>[0-9])\"; \"<\\(.d)>\")",
    "\"a1b2c\" | [splits(\"[0-9]\")]",
    "\"a,b\" | split(\",\")",
    "\"abc\" | split(\"\")",
    "\" a \" | trim, ltrim, rtrim",
    "[1, [2]] | contains([1])",
    "\"foobar\" | contains(\"bar\")",
    "{a: [1, 2], b: 1} | contains({a: [1]})",
    "[.identifier[] | objects | .value | strings]",
    "[.[] | scalars] | length",
    "[1, null, 2] | map(values)",
    "[3, 1] | sort | .[0]",
    "{} | .a.b.c",
    "[] | .[0]",
    "[[1, 2], [3]] | .[][0]",
    ".numbers[1:3]",
    ".numbers[:-1]",
    ".numbers[10:]",
    "\"x\" * 0 // 1",
    "[.numbers[] as $a | .numbers[] as $b | $a * $b] | length",
    "\"b\" | in({b: 1})",
    "[2] | inside([1, 2])",
    ".id | tojson | fromjson",
    "[.name[] | {f: .family}] | map(.f)",
    "[1, 2] == [1, 2.0]",
    "{a: 1, b: 2} == {b: 2, a: 1}",
    "utf8bytelength?",
];

#[test]
fn programs_give_what_jaq_gives() {
    let record = patient();
    let mut different = Vec::new();
    for text in PROGRAMS.iter().filter(|text| !text.contains("|=") && !text.contains("\"x\" * 0")) {
        let theirs = jaq(text, &record);
        let ours = match run(text, &record) {
            Ok(outputs) => (outputs, false),
            Err(JqError::Record { .. }) => (Vec::new(), true),
            Err(error) => panic!("`{text}`: {error}"),
        };
        let same = match theirs.1 {
            true => ours.1,
            false => {
                !ours.1
                    && ours.0.len() == theirs.0.len()
                    && ours.0.iter().zip(&theirs.0).all(|(l, r)| same(l, r))
            }
        };
        if !same {
            different.push(format!("`{text}`\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Equal, `1` and `1.0` too.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(l), Value::Number(r)) => l.as_f64() == r.as_f64(),
        (Value::Array(l), Value::Array(r)) => l.len() == r.len() && l.iter().zip(r).all(|(l, r)| same(l, r)),
        (Value::Object(l), Value::Object(r)) => {
            l.len() == r.len() && l.iter().all(|(name, l)| r.get(name).is_some_and(|r| same(l, r)))
        }
        (left, right) => left == right,
    }
}

/// Where jaq differs from jq, we do as jq.
#[test]
fn an_error_is_no_value_for_an_alternative() {
    assert_eq!(run("error(\"e\") // 7", &patient()).unwrap(), [json!(7)]);
    assert_eq!(run("\"'\" | @html", &patient()).unwrap(), [json!("&#39;")]);
}

#[test]
fn what_may_not_end_is_refused_with_the_reason() {
    for (text, word) in [
        ("..", "subset"),
        ("recurse", "without end"),
        ("recurse(.[]?)", "without end"),
        ("[while(true; .)]", "without end"),
        ("until(false; .)", "without end"),
        ("repeat(.)", "without end"),
        ("walk(.)", "without end"),
        ("def f: f; f", "recursive"),
        ("def f: def g: f; g; f", "recursive"),
        ("def f(x): f(x); f(1)", "recursive"),
        ("def a: b; def b: a; a", "before it is used"),
        ("env", "nothing but its record"),
        ("$ENV", "unknown variable"),
        ("$__loc__", "unknown variable"),
        ("input", "one record"),
        ("[inputs]", "one record"),
        ("now", "take dates as the text"),
        ("debug", "no output"),
        ("debug(.)", "no output"),
        ("halt", "no output"),
        ("label $x | break $x", "stop early"),
        (".a = 1", "assignments"),
        (".a |= 1", "assignments"),
        (".a += 1", "assignments"),
        ("del(.a)", "paths"),
        ("[paths]", "paths"),
        ("test(.a)", "literal"),
        ("nonsense", "isn't a function"),
        ("map(.; .)", "takes 1"),
        ("import \"a\" as a; .", "expected"),
        (".a |", "expected"),
        ("(.a", "expected"),
        ("\"\\(.a", "expected"),
        ("", "expected"),
        ("test(\"(\")", "regular expression"),
        ("test(\"(a{1000}){1000}\")", "too large"),
        ("$x", "unknown variable"),
        ("@csv", "there are"),
    ] {
        let error = Program::compile(text, &[]).expect_err(text).to_string();
        assert!(error.contains(word), "`{text}` gives: {error}");
    }
}

#[test]
fn mistakes_say_where_they_are() {
    let at = |text: &str| match Program::compile(text, &["args"]) {
        Err(JqError::Text { offset, .. }) => offset,
        other => panic!("{other:?}"),
    };
    assert_eq!(at(".a | nonsense"), 5);
    assert_eq!(at(".a | $arg | .b"), 5);
    assert_eq!(at(".a | map(.b"), 11);
    assert_eq!(at("map(.a) | sort_by(env)"), 18);
    assert_eq!(at(".a | test(.b)"), 5);
}

#[test]
fn texts_that_nest_too_deep_are_refused_before_they_are_read() {
    for unit in [
        "(", "[", "{", "-", "try ", "if ", "def f: ", "reduce ", ".|", ".+", ".,", ".//", "\"\\(", "[.[]|",
        ".[", "first(", "map(",
    ] {
        for count in [100, 199, 200, 201, 499, 500, 1_000, 2_000, 4_000, 100_000] {
            let text =
                format!("{}.{}", unit.repeat(count), ")".repeat(if unit.ends_with('(') { count } else { 0 }));
            let _ = Program::compile(&text, &[]);
        }
    }
    let doubling: String = (1..40).map(|n| format!("def f{n}: f{} | f{};", n - 1, n - 1)).collect();
    let error = Program::compile(&format!("def f0: .; {doubling} f39"), &[]).unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
}

/// Half the stack that a thread of the runtime has.
#[test]
fn the_deepest_programs_allowed_run_on_a_small_stack() {
    let deepest = || {
        for unit in [".|", ".+", ".,", ".//", "[.[]?]|", "(.,.)|", "[.]|", "try ", "first(", "map(", "[.[]|"]
        {
            let close = if unit.ends_with('(') { ")" } else { "" };
            let close = if unit.starts_with("[.[]|") { "]" } else { close };
            let text = |count| format!("{}.{}", unit.repeat(count), close.repeat(count));
            let program = (1..400).rev().find_map(|count| Program::compile(&text(count), &[]).ok()).unwrap();
            match program.run(&json!([[1]]), &[]) {
                Ok(_) | Err(JqError::Record { .. } | JqError::Limit { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(deepest).unwrap().join().unwrap();
}

#[test]
fn what_explodes_stops_at_a_limit_that_a_program_cannot_catch() {
    let many = Value::Array(vec![json!("0123456789"); 2_000]);
    for text in [
        "[.[] as $a | .[] as $b | .[] as $c | 1] | length",
        "try [.[] as $a | .[] as $b | .[] as $c | 1] catch 1",
        "[.[] as $a | .[] as $b | .[] as $c | 1] // 1",
        "reduce range(100) as $i (\"a\"; . + .)",
        "reduce range(100) as $i (.; . + .)",
        "reduce range(100) as $i ({}; {a: ., b: .})",
        "reduce range(1000000) as $i (0; [.])",
        "reduce range(1000000) as $i (0; {a: .})",
        "[range(1e18)] | length",
        "reduce range(1e18) as $i (0; .)",
        "first(range(1e18) | select(. < 0))",
        "isempty(range(1e18) | empty)",
        "range(1e18)",
        ".[] as $a | .[] as $b | .[] as $c | $a",
        "[limit(1e18; range(1e18))] | length",
        "reduce range(40) as $i (\"ab\"; split(\"\") | join(\"__\"))",
        "reduce range(60) as $i (\"\\\"\"; tojson)",
        "[foreach range(1e18) as $i (0; 1)] | length",
        "def f(g): g | g | g | g; def h(g): f(g) | f(g); h(.[]?, 1, 1, 1, 1, 1)",
    ] {
        let program = Program::compile(text, &[]).unwrap().limited(200_000, 16 * 1024 * 1024);
        match program.run(&many, &[]) {
            Err(JqError::Limit { .. }) => {}
            other => panic!("`{text}` gives {:?}", other.map(|outputs| outputs.len())),
        }
    }
    // Nobody said otherwise.
    assert_eq!(run("[range(1e18)]", &many), Err(JqError::Limit { what: "memory" }));
    assert_eq!(run("last(range(1e18))", &many), Err(JqError::Limit { what: "steps" }));
}

#[test]
fn limits_hold_on_both_sides() {
    let run = |text: &str, steps, bytes| {
        let program = Program::compile(text, &[]).unwrap().limited(steps, bytes);
        program.run(&json!([1, 2, 3]), &[]).map(|outputs| outputs.len())
    };
    let least = (1..1_000).find(|steps| run("map(. + 1)", *steps, 10_000).is_ok()).unwrap();
    assert_eq!(run("map(. + 1)", least - 1, 10_000), Err(JqError::Limit { what: "steps" }));
    let least = (1..10_000).find(|bytes| run("map(. + 1)", 1_000, *bytes).is_ok()).unwrap();
    assert_eq!(run("map(. + 1)", 1_000, least - 1), Err(JqError::Limit { what: "memory" }));
    let nested = |depth: usize| format!("reduce range({depth}) as $i (0; [.]) | 1");
    assert_eq!(run(&nested(255), 10_000_000, 100_000_000), Ok(1));
    assert_eq!(run(&nested(300), 10_000_000, 100_000_000), Err(JqError::Limit { what: "nesting" }));
}

#[test]
fn messages_never_hold_values() {
    let record = json!({ "cf": "RSSNNA80A01F205X", "n": [1] });
    for text in [
        ".cf.x",
        ".cf[0]",
        ".cf[]",
        ".cf + 1",
        ".cf * 2",
        "error(.cf)",
        ".cf | error",
        "{(.n): 1}",
        ".[.cf].x.y[0] | .cf | tonumber",
        ".cf | fromjson",
        ".cf | keys",
        ".[.n]",
        ".n | join(.n)",
        ".cf | implode",
        "-.cf",
        ".n | has(\"x\")",
        ".cf | range(.)",
    ] {
        let error = run(text, &record).expect_err(text).to_string();
        assert!(!error.contains("RSSNNA") && !error.contains("80A01"), "`{text}` gives: {error}");
    }
}

#[test]
fn top_level_elements_are_read_off_the_program() {
    let of = |text: &str| Program::compile(text, &["source"]).unwrap().top_level_elements();
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(of(".id"), names(&["id"]));
    assert_eq!(of(".period.start[:10]"), names(&["period"]));
    assert_eq!(of(".name[0] | .family // .text"), names(&["name"]));
    assert_eq!(of("[.identifier[] | select(.system == \"x\") | .value] | first"), names(&["identifier"]));
    assert_eq!(of("if .deceasedBoolean then .a else .b end"), names(&["a", "b", "deceasedBoolean"]));
    assert_eq!(of(". as $r | .name[] | {n: ., id: $r.id}"), names(&["id", "name"]));
    assert_eq!(of(". as {id: $i, $name} | [$i, $name]"), names(&["id", "name"]));
    assert_eq!(of("select(.active) | .id"), names(&["active", "id"]));
    assert_eq!(of("\"\\(.a)-\\($source)\""), names(&["a"]));
    assert_eq!(of("def f: .a; f | f"), names(&["a"]));
    assert_eq!(of("reduce .a[] as $x (0; . + $x.b)"), names(&["a"]));
    assert_eq!(of("reduce .a[] as $x (.; .next) | .id"), names(&["a", "id", "next"]));
    assert_eq!(of("1"), names(&[]));
    for whole in [
        ".",
        "keys",
        ".[]",
        "[.]",
        "{a: .}",
        ". as $r | $r",
        "tojson",
        ".[.a]",
        "if .a then . else .b end",
        "has(\"a\")",
        "first(.)",
    ] {
        assert_eq!(of(whole), None, "{whole}");
    }
}

#[test]
fn variables_come_by_position_and_records_are_lent() {
    let program = Program::compile("[$args.a, $this, .x]", &["args", "this"]).unwrap();
    let values = [json!({ "a": 1 })];
    let record = json!({ "x": 2 });
    assert_eq!(*program.run(&record, &values).unwrap()[0], json!([1, null, 2]));
    let program = Program::compile(".x", &[]).unwrap();
    assert!(matches!(program.run(&record, &[]).unwrap()[0], Cow::Borrowed(_)));
}

/// Texts cut from good programs and put together anew, by a generator that always says the same.
#[test]
fn any_text_is_a_program_or_a_mistake_and_any_program_ends() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let record = patient();
    let (mut good, mut ended) = (0, 0);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..=random(3) {
            let part: Vec<char> = PROGRAMS.get(random(PROGRAMS.len())).unwrap().chars().collect();
            let whole = random(3) > 0;
            let from = if whole { 0 } else { random(part.len()) };
            let to = if whole { part.len() } else { from + random(part.len() - from) + 1 };
            text.extend(part.get(from..to).unwrap());
            text.push_str(
                [" | ", " | ", ", ", " // ", "? | ", " as $x | ", " + ", "[", ")", "\"", ";"]
                    .get(random(11))
                    .unwrap(),
            );
        }
        text.push_str([".", ".id", "1", ".[]", ""].get(random(5)).unwrap());
        let Ok(program) = Program::compile(&text, &[]) else { continue };
        good += 1;
        let outcome = program.limited(20_000, 1024 * 1024).run(&record, &[]).map(|outputs| outputs.len());
        ended += usize::from(outcome.is_ok());
    }
    assert!(
        good > 1_000 && ended > 500,
        "{good} programs, {ended} without an error: the cuts make too little sense"
    );
}
