//! An endpoint and the values for one call in; the call out. Values go percent-encoded into the path and the query, or bound into the body.

use raccordo_connector_api::{Failure, Fetch, Field, Value as Argument};
use raccordo_connector_web::Call;
use raccordo_schema::mapping::{Method, SourceMapping};
use serde_json::{Map, Value};
use url::Url;

use crate::keys::{Key, batch_object};
use crate::model::{Endpoint, Paging};
use crate::template::{Origin, encode};

/// The arguments of a field, as the partner wants them: enum values by their codes. May be personal: no `Debug`.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Arguments {
    values: Vec<(String, Option<Vec<String>>, Value)>,
}

impl Arguments {
    /// Those given to a field.
    ///
    /// # Errors
    /// `BadInput`, for an enum value that no code of the partner stands for.
    pub(crate) fn of(fetch: &Fetch, field: &Field, mapping: &SourceMapping) -> Result<Self, Failure> {
        let mut values = Vec::with_capacity(field.arguments.len());
        for argument in &field.arguments {
            let json = coded(fetch.value(argument), mapping, field, argument)?;
            let texts = match &json {
                Value::Null => None,
                Value::Array(items) => Some(items.iter().filter_map(text).collect()),
                single => text(single).map(|text| vec![text]),
            };
            values.push((argument.name.to_string(), texts, json));
        }
        Ok(Self { values })
    }

    /// The texts of an argument; none when it is null or not given.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.values.iter().find(|(own, ..)| own == name).and_then(|(_, texts, _)| texts.clone())
    }

    fn object(&self) -> Value {
        self.values.iter().map(|(name, _, json)| (name.clone(), json.clone())).collect::<Map<_, _>>().into()
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn coded(
    value: &Argument,
    mapping: &SourceMapping,
    field: &Field,
    argument: &raccordo_connector_api::Argument,
) -> Result<Value, Failure> {
    let named = argument.type_text.trim_matches(['[', ']', '!']);
    match (value, mapping.enums.get(named)) {
        (Argument::List(items), Some(_)) => {
            let mut all = Vec::with_capacity(items.len());
            for item in items {
                match coded(item, mapping, field, argument)? {
                    Value::Array(codes) => all.extend(codes),
                    code => all.push(code),
                }
            }
            Ok(Value::Array(all))
        }
        (Argument::Enum(value) | Argument::Text(value), Some(of)) => {
            // The value for all other codes stands for none that could be asked.
            let other = of.otherwise.as_ref().is_some_and(|other| **other == **value);
            let codes = of.codes.iter().filter(|(_, name)| **name == *value && !other);
            let mut codes: Vec<Value> = codes.map(|(code, _)| Value::from(&**code)).collect();
            match (codes.pop(), codes.is_empty()) {
                (Some(code), true) => Ok(code),
                (Some(code), false) => {
                    codes.push(code);
                    Ok(Value::Array(codes))
                }
                (None, _) => Err(Failure::bad_input(format!(
                    "this value of `{}` of `{}` can't be asked for: it stands for all other codes",
                    argument.name, field.name
                ))),
            }
        }
        (value, _) => Ok(value.to_json()),
    }
}

/// Which page a call asks: its number from 1, its size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageAt {
    pub(crate) number: u64,
    pub(crate) size: usize,
}

/// Bytes that a URL may have: clients and servers take no more than 65,534 of any.
const URL_BYTES: usize = 60_000;

/// The values of one call.
pub(crate) struct Filling<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) arguments: &'a Arguments,
    /// One key, or those of a batch; none for root fields.
    pub(crate) keys: Vec<&'a Key>,
    pub(crate) source: &'a str,
}

impl Filling<'_> {
    /// The call; `None` where a value that the path or a key needs is null, so that nothing can be asked.
    ///
    /// # Errors
    /// `Internal` when a URL can't be made of it, `Malformed` or `OverLimit` from the body's program.
    pub(crate) fn call(&self, base: &Url, page: Option<PageAt>) -> Result<Option<Call>, Failure> {
        if !self.keys.iter().all(|key| key.is_whole()) {
            return Ok(None);
        }
        let values = |origin: Origin, name: &str| self.values(origin, name);
        let Some(path) = self.endpoint.path.expand_path(&values) else { return Ok(None) };
        let mut query = String::new();
        for (name, template) in &self.endpoint.query {
            if let Some(value) = template.expand(&values) {
                parameter(&mut query, name, &value);
            }
        }
        for (argument, name) in &self.endpoint.filters {
            if let Some(texts) = self.arguments.texts(argument) {
                let encoded: Vec<String> = texts.iter().map(|text| percent(text)).collect();
                parameter(&mut query, name, &encoded.join(","));
            }
        }
        if let (Some(page), Some(paging)) = (page, &self.endpoint.paging) {
            page_parameters(&mut query, paging, page);
        }
        let url = self.url(base, &path, &query)?;
        match (self.endpoint.method, &self.endpoint.body) {
            (Method::Get, _) => Ok(Some(Call::get(url))),
            (Method::Post, None) => Ok(Some(Call::post(url, "application/json", Vec::new()))),
            (Method::Post, Some(_)) => Ok(Some(Call::post(url, "application/json", self.body()?))),
        }
    }

    fn url(&self, base: &Url, path: &str, query: &str) -> Result<Url, Failure> {
        let mut text = base.as_str().trim_end_matches('/').to_owned();
        if !path.is_empty() && !path.starts_with('/') {
            text.push('/');
        }
        text.push_str(path);
        if !query.is_empty() {
            text.push('?');
            text.push_str(query);
        }
        let url =
            Url::parse(&text).map_err(|_| Failure::internal("no URL can be made of `url` and the path"))?;
        match (url.as_str().len() <= URL_BYTES, self.keys.len()) {
            (true, _) => Ok(url),
            (false, 0 | 1) => {
                Err(Failure::bad_input("an argument or a key is longer than a URL of the source can be"))
            }
            (false, _) => Err(Failure::over_limit("the keys of one call are longer than a URL can be")),
        }
    }

    fn values(&self, origin: Origin, name: &str) -> Option<Vec<String>> {
        if origin == Origin::Args {
            return self.arguments.texts(name);
        }
        let index = self.endpoint.keys.iter().position(|path| **path == *name)?;
        self.keys.iter().map(|key| key.text(index).map(str::to_owned)).collect()
    }

    fn body(&self) -> Result<Vec<u8>, Failure> {
        let Some(program) = &self.endpoint.body else { return Ok(Vec::new()) };
        let this = self.keys.first().map_or(Value::Null, |key| key.object(self.endpoint));
        let batch = batch_object(self.endpoint, &self.keys);
        let variables = [Value::from(self.source), self.arguments.object(), this, batch];
        let outputs = program.run(&Value::Null, &variables)?;
        let [body] = outputs.as_slice() else {
            return Err(Failure::internal("the program of `body` gives not one value"));
        };
        serde_json::to_vec(body).map_err(|_| Failure::internal("the body can't be written"))
    }
}

fn page_parameters(query: &mut String, paging: &Paging, page: PageAt) {
    if let Some(name) = &paging.number_param {
        parameter(query, name, &page.number.to_string());
    }
    if let Some(name) = &paging.size_param {
        parameter(query, name, &page.size.to_string());
    }
}

/// Appends a parameter whose value is encoded already.
fn parameter(query: &mut String, name: &str, encoded: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    encode(name, false, query);
    query.push('=');
    query.push_str(encoded);
}

fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(text, false, &mut out);
    out
}
