//! What is said *about* a coordinate and survives composition: access, tags, deprecation, cost, personal categories.
//!
//! In: applied directives. Out: `Marks`, merged over sources with the strictest winning, printed as directives. It never drops a
//! protection.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::access::{Alternatives, conjunction};
use super::costs::ListSize;
use super::links::{Links, Spec};
use super::personal::{Personal, stricter};
use super::text::quoted;

/// Everything that is said about one coordinate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    pub(crate) inaccessible: bool,
    pub(crate) authenticated: bool,
    pub(crate) personal: Option<Personal>,
    pub(crate) subject: Option<String>,
    pub(crate) specified_by: Option<String>,
    tags: BTreeSet<String>,
    deprecated: Option<String>,
    pub(crate) scopes: Option<Alternatives>,
    pub(crate) policies: Option<Alternatives>,
    pub(crate) cost: Option<i32>,
    pub(crate) list_size: Option<ListSize>,
    pub(crate) one_of: bool,
    /// Applications of the file's own and of foreign directives, under their local names.
    custom: Vec<Node<Directive>>,
}

/// Which specifications a printed supergraph needs.
#[derive(Debug, Default)]
pub(crate) struct Features {
    pub(crate) tag: bool,
    pub(crate) inaccessible: bool,
    pub(crate) authenticated: bool,
    pub(crate) requires_scopes: bool,
    pub(crate) policy: bool,
    pub(crate) cost: bool,
    pub(crate) one_of: bool,
    pub(crate) raccordo: bool,
}

impl Marks {
    /// Takes one application in. Anything that isn't a mark is left to others and gives `false`.
    pub(crate) fn take(&mut self, directive: &Node<Directive>, links: &Links) -> bool {
        let (spec, name) = links.directive(&directive.name);
        match (spec, name.as_str()) {
            (Spec::Federation, "tag") => self.tags.extend(text(directive, "name")),
            (Spec::Federation, "inaccessible") => self.inaccessible = true,
            (Spec::Federation, "authenticated") => self.authenticated = true,
            (Spec::Federation, "requiresScopes") => self.scopes = Some(alternatives(directive, "scopes")),
            (Spec::Federation, "policy") => self.policies = Some(alternatives(directive, "policies")),
            (Spec::Federation, "cost") => {
                self.cost = directive.specified_argument_by_name("weight").and_then(|v| v.to_i32());
            }
            (Spec::Federation, "listSize") => self.list_size = Some(ListSize::read(directive)),
            (Spec::Connect, "personal") => self.personal = Some(Personal::read(directive)),
            (Spec::Connect, "subject") => self.subject = text(directive, "key"),
            (Spec::Own, "deprecated") => {
                let reason = text(directive, "reason");
                self.deprecated = Some(reason.unwrap_or_else(|| "No longer supported".to_owned()));
            }
            (Spec::Own, "specifiedBy") => self.specified_by = text(directive, "url"),
            (Spec::Own, "oneOf") => self.one_of = true,
            (Spec::Own | Spec::Foreign(_), _) => self.custom.push(directive.clone()),
            _ => return false,
        }
        true
    }

    /// What holds in the graph when several sources speak: every protection of any of them.
    pub(crate) fn merge<'a>(all: impl IntoIterator<Item = &'a Marks>) -> Marks {
        let mut merged = Marks::default();
        for marks in all {
            merged.inaccessible |= marks.inaccessible;
            merged.authenticated |= marks.authenticated;
            merged.one_of |= marks.one_of;
            merged.tags.extend(marks.tags.iter().cloned());
            merged.cost = merged.cost.max(marks.cost);
            merged.scopes = conjunction(merged.scopes, marks.scopes.as_ref());
            merged.policies = conjunction(merged.policies, marks.policies.as_ref());
            merged.personal = stricter(merged.personal, marks.personal.as_ref());
            first(&mut merged.subject, &marks.subject);
            first(&mut merged.deprecated, &marks.deprecated);
            first(&mut merged.specified_by, &marks.specified_by);
            if let Some(size) = &marks.list_size {
                merged.list_size.get_or_insert_default().merge(size);
            }
            for directive in &marks.custom {
                if !merged.custom.contains(directive) {
                    merged.custom.push(directive.clone());
                }
            }
        }
        merged
    }

    /// The same, keeping of foreign directives only those that are composed, under the names given.
    pub(crate) fn keep_custom(&mut self, kept: impl Fn(&str) -> bool) {
        self.custom.retain(|directive| kept(&directive.name));
    }

    /// Adds the protections, and nothing else, of a source that doesn't resolve the coordinate itself.
    pub(crate) fn protect(&mut self, other: &Marks) {
        self.personal = stricter(self.personal.take(), other.personal.as_ref());
    }

    /// The directives of Federation among these marks that are merged over sources.
    pub(crate) fn merged_names(&self) -> Vec<&'static str> {
        let all = [
            (!self.tags.is_empty(), "tag"),
            (self.inaccessible, "inaccessible"),
            (self.authenticated, "authenticated"),
            (self.scopes.is_some(), "requiresScopes"),
            (self.policies.is_some(), "policy"),
            (self.cost.is_some(), "cost"),
            (self.list_size.is_some(), "listSize"),
        ];
        all.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect()
    }

    /// Notes what must be linked for these marks to be read.
    pub(crate) fn note(&self, features: &mut Features) {
        features.tag |= !self.tags.is_empty();
        features.inaccessible |= self.inaccessible;
        features.authenticated |= self.authenticated;
        features.requires_scopes |= self.scopes.is_some();
        features.policy |= self.policies.is_some();
        features.cost |= self.cost.is_some() || self.list_size.is_some();
        features.one_of |= self.one_of;
        features.raccordo |= self.personal.is_some() || self.subject.is_some();
    }

    /// The directives as the supergraph prints them, each with a leading space.
    pub(crate) fn print(&self) -> String {
        let mut out = String::new();
        for tag in &self.tags {
            let _ = write!(out, " @tag(name: {})", quoted(tag));
        }
        if self.inaccessible {
            out.push_str(" @inaccessible");
        }
        if self.authenticated {
            out.push_str(" @authenticated");
        }
        print_alternatives(&mut out, "requiresScopes", "scopes", self.scopes.as_deref());
        print_alternatives(&mut out, "policy", "policies", self.policies.as_deref());
        if let Some(weight) = self.cost {
            let _ = write!(out, " @cost(weight: {weight})");
        }
        if let Some(list_size) = &self.list_size {
            let _ = write!(out, " {list_size}");
        }
        self.print_raccordo(&mut out);
        self.print_builtin(&mut out);
        for directive in &self.custom {
            let _ = write!(out, " {}", directive.serialize().no_indent());
        }
        out
    }

    fn print_raccordo(&self, out: &mut String) {
        if let Some(personal) = &self.personal {
            let _ = write!(out, " {personal}");
        }
        if let Some(key) = &self.subject {
            let _ = write!(out, " @raccordo__subject(key: {})", quoted(key));
        }
    }

    fn print_builtin(&self, out: &mut String) {
        if self.one_of {
            out.push_str(" @oneOf");
        }
        if let Some(url) = &self.specified_by {
            let _ = write!(out, " @specifiedBy(url: {})", quoted(url));
        }
        if let Some(reason) = &self.deprecated {
            let _ = write!(out, " @deprecated(reason: {})", quoted(reason));
        }
    }
}

fn first<T: Clone>(into: &mut Option<T>, from: &Option<T>) {
    if into.is_none() {
        into.clone_from(from);
    }
}

fn text(directive: &Directive, argument: &str) -> Option<String> {
    directive.specified_argument_by_name(argument).and_then(|v| v.as_str()).map(str::to_owned)
}

fn alternatives(directive: &Directive, argument: &str) -> Alternatives {
    let outer = directive.specified_argument_by_name(argument).and_then(|v| v.as_list()).unwrap_or_default();
    outer.iter().map(|inner| words(inner)).collect()
}

fn words(value: &Value) -> BTreeSet<String> {
    match value {
        Value::List(items) => items.iter().filter_map(|v| v.as_str()).map(str::to_owned).collect(),
        single => single.as_str().map(str::to_owned).into_iter().collect(),
    }
}

fn print_alternatives(out: &mut String, name: &str, argument: &str, all: Option<&[BTreeSet<String>]>) {
    let Some(all) = all else { return };
    let printed: Vec<String> = all
        .iter()
        .map(|inner| format!("[{}]", inner.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(", ")))
        .collect();
    let _ = write!(out, " @{name}({argument}: [{}])", printed.join(", "));
}
