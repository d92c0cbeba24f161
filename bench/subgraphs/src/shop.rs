//! The shop that gateways are commonly compared by: six users, nine products, eleven reviews, every user having written the
//! first two. A type, a key and a field's name enter; what the field holds leaves. The proportions (who reviewed what, how
//! long the texts are) are those of the known benchmark; the names and texts are its own.

use apollo_compiler::executable::Field;
use serde_json::{Map, Value, json};

use crate::walk::{Held, Object};

const USERS: [(&str, &str, i64); 6] = [
    ("ada.neri", "Ada Neri", 1990),
    ("bruno.sala", "Bruno Sala", 1985),
    ("carla.foresti", "Carla Foresti", 1979),
    ("dino.pozzi", "Dino Pozzi", 1968),
    ("elsa.marchi", "Elsa Marchi", 1994),
    ("franco.ghezzi", "Franco Ghezzi", 1957),
];

/// Name, price, weight, whether it is in stock.
const PRODUCTS: [(&str, i64, i64, bool); 9] = [
    ("Table", 899, 100, true),
    ("Couch", 1299, 1000, false),
    ("Glass", 15, 20, false),
    ("Chair", 499, 100, false),
    ("Television", 1299, 1000, true),
    ("Lamp", 6999, 300, true),
    ("Grill", 3999, 2000, false),
    ("Kettle", 100000, 6000, true),
    ("Shelf", 9999, 200, false),
];

/// Which product each review is about, and how many letters it has.
const REVIEWS: [(u64, usize); 11] = [
    (1, 445),
    (1, 290),
    (1, 276),
    (1, 144),
    (2, 445),
    (2, 290),
    (2, 276),
    (2, 144),
    (3, 144),
    (4, 144),
    (4, 833),
];

const WORDS: &str = "The parcel came on the day that was promised and nothing in it was broken; putting it together took \
an afternoon, two people and the patience of both, and since then it stands in the kitchen as if it had always been there. ";

/// What a field of the shop holds.
pub(crate) fn field(object: &Object, field: &Field, arguments: &Map<String, Value>) -> Held {
    match object.name.as_str() {
        "Query" => root(field, arguments),
        "User" => user(object, field),
        "Review" => review(object, field),
        "Product" => product(object, field),
        name => Held::Wrong(format!("the shop has no `{name}`")),
    }
}

fn root(field: &Field, arguments: &Map<String, Value>) -> Held {
    let many = |name: &str, count: u64| Held::Many((1..=count).map(|key| Object::new(name, key)).collect());
    match field.name.as_str() {
        "me" => Held::One(Object::new("User", 1)),
        "user" => match arguments.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok()) {
            Some(key) => Held::One(Object::new("User", key)),
            None => Held::Leaf(Value::Null),
        },
        "users" => many("User", USERS.len() as u64),
        "topProducts" => {
            let first = arguments.get("first").and_then(Value::as_u64).unwrap_or(5);
            many("Product", first.min(PRODUCTS.len() as u64))
        }
        name => Held::Wrong(format!("`Query` has no `{name}`")),
    }
}

fn user(object: &Object, field: &Field) -> Held {
    let Some((username, name, birthday)) = nth(&USERS, object.key) else {
        return Held::Wrong(format!("there is no user `{}`", object.key));
    };
    Held::Leaf(match field.name.as_str() {
        "id" => json!(object.key.to_string()),
        "username" => json!(username),
        "name" => json!(name),
        "birthday" => json!(birthday),
        "reviews" => return Held::Many(vec![Object::new("Review", 1), Object::new("Review", 2)]),
        other => return Held::Wrong(format!("`User` has no `{other}`")),
    })
}

fn review(object: &Object, field: &Field) -> Held {
    let Some((product, letters)) = nth(&REVIEWS, object.key) else {
        return Held::Wrong(format!("there is no review `{}`", object.key));
    };
    match field.name.as_str() {
        "id" => Held::Leaf(json!(object.key.to_string())),
        "body" => Held::Leaf(json!(text(object.key, letters))),
        "product" => Held::One(Object::new("Product", product)),
        "author" => Held::One(Object::new("User", 1)),
        other => Held::Wrong(format!("`Review` has no `{other}`")),
    }
}

fn product(object: &Object, field: &Field) -> Held {
    let Some((name, price, weight, in_stock)) = nth(&PRODUCTS, object.key) else {
        return Held::Wrong(format!("there is no product `{}`", object.key));
    };
    Held::Leaf(match field.name.as_str() {
        "upc" => json!(object.key.to_string()),
        "name" => json!(name),
        "price" => json!(price),
        "weight" => json!(weight),
        "inStock" => json!(in_stock),
        "shippingEstimate" => match is_sent(object, price, weight) {
            true if price > 1000 => json!(0),
            true => json!(weight / 2),
            false => {
                return Held::Wrong("`shippingEstimate` needs the right `price` and `weight`".to_owned());
            }
        },
        "reviews" => {
            let about = REVIEWS.iter().zip(1..).filter(|((product, _), _)| *product == object.key);
            return Held::Many(about.map(|(_, key)| Object::new("Review", key)).collect());
        }
        other => return Held::Wrong(format!("`Product` has no `{other}`")),
    })
}

/// Whether a gateway that asks for an entity sent what the field requires. A client's own operation needn't.
fn is_sent(object: &Object, price: i64, weight: i64) -> bool {
    object.sent.as_ref().is_none_or(|sent| {
        sent.get("price") == Some(&json!(price)) && sent.get("weight") == Some(&json!(weight))
    })
}

fn nth<T: Copy>(of: &[T], key: u64) -> Option<T> {
    let at = usize::try_from(key.checked_sub(1)?).ok()?;
    of.get(at).copied()
}

/// A text of so many letters, another for each review.
fn text(key: u64, letters: usize) -> String {
    let from = usize::try_from(key).unwrap_or_default() * 17;
    WORDS.chars().cycle().skip(from).take(letters).collect()
}
