//! A partner in process: any question in, a GraphQL response out, invented from the question and its mood alone. In mood 0 it is
//! honest: no null, no error, two items in every list, a record for every key. In any other it lies, fails, forgets and repeats itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use futures::future::BoxFuture;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Connector, Failure, Fetch, Field, Leaf, Output, Reply, Selection, What};

use crate::mixed;

/// One value in so many is not what it should be.
const LIES: u64 = 12;
/// One response in so many is not what it should be as a whole.
const FAULTS: u64 = 8;

/// The partner.
pub struct Partner {
    possible: HashMap<String, Vec<String>>,
    mood: Arc<AtomicU64>,
}

impl Partner {
    /// A partner with this schema.
    pub fn new(sdl: &str, mood: Arc<AtomicU64>) -> Self {
        let built = Schema::builder().adopt_orphan_extensions().parse(sdl, "source.graphql").build();
        let schema = built.unwrap_or_else(|errors| errors.partial);
        let mut possible: HashMap<String, Vec<String>> = HashMap::new();
        for (name, ty) in &schema.types {
            match ty {
                ExtendedType::Object(object) => {
                    possible.entry(name.to_string()).or_default().push(name.to_string());
                    for interface in &object.implements_interfaces {
                        possible.entry(interface.to_string()).or_default().push(name.to_string());
                    }
                }
                ExtendedType::Union(union) => {
                    let members = union.members.iter().map(ToString::to_string);
                    possible.entry(name.to_string()).or_default().extend(members);
                }
                _ => {}
            }
        }
        Self { possible, mood }
    }
}

impl Connector for Partner {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            fetch.meter.call();
            let mood = self.mood.load(Ordering::Relaxed);
            let mut talk = Talk { partner: self, fetch, mood, drawn: 0, out: String::new() };
            let rows = fetch.representations.len();
            match talk.whole_fault() {
                Some(1) => return Err(Failure::unreachable("away")),
                Some(2) => return Err(Failure::timed_out("late")),
                Some(3) => return Err(Failure::over_limit("too much")),
                Some(fault) => talk.broken(fault),
                None => talk.response(rows),
            }
            read_response(talk.out.into(), &fetch.asked, rows)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// A response being written.
struct Talk<'a> {
    partner: &'a Partner,
    fetch: &'a Fetch,
    mood: u64,
    drawn: u64,
    out: String,
}

impl Talk<'_> {
    fn draw(&mut self, below: u64) -> u64 {
        self.drawn += 1;
        mixed(self.mood ^ self.drawn.wrapping_mul(0x1_0000_01b3)) % below
    }

    fn lies(&mut self, one_in: u64) -> bool {
        self.mood != 0 && self.draw(one_in) == 0
    }

    fn whole_fault(&mut self) -> Option<u64> {
        self.lies(FAULTS).then(|| self.draw(10))
    }

    /// A response that is none, or not this one's.
    fn broken(&mut self, fault: u64) {
        self.out.push_str(match fault {
            4 => "",
            5 => "<html>502</html>",
            6 => r#"{"data":null,"errors":[{"message":"x","path":["a",0,"b"]}]}"#,
            7 => r#"{"errors":[{"message":"x"}],"data":{"_entities":[null]}}"#,
            8 => r#"{"data":{"_entities":[{},{}],"x":1e999}}"#,
            9 => r#"{"data":{},"data":null}"#,
            _ => r#"{"data":"#,
        });
    }

    fn response(&mut self, rows: usize) {
        let asked = Arc::clone(&self.fetch.asked);
        self.out.push_str("{\"data\":");
        match &asked.what {
            What::Roots { selection, .. } => self.object(selection, &selection.type_name),
            What::Entities { selection, .. } => {
                self.out.push_str("{\"_entities\":[");
                for row in 0..rows {
                    if row > 0 {
                        self.out.push(',');
                    }
                    self.entity(selection, row);
                }
                if self.lies(LIES) {
                    self.out.push_str(",null");
                }
                self.out.push_str("]}");
            }
        }
        if self.lies(LIES) {
            let index = self.draw(4);
            let text = format!(
                r#","errors":[{{"message":"x","path":["_entities",{index},"id"]}},{{"message":"y"}}]"#
            );
            self.out.push_str(&text);
        }
        self.out.push('}');
    }

    fn entity(&mut self, selection: &Selection, row: usize) {
        if self.lies(LIES) {
            self.out.push_str("null");
            return;
        }
        let declared = self.fetch.representations.type_of(row).map(|ty| ty.name.clone());
        let name = declared.unwrap_or_else(|| selection.type_name.clone());
        self.object(selection, &name);
    }

    fn object(&mut self, selection: &Selection, declared: &str) {
        let partner = self.partner;
        let known = partner.possible.get(declared).map_or(&[][..], Vec::as_slice);
        let name = match known.len() {
            0 => declared,
            count => &known[self.draw(count as u64) as usize],
        };
        let type_id = self.fetch.asked.types.id(name).expect("the type is in the graph");
        self.out.push('{');
        let mut first = true;
        for field in selection.fields_of(type_id) {
            if self.lies(LIES * 2) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            if self.lies(LIES * 4) {
                self.out.push_str("\"altro\":[{\"x\":\"\\ud800\"}],");
            }
            self.out.push_str(&format!("\"{}\":", field.key));
            match &*field.name {
                "__typename" if self.lies(LIES) => self.out.push_str("\"Nessuno\""),
                "__typename" => self.out.push_str(&format!("\"{name}\"")),
                _ => self.value(field, field.list_depth),
            }
        }
        self.out.push('}');
    }

    fn value(&mut self, field: &Field, lists: u8) {
        if self.lies(LIES) {
            let lie = self.draw(8) as usize;
            self.out.push_str(
                [
                    "null",
                    "[]",
                    "{}",
                    "\"\\u0000\"",
                    "-0.0",
                    "1e999",
                    "[[[[null]]]]",
                    "{\"__typename\":\"Persona\",\"id\":1,\"id\":2}",
                ][lie],
            );
            return;
        }
        match (&field.output, lists) {
            (_, 1..) => {
                self.out.push('[');
                self.value(field, lists - 1);
                self.out.push(',');
                self.value(field, lists - 1);
                self.out.push(']');
            }
            (Output::Object(selection), 0) => self.object(selection, &selection.type_name),
            (Output::Leaf(leaf), 0) => self.leaf(leaf),
        }
    }

    fn leaf(&mut self, leaf: &Leaf) {
        let number = self.draw(1000);
        let text = match leaf {
            Leaf::Int => format!("-{number}"),
            Leaf::Float => format!("{number}.25e1"),
            Leaf::Boolean => number.is_multiple_of(2).to_string(),
            Leaf::Id if number.is_multiple_of(2) => number.to_string(),
            Leaf::Enum(values) => {
                format!("\"{}\"", values.values[number as usize % values.values.len()])
            }
            Leaf::Custom(_) if number.is_multiple_of(2) => format!("{{\"x\":[{number},\"\\u00e8\",null]}}"),
            _ => format!("\"v{number}\\n\\u00e8\""),
        };
        self.out.push_str(&text);
    }
}
