//! A source's mapping in; its [`Model`], or every mistake that only this kind can see, out. Opens nothing.
//!
//! What the vocabulary itself says is checked before (`raccordo-schema`): that variables and arguments are there, that a key reaches the partner.

use std::collections::HashMap;
use std::sync::Arc;

use raccordo_connector_api::Source;
use raccordo_connector_web::{JqError, Program};
use raccordo_schema::mapping::{
    ArgumentMapping, Connect, FieldMapping, FilterOp, From, HttpTarget, Name, Target, TypeMapping,
};
use raccordo_schema::{Diagnostic, Location};

use crate::model::{DEFAULT_BATCH, DEFAULT_PAGE, Endpoint, Form, Model, Paging};
use crate::template::{Origin, Template};

/// The variables of `@from(jq:)`, `select:`, `joinBy:` and `totalPages:`.
const VARIABLES: &[&str] = &["source"];
/// The variables of `body:`.
const BODY_VARIABLES: &[&str] = &["source", "args", "this", "batch"];
/// Steps that a program may take on one record: some 20 ms.
const RECORD_STEPS: u64 = 1_000_000;
/// Bytes that a program may make of one record.
const RECORD_BYTES: u64 = 32 * 1024 * 1024;
/// The scalar that may not stand in a URL.
pub(crate) const PERSONAL: &str = "CodiceFiscale";

/// Checks a mapping; mistakes go to `found`.
pub(crate) fn check(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Model {
    let mapping = source.mapping.clone();
    let mut check = Check { source, found };
    let mut entities = HashMap::new();
    for of in mapping.types.values() {
        let endpoint = of.connect.as_ref().and_then(|connect| check.endpoint(connect, Place::entity(of)));
        entities.extend(endpoint.map(|endpoint| (of.name.clone(), Arc::new(endpoint))));
    }
    let mut endpoints: HashMap<Name, HashMap<Name, Arc<Endpoint>>> = HashMap::new();
    let mut programs: HashMap<Name, HashMap<Name, Program>> = HashMap::new();
    let roots = mapping.queries.values().map(|field| (Name::from("Query"), None, field));
    let of_types = mapping
        .types
        .values()
        .flat_map(|of| of.fields.values().map(move |field| (of.name.clone(), Some(of), field)));
    for (type_name, of, field) in roots.chain(of_types) {
        match &field.connect {
            Some(connect) => {
                let endpoint = check.endpoint(connect, Place::field(&type_name, of, field)).map(Arc::new);
                endpoints
                    .entry(type_name)
                    .or_default()
                    .extend(endpoint.map(|found| (field.name.clone(), found)));
            }
            None => {
                let program = check.from(&type_name, field);
                programs
                    .entry(type_name)
                    .or_default()
                    .extend(program.map(|found| (field.name.clone(), found)));
            }
        }
    }
    Model { mapping, endpoints, entities, programs }
}

/// Where a `@connect` stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) type_name: &'a Name,
    /// The type whose keys `$this` and `$batch` are.
    pub(crate) of: Option<&'a TypeMapping>,
    pub(crate) field: Option<&'a FieldMapping>,
}

impl<'a> Place<'a> {
    fn entity(of: &'a TypeMapping) -> Self {
        Self { type_name: &of.name, of: Some(of), field: None }
    }

    fn field(type_name: &'a Name, of: Option<&'a TypeMapping>, field: &'a FieldMapping) -> Self {
        Self { type_name, of, field: Some(field) }
    }

    /// The coordinate, as the user would say it.
    pub(crate) fn on(&self) -> String {
        match self.field {
            Some(field) => format!("{}.{}", self.type_name, field.name),
            None => self.type_name.to_string(),
        }
    }

    pub(crate) fn argument(&self, name: &str) -> Option<&'a ArgumentMapping> {
        self.field.and_then(|field| field.arguments.get(name))
    }
}

pub(crate) struct Check<'a, 'd> {
    pub(crate) source: Source<'a>,
    found: &'d mut Vec<Diagnostic>,
}

impl Check<'_, '_> {
    pub(crate) fn wrong(
        &mut self,
        rule: &'static str,
        at: &Location,
        message: String,
        help: impl Into<String>,
    ) {
        self.found.push(Diagnostic::error(rule, at.clone(), message).help(help));
    }

    fn endpoint(&mut self, connect: &Connect, place: Place<'_>) -> Option<Endpoint> {
        let (at, on) = (&connect.at, place.on());
        let Target::Http(target) = &connect.target else {
            let message = format!(
                "source `{}` is of kind `http`, and `@connect({}:)` on `{on}` is of another",
                self.source.name,
                connect.target.kind()
            );
            self.wrong("CONNECT_KIND_MISMATCH", at, message, "write `http:`, or change the source's kind");
            return None;
        };
        let path = self.template(&target.path, "path", at)?;
        if path.literal().contains(['?', '#']) {
            let message = format!("the path of `{on}` has a query in it");
            self.wrong(
                "HTTP_PATH",
                at,
                message,
                "put parameters under `query:`, so that one without a value can be left out",
            );
        }
        let query: Option<Vec<_>> = target
            .query
            .iter()
            .map(|(name, value)| Some((name.clone(), self.template(value, name, at)?)))
            .collect();
        let query = query?;
        let (keys, batched) = self.keys(target, &path, &query, place);
        let form = self.form(place);
        let endpoint = Endpoint {
            coordinate: coordinate(place),
            method: target.method,
            body: self.program(target.body.as_ref(), "body", BODY_VARIABLES, at),
            select: self.program(target.select.as_ref(), "select", VARIABLES, at),
            join_by: self
                .program(target.join_by.as_ref(), "joinBy", VARIABLES, at)
                .map(|program| program.limited(RECORD_STEPS, RECORD_BYTES)),
            filters: self.filters(connect, &on, place),
            paging: self.paging(connect, form, batched, &on),
            batch: self.batch(connect, batched, &on),
            join: join(target, place, &keys),
            form,
            keys,
            path,
            query,
        };
        self.joined(target, &endpoint, batched, place, at);
        self.personal(&endpoint, place, at);
        self.codes(place, at);
        self.bodiless(target, &endpoint, place, at);
        self.order(connect, &on);
        Some(endpoint)
    }

    fn template(&mut self, text: &str, what: &str, at: &Location) -> Option<Template> {
        match Template::read(text) {
            Ok(template) => Some(template),
            Err(why) => {
                let message = format!("the template `{text}` of `{what}` can't be read: {why}");
                self.wrong("TEMPLATE", at, message, "a literal brace is written percent-encoded: `%7B`");
                None
            }
        }
    }

    fn program(
        &mut self,
        text: Option<&Arc<str>>,
        what: &str,
        variables: &[&str],
        at: &Location,
    ) -> Option<Program> {
        match Program::compile(text?, variables) {
            Ok(program) => Some(program),
            Err(error) => {
                let text = text.map(|text| text.as_ref()).unwrap_or_default();
                let place = match &error {
                    JqError::Text { offset, .. } => {
                        text.get(..*offset).map_or(1, |before| before.chars().count() + 1)
                    }
                    _ => 1,
                };
                let message = format!("`{what}: {text}` isn't a jq program of the subset: {error}");
                self.wrong("JQ", at, message, format!("the mistake is at character {place} of the program"));
                None
            }
        }
    }

    fn from(&mut self, type_name: &Name, field: &FieldMapping) -> Option<Program> {
        let From::Jq { program, elements } = &field.from else { return None };
        if elements.is_some() {
            let message = format!("`elements:` on `{type_name}.{}` is for kind `fhir`", field.name);
            self.wrong("WRONG_KIND", &field.at, message, "remove it: an API like this has no `_elements`");
        }
        let program = self.program(Some(program), "jq", VARIABLES, &field.at)?;
        Some(program.limited(RECORD_STEPS, RECORD_BYTES))
    }

    /// The paths of `$this` and `$batch` that calls need, and whether they go in batches.
    fn keys(
        &mut self,
        target: &HttpTarget,
        path: &Template,
        query: &[(Name, Template)],
        place: Place<'_>,
    ) -> (Vec<Name>, bool) {
        let templates =
            || path.variables().chain(query.iter().flat_map(|(_, template)| template.variables()));
        let body = target.body.as_deref().unwrap_or_default();
        let uses =
            |origin: Origin, word: &str| templates().any(|(of, _)| of == origin) || body.contains(word);
        let (single, batched) = (uses(Origin::This, "$this"), uses(Origin::Batch, "$batch"));
        let mut keys: Vec<Name> = Vec::new();
        for (_, name) in templates().filter(|(origin, _)| *origin != Origin::Args) {
            if !keys.iter().any(|known| **known == *name) {
                keys.push(name.into());
            }
        }
        if body.contains("$this") || body.contains("$batch") {
            let requires = place.field.into_iter().flat_map(|field| &field.requires);
            let all = place.of.and_then(|of| of.keys.first()).into_iter().flatten().chain(requires);
            for path in all {
                let named = ["$this", "$batch"].iter().any(|word| body.contains(&format!("{word}.{path}")));
                if (named || whole(body)) && !keys.contains(path) {
                    keys.push(path.clone());
                }
            }
        }
        if single && batched {
            let (at, on) = (place_at(place), place.on());
            let message = format!("`http:` on `{on}` uses both `$this` and `$batch`");
            self.wrong(
                "HTTP_KEY",
                &at,
                message,
                "use `$this` for one call a key, or `$batch` for many keys in one call",
            );
        }
        (keys, batched)
    }

    fn form(&self, place: Place<'_>) -> Form {
        let Some(field) = place.field else { return Form::Single };
        let connection =
            self.source.mapping.types.get(&field.shape.named).and_then(|of| of.connection.as_ref());
        match (connection, field.shape.list) {
            (Some(_), _) => Form::Connection,
            (None, true) => Form::List,
            (None, false) => Form::Single,
        }
    }

    fn filters(&mut self, connect: &Connect, on: &str, place: Place<'_>) -> Vec<(Name, Name)> {
        for filter in &connect.filters {
            if !matches!(filter.op, FilterOp::Eq | FilterOp::In) {
                let message = format!(
                    "kind `http` can't compare `{}` of `{on}` otherwise than by its parameter",
                    filter.arg
                );
                let help = "leave `op` out: what the parameter `param` does is the API's to say";
                self.wrong("FILTER_OPERATOR", &connect.at, message, help);
            }
            if place.argument(&filter.arg).is_some_and(|argument| &*argument.named == PERSONAL) {
                self.in_url(
                    &format!("the argument `{}` of `{on}`", filter.arg),
                    &format!("$args.{}", filter.arg),
                    &connect.at,
                );
            }
        }
        connect.filters.iter().map(|filter| (filter.arg.clone(), filter.target.clone())).collect()
    }

    fn paging(&mut self, connect: &Connect, form: Form, batched: bool, on: &str) -> Option<Paging> {
        let page = connect.page.clone().filter(|_| form != Form::Single)?;
        let total_pages = self.program(page.total_pages.as_ref(), "totalPages", VARIABLES, &connect.at);
        if page.number_param.is_none() && (page.size_param.is_some() || page.total_pages.is_some()) {
            let message = format!("`page:` on `{on}` doesn't say how a page is asked");
            self.wrong(
                "PAGE_ARGUMENT",
                &connect.at,
                message,
                "add `numberParam:`, the parameter that carries the page's number",
            );
        }
        if batched && form == Form::Connection {
            let message =
                format!("`{on}` returns a connection, and its records come for many parents in one call");
            self.wrong(
                "BATCH",
                &connect.at,
                message,
                "use `$this` instead of `$batch`, or return a plain list",
            );
        }
        Some(Paging {
            number_param: page.number_param.clone(),
            size_param: page.size_param.clone(),
            size: page.size.unwrap_or(DEFAULT_PAGE),
            total_pages,
            arguments: page,
        })
    }

    fn batch(&mut self, connect: &Connect, batched: bool, on: &str) -> Option<usize> {
        if let Some(max) = connect.batch_max.filter(|max| *max > 1 && !batched) {
            let message = format!("`batch: {{ maxSize: {max} }}` on `{on}`, and one call carries one key");
            self.wrong(
                "BATCH",
                &connect.at,
                message,
                "put `{$batch.x}` in the path or `query:`, or remove `batch:`",
            );
        }
        batched.then(|| connect.batch_max.unwrap_or(DEFAULT_BATCH))
    }
}

/// The body takes `$this` or `$batch` as a whole, so that every key is in it.
fn whole(body: &str) -> bool {
    ["$this", "$batch"].iter().any(|word| body.split(word).skip(1).any(|after| !after.starts_with('.')))
}

fn place_at(place: Place<'_>) -> Location {
    let connect = match place.field {
        Some(field) => field.connect.as_ref(),
        None => place.of.and_then(|of| of.connect.as_ref()),
    };
    connect.map(|connect| connect.at.clone()).unwrap_or_else(|| Location::file(""))
}

fn coordinate(place: Place<'_>) -> (Name, Name) {
    let key = || {
        place
            .of
            .and_then(|of| of.keys.first()?.first())
            .and_then(|path| path.split('.').next())
            .map(Name::from)
    };
    let field = place.field.map(|field| field.name.clone()).or_else(key);
    (place.type_name.clone(), field.unwrap_or_else(|| Name::from("__typename")))
}

/// Which of an entity's variables its records carry: those of its keys. A relation's records are joined by `joinBy` alone.
fn join(target: &HttpTarget, place: Place<'_>, keys: &[Name]) -> Vec<usize> {
    match (place.of, place.field) {
        _ if target.join_by.is_some() => {
            if keys.len() == 1 {
                vec![0]
            } else {
                Vec::new()
            }
        }
        (Some(of), None) => {
            let of_key = |path: &Name| of.keys.iter().flatten().any(|key| key == path);
            keys.iter().enumerate().filter(|(_, path)| of_key(path)).map(|(index, _)| index).collect()
        }
        _ => Vec::new(),
    }
}
