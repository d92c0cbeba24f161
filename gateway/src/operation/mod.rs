//! The front end: a request in, a [`Valid`] operation out, or a refusal. The only reading of the client's text.
//!
//! find the text -> parse -> choose -> measure -> validate -> coerce -> lift -> estimate. What leaves holds no literal of the client in
//! its text: every argument is a variable, every condition is decided, every fragment is resolved.

mod canonical;
mod coerce;
mod cost;
mod documents;
mod incremental;
mod introspect;
mod lift;
mod measure;

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast;
use apollo_compiler::executable as exe;
use apollo_compiler::parser::Parser;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::{DiagnosticList, Valid as ApolloValid};
use raccordo_config::{CostMode, CostSettings};
use raccordo_connector_api::{Operation as Root, Value};

use crate::code::Code;
use crate::graph::Graph;
use crate::request::{Cost, Refusal, Request, RequestError};

pub use documents::Documents;
pub(crate) use documents::Resolved;
pub(crate) use incremental::define as define_incremental;
pub use lift::{Item, Lifted, Selections};
pub use measure::Limits;

/// How many validation errors one answer lists.
const MAX_ERRORS: usize = 20;

/// Something that passed every check of the front end. Only this module makes one.
pub struct Valid<T>(T);

impl<T> Valid<T> {
    /// What was checked.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Valid<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// An operation of a request: what is asked, apart from the values it is asked with.
pub struct Operation {
    /// Query, mutation or subscription.
    pub root: Root,
    /// The lifted form as text: the key of everything prepared, and what the trail records. Holds no value.
    pub text: Arc<str>,
    /// The lifted form.
    pub lifted: Lifted,
    /// The values of the lifted variables, in order. Personal.
    pub values: Vec<Value>,
    /// Answers to introspection, by response key, as JSON.
    pub introspection: Introspected,
    /// The name of a registered operation. An unregistered one's is the client's own word.
    pub name: Option<Arc<str>>,
    /// What it is estimated to cost, where that is configured.
    pub cost: Option<Cost>,
}

/// How requests are read.
pub struct Settings {
    /// What an operation may be.
    pub limits: Limits,
    /// How its cost is estimated.
    pub cost: CostSettings,
    /// The documents that it may be named from.
    pub documents: Documents,
}

impl From<Limits> for Settings {
    /// With these limits, every document comes with its request, and costs nothing.
    fn from(limits: Limits) -> Self {
        let cost = CostSettings { mode: CostMode::Off, max: u64::MAX, list_size: 0, report: false };
        Self { limits, cost, documents: Documents::default() }
    }
}

/// Answers to introspection, by response key, as JSON.
pub type Introspected = Vec<(Arc<str>, Vec<u8>)>;

/// Reads a request.
///
/// # Errors
/// Everything that makes a request fail whole: `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`, `BAD_USER_INPUT`,
/// `OPERATION_RESOLUTION_FAILURE`, `OPERATION_NOT_REGISTERED`, `PERSISTED_QUERY_NOT_FOUND`, `COST_ESTIMATED_TOO_EXPENSIVE` and the limits.
pub fn read(graph: &Graph, settings: &Settings, request: &Request) -> Result<Valid<Operation>, Refusal> {
    let resolved = resolve(settings, request)?;
    let examined = examine(graph, settings, &resolved, request)?;
    finish(graph, settings, &examined, request)
}

/// A document that passed every check that needs no value, and the operation of it that was chosen.
pub(crate) struct Examined {
    document: ApolloValid<ExecutableDocument>,
    /// As the request has it.
    operation_name: Option<String>,
    name: Option<Arc<str>>,
    /// It declares variables.
    varies: bool,
}

impl Examined {
    /// What it becomes doesn't depend on a request's variables.
    pub(crate) fn is_constant(&self) -> bool {
        !self.varies
    }
}

/// The text that a request means.
pub(crate) fn resolve<'r>(settings: &'r Settings, request: &'r Request) -> Result<Resolved<'r>, Refusal> {
    settings.documents.resolve(&request.query, request.reference.as_ref())
}

/// Reads a text: the part of [`read`] whose outcome is the same for every request of the text and the operation's name.
pub(crate) fn examine(
    graph: &Graph,
    settings: &Settings,
    resolved: &Resolved<'_>,
    request: &Request,
) -> Result<Examined, Refusal> {
    let Settings { limits, documents, .. } = settings;
    let parsed = parse(limits, resolved.text())?;
    let chosen = choose(&parsed, request.operation_name.as_deref())?;
    allow_method(chosen.operation_type, request.may_write)?;
    let measured = measure::measure(graph, limits, &parsed, chosen)?;
    let document = validate(graph, &parsed)?;
    let operation = operation_of(&document, request.operation_name.as_deref())?;
    if measured.incremental {
        incremental::check(&document, operation)?;
    }
    documents.keep(resolved, &parsed);
    let name = resolved.name(operation.name.as_ref().map(|name| name.as_str()));
    let varies = !operation.variables.is_empty();
    Ok(Examined { operation_name: request.operation_name.clone(), name, varies, document })
}

/// The rest of [`read`]: what depends on a request's variables, and on how it came.
pub(crate) fn finish(
    graph: &Graph,
    settings: &Settings,
    examined: &Examined,
    request: &Request,
) -> Result<Valid<Operation>, Refusal> {
    let document = &examined.document;
    let operation = operation_of(document, examined.operation_name.as_deref())?;
    allow_method(operation.operation_type, request.may_write)?;
    let variables = variables(graph, operation, request)?;
    let lifted = lift::lift(graph, document, operation, &variables)?;
    let introspection = match lifted.introspects() {
        true => introspect::introspect(graph, document, operation, &variables)?,
        false => Vec::new(),
    };
    let root = match operation.operation_type {
        ast::OperationType::Query => Root::Query,
        ast::OperationType::Mutation => Root::Mutation,
        ast::OperationType::Subscription => Root::Subscription,
    };
    let (lifted, values) = lifted.into_parts();
    let cost = cost::estimate(graph, &settings.cost, root, &lifted, &values)?;
    let (text, name) = (lifted.print(root).into(), examined.name.clone());
    Ok(Valid(Operation { root, text, lifted, values, introspection, name, cost }))
}

fn operation_of<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d exe::Operation, Refusal> {
    let missing = "the operation can't be found in the document";
    let found = document.operations.get(name);
    found.map(|operation| &**operation).map_err(|_| Refusal::new(Code::OPERATION_RESOLUTION_FAILURE, missing))
}

/// Checks a registered document as a request's would be, each of its operations.
fn prove(graph: &Graph, limits: &Limits, parsed: &ast::Document) -> Result<(), Refusal> {
    let mut incremental = false;
    let mut is_empty = true;
    for definition in &parsed.definitions {
        if let ast::Definition::OperationDefinition(operation) = definition {
            is_empty = false;
            incremental |= measure::measure(graph, limits, parsed, operation)?.incremental;
        }
    }
    if is_empty {
        return Err(Refusal::new(Code::OPERATION_RESOLUTION_FAILURE, "the document has no operation"));
    }
    let document = validate(graph, parsed)?;
    let mut operations = document.operations.iter().filter(|_| incremental);
    operations.try_for_each(|operation| incremental::check(&document, operation))
}

fn parse(limits: &Limits, text: &str) -> Result<ast::Document, Refusal> {
    // One more than allowed, so that passing the limit is told apart from a mistake in the text.
    let mut parser = Parser::new().token_limit(limits.tokens + 1).recursion_limit(limits.nesting());
    let parsed = parser.parse_ast(text, "operation.graphql");
    if parser.tokens_reached() > limits.tokens {
        let message = format!("the document has more than {} tokens", limits.tokens);
        return Err(Refusal::new(Code::REQUEST_LIMIT_EXCEEDED, message));
    }
    if parser.recursion_reached() >= limits.nesting() {
        let message = format!("the document is nested deeper than {}", limits.depth);
        return Err(Refusal::new(Code::MAX_DEPTH_LIMIT, message));
    }
    parsed.map_err(|error| listed(Code::GRAPHQL_PARSE_FAILED, &error.errors))
}

fn listed(code: Code, errors: &DiagnosticList) -> Refusal {
    let errors = errors
        .iter()
        .take(MAX_ERRORS)
        .map(|error| {
            let place = error.line_column_range().map(|range| (range.start.line, range.start.column));
            let message = without_text(&error.error.to_string());
            RequestError { locations: place.into_iter().collect(), ..RequestError::new(code, message) }
        })
        .collect();
    Refusal { errors }
}

/// What is wrong with a document, without the piece of its text that the parser stumbled over: it may be half of a string.
fn without_text(message: &str) -> String {
    if message.starts_with("`@defer` label `") {
        return "two `@defer` or `@stream` have one `label`".to_owned();
    }
    match message.split_once(", got ") {
        Some((expected, found)) if found != "EOF" => expected.to_owned(),
        _ => message.to_owned(),
    }
}

/// GraphQL specification, "GetOperation".
fn choose<'d>(
    document: &'d ast::Document,
    name: Option<&str>,
) -> Result<&'d ast::OperationDefinition, Refusal> {
    let refuse = |message: &str| Refusal::new(Code::OPERATION_RESOLUTION_FAILURE, message);
    let mut operations = document.definitions.iter().filter_map(|definition| match definition {
        ast::Definition::OperationDefinition(operation) => Some(&**operation),
        _ => None,
    });
    match name {
        Some(name) => operations
            .find(|operation| operation.name.as_ref().is_some_and(|own| own == name))
            .ok_or_else(|| refuse("no operation of the document has the name in `operationName`")),
        None => match (operations.next(), operations.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(refuse("the document has no operation")),
            (Some(_), Some(_)) => {
                Err(refuse("the document has several operations: say which in `operationName`"))
            }
        },
    }
}

fn allow_method(operation_type: ast::OperationType, may_write: bool) -> Result<(), Refusal> {
    match operation_type {
        ast::OperationType::Query | ast::OperationType::Subscription => Ok(()),
        ast::OperationType::Mutation if may_write => Ok(()),
        ast::OperationType::Mutation => Err(Refusal::writes_by_get()),
    }
}

fn validate(graph: &Graph, document: &ast::Document) -> Result<ApolloValid<ExecutableDocument>, Refusal> {
    document
        .to_executable_validate(graph.api_schema())
        .map_err(|errors| listed(Code::GRAPHQL_VALIDATION_FAILED, &errors.errors))
}

fn variables(graph: &Graph, operation: &exe::Operation, request: &Request) -> Result<JsonMap, Refusal> {
    let given: JsonMap = request
        .variables
        .iter()
        .map(|(name, value)| (name.as_str().into(), serde_json_bytes::Value::from(value.clone())))
        .collect();
    apollo_compiler::request::coerce_variable_values(graph.api_schema(), operation, &given)
        .map(ApolloValid::into_inner)
        .map_err(|error| Refusal::new(Code::BAD_USER_INPUT, without_value(&error.message().to_string())))
}

/// What is wrong with a variable, in words that repeat nothing of what it was given: only names of the document and of the graph.
fn without_value(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("could not coerce ") {
        let (place, type_name) = (rest.split(": ").next(), rest.rsplit(" to type ").next());
        return match (place, type_name) {
            (Some(place), Some(type_name)) => format!("{place} isn't a value of the type `{type_name}`"),
            _ => "a variable isn't a value of its type".to_owned(),
        };
    }
    let names_only = ["missing value for ", "Missing value for ", "null value for "];
    match names_only.iter().any(|known| message.starts_with(known)) {
        true => message.to_owned(),
        false => "a variable isn't a value of its type: see the fields that its input type has".to_owned(),
    }
}

/// The value of a constant, as a default is: it holds no variable.
pub(crate) fn constant(graph: &Graph, ty: &ast::Type, value: &ast::Value) -> Value {
    coerce::literal(graph, ty, value, &JsonMap::new()).unwrap_or(Value::Null)
}
