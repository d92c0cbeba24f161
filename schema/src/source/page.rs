//! `page:` of one `@connect` in; how the field is paged out.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::connect::{Ground, misplaced};
use super::values::{argument, member, text};
use crate::Diagnostic;
use crate::mapping::{Name, Page, Target};
use crate::suggest::known_words;

/// Reads `page:`. A connection can't be without.
pub(crate) fn read_page(
    ground: &Ground<'_>,
    directive: &Node<Directive>,
    target: &Target,
    found: &mut Vec<Diagnostic>,
) -> Option<Page> {
    let Some(value) = argument(directive, "page") else {
        if ground.connection.is_some() {
            let message =
                format!("`{}` returns a connection, and its `@{}` has no `page:`", ground.on, directive.name);
            let at = ground.document.places.at(directive);
            ground.wrong(
                found,
                "PAGE_MISSING",
                at,
                message,
                "add `page: { first: \"first\", after: \"after\" }` and the two arguments",
            );
        }
        return None;
    };
    if !ground.is_many() {
        misplaced(ground, value, directive, "page", "only a list or a connection has pages", found);
        return None;
    }
    let argument = |name: &str, types: &[&str], found: &mut Vec<Diagnostic>| {
        page_argument(ground, value, name, types, found)
    };
    let page = Page {
        first: argument("first", &["Int"], found),
        after: argument("after", &["String", "ID"], found),
        size: positive(ground, value, "size", found),
        number_param: text(value, "numberParam"),
        size_param: text(value, "sizeParam"),
        total_pages: text(value, "totalPages"),
    };
    check_page(ground, value, &page, target, found);
    Some(page)
}

fn check_page(
    ground: &Ground<'_>,
    value: &Node<Value>,
    page: &Page,
    target: &Target,
    found: &mut Vec<Diagnostic>,
) {
    let at = ground.document.places.at(value);
    let is_connection = ground.connection.is_some();
    if is_connection && (member(value, "first").is_none() || member(value, "after").is_none()) {
        let message = format!(
            "`{}` returns a connection, and `page:` names only one of `first` and `after`",
            ground.on
        );
        ground.wrong(
            found,
            "PAGE_ARGUMENT",
            at.clone(),
            message,
            "name both, so that a client can go on to the next page",
        );
    }
    if let Some(after) = page.after.as_ref().filter(|_| !is_connection) {
        let message = format!(
            "`page: {{ after: \"{after}\" }}` needs a connection, and `{}` returns a plain list",
            ground.on
        );
        ground.wrong(
            found,
            "PAGE_ARGUMENT",
            at.clone(),
            message,
            "return a connection, or keep `first` alone",
        );
    }
    let http =
        [&page.number_param, &page.size_param].into_iter().any(Option::is_some) || page.total_pages.is_some();
    if http && !matches!(target, Target::Http(_)) {
        let message = format!(
            "`numberParam`, `sizeParam` and `totalPages` are for kind `http`, and this is `{}`",
            target.kind()
        );
        ground.wrong(found, "WRONG_KIND", at, message, "remove them: this kind pages by itself");
    }
}

fn page_argument(
    ground: &Ground<'_>,
    value: &Node<Value>,
    member_name: &str,
    types: &[&str],
    found: &mut Vec<Diagnostic>,
) -> Option<Name> {
    let name = text(value, member_name)?;
    let at = member(value, member_name).map(|node| ground.document.places.at(node))?;
    match ground.field.and_then(|field| field.argument_by_name(&name)) {
        None => {
            let message = format!(
                "`page: {{ {member_name}: }}` names the argument `{name}`, which `{}` hasn't",
                ground.on
            );
            ground.wrong(found, "PAGE_ARGUMENT", at, message, known_words(&name, ground.arguments()));
        }
        Some(definition)
            if definition.ty.is_list() || !types.contains(&definition.ty.inner_named_type().as_str()) =>
        {
            let message =
                format!("`page: {{ {member_name}: }}` names `{name}`, which is a `{}`", definition.ty);
            ground.wrong(
                found,
                "PAGE_ARGUMENT",
                at,
                message,
                format!("its type is `{}`", types.join("` or `")),
            );
        }
        Some(_) => {}
    }
    Some(name)
}

/// A member that is a whole number from 1.
pub(crate) fn positive(
    ground: &Ground<'_>,
    value: &Node<Value>,
    name: &str,
    found: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let number = member(value, name)?;
    let read = number.to_i32().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    if read.is_none() {
        let message = format!("`{name}` can't be `{}`", number.serialize().no_indent());
        ground.wrong(
            found,
            "WRONG_VALUE",
            ground.document.places.at(number),
            message,
            "it is a whole number from 1",
        );
    }
    read
}
