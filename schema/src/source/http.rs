//! `http:` of one `@connect` in; its [`HttpTarget`] out, with the variables of its templates checked against what is known there.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Value;

use super::connect::{Ground, Site};
use super::target::{Use, check_single_key};
use super::template::{Origin, Variable, jq_variables, template_variables};
use super::values::{items, member, text};
use crate::Diagnostic;
use crate::mapping::{HttpTarget, Method, Name, Target};
use crate::suggest::known_words;

/// A parameter: its name, its value, and where the value stands.
pub(crate) type Named<'a> = (Name, Arc<str>, &'a Node<Value>);

/// The name-value pairs of a member.
pub(crate) fn named_values<'a>(value: &'a Node<Value>, name: &str) -> Vec<Named<'a>> {
    let read = items(member(value, name)).into_iter();
    read.filter_map(|param| Some((text(param, "name")?, text(param, "value")?, member(param, "value")?)))
        .collect()
}

/// Reads `http:`.
pub(crate) fn read_http(
    ground: &Ground<'_>,
    value: &Node<Value>,
    found: &mut Vec<Diagnostic>,
) -> Option<Use> {
    let (method, path, path_at) = http_method(ground, value, found)?;
    check_single_key(ground, value, "http", false, found);
    let query = named_values(value, "query");
    let mut variables = Vec::new();
    let templates = query.iter().map(|(_, template, at)| (template, *at)).chain([(&path, path_at)]);
    for (template, at) in templates {
        match template_variables(template) {
            Ok(named) => variables.extend(named.into_iter().map(|variable| (variable, at))),
            Err(why) => {
                let message = format!("`{template}` can't be read: {why}");
                ground.wrong(
                    found,
                    "TEMPLATE",
                    ground.document.places.at(at),
                    message,
                    "a literal brace is written percent-encoded: `%7B`",
                );
            }
        }
    }
    if let Some(body) = member(value, "body") {
        variables.extend(
            jq_variables(body.as_str().unwrap_or_default()).into_iter().map(|variable| (variable, body)),
        );
    }
    check_variables(ground, value, &variables, found);
    let used = variables.into_iter().filter(|(v, _)| v.origin == Origin::Args).map(|(v, _)| v.name).collect();
    let query = query.into_iter().map(|(name, template, _)| (name, template)).collect();
    let program = |name| text(value, name);
    let target = HttpTarget {
        method,
        path,
        query,
        body: program("body"),
        select: program("select"),
        join_by: program("joinBy"),
    };
    Some(Use { target: Target::Http(target), used })
}

fn http_method<'a>(
    ground: &Ground<'_>,
    value: &'a Node<Value>,
    found: &mut Vec<Diagnostic>,
) -> Option<(Method, Arc<str>, &'a Node<Value>)> {
    let places = &ground.document.places;
    let (method, at) = match (member(value, "get"), member(value, "post")) {
        (Some(path), None) => (Method::Get, path),
        (None, Some(path)) => (Method::Post, path),
        _ => {
            let message = format!("`http:` on `{}` needs one path", ground.on);
            ground.wrong(
                found,
                "HTTP_METHOD",
                places.at(value),
                message,
                "give exactly one of `get:` and `post:`",
            );
            return None;
        }
    };
    let path = text(value, if method == Method::Get { "get" } else { "post" })?;
    if path.contains("://") || path.starts_with("//") {
        let message = format!("`{path}` is an address, and a path is expected");
        ground.wrong(
            found,
            "HTTP_PATH",
            places.at(at),
            message,
            "the source's `url` in the configuration says where; give the path below it",
        );
    }
    if let Some(body) = member(value, "body").filter(|_| method == Method::Get) {
        let message = format!("`http:` on `{}` has a `body:`, and a GET has none", ground.on);
        ground.wrong(
            found,
            "HTTP_METHOD",
            places.at(body),
            message,
            "use `post:`, or `query:` instead of `body:`",
        );
    }
    Some((method, path, at))
}

fn check_variables(
    ground: &Ground<'_>,
    value: &Node<Value>,
    variables: &[(Variable, &Node<Value>)],
    found: &mut Vec<Diagnostic>,
) {
    let by_key = variables.iter().any(|(variable, _)| variable.origin != Origin::Args);
    if ground.site != Site::Root && !by_key && !ground.keys.is_empty() {
        let message = format!(
            "`http:` on `{}` uses neither `$this` nor `$batch`, so that no key reaches the partner",
            ground.on
        );
        ground.wrong(
            found,
            "HTTP_KEY",
            ground.document.places.at(value),
            message,
            "put `{$this.x}` or `{$batch.x}` in the path or `query:`, or `$batch` in `body:`",
        );
    }
    let paths: Vec<&str> = ground.keys.iter().flatten().chain(ground.requires).map(|path| &**path).collect();
    for (variable, at) in variables {
        let at = ground.document.places.at(at);
        let name = variable.name.as_str();
        // A jq program that takes the whole of `$args`, `$this` or `$batch`.
        let whole = name.is_empty() && (ground.field.is_some() || variable.origin != Origin::Args);
        let (origin, known) = match variable.origin {
            Origin::Args => ("args", ground.field.is_some_and(|f| f.argument_by_name(name).is_some())),
            Origin::This => ("this", has_path(&paths, name)),
            Origin::Batch => ("batch", has_path(&paths, name)),
        };
        if ground.site == Site::Root && variable.origin != Origin::Args {
            let message =
                format!("`${origin}` has no meaning on `{}`: a root field has no parent", ground.on);
            ground.wrong(found, "TEMPLATE", at, message, "a root field knows `$args` only");
        } else if !known && !whole {
            let message = format!("`${origin}.{name}` names nothing that `{}` knows", ground.on);
            let arguments =
                ground.field.into_iter().flat_map(|f| f.arguments.iter().map(|a| a.name.as_str()));
            let help = match variable.origin {
                Origin::Args => known_words(name, arguments),
                _ => format!(
                    "{}; a key's fields and what `@requires` names",
                    known_words(name, paths.iter().copied())
                ),
            };
            ground.wrong(found, "TEMPLATE", at, message, help);
        }
    }
}

fn has_path(paths: &[&str], name: &str) -> bool {
    paths
        .iter()
        .any(|path| *path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}
