//! A source and its members in; why they can't be one, out: routes that nothing tells, orders that can't be merged, pages that differ.
//! That their SDL says the same of the graph is checked where SDL is read.

use raccordo_schema::mapping::{FieldMapping, From, Meta, Name, Page, SourceMapping, TypeMapping};
use raccordo_schema::{Diagnostic, Location};

use crate::route::routing_argument;
use crate::{Locator, Member, Whole};

/// Everything that keeps these members from being one source.
pub fn check(whole: &Whole, members: &[Member], locator: Option<&Locator>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let checking = Checking { whole, members, locator };
    checking.serves(&mut found);
    for field in whole.mapping.queries.values() {
        checking.root(field, &mut found);
    }
    for field in whole.mapping.mutations.values() {
        checking.write(field, &mut found);
    }
    for ty in whole.mapping.types.values() {
        checking.entity(ty, &mut found);
    }
    for member in members {
        checking.served_fields(member, &mut found);
    }
    found
}

struct Checking<'a> {
    whole: &'a Whole,
    members: &'a [Member],
    locator: Option<&'a Locator>,
}

fn error(rule: &'static str, at: &Location, message: String, help: &str) -> Diagnostic {
    Diagnostic::error(rule, at.clone(), message).help(help)
}

impl Checking<'_> {
    fn mappings(&self) -> Vec<&SourceMapping> {
        self.members.iter().map(|member| &*member.mapping).collect()
    }

    fn serves(&self, found: &mut Vec<Diagnostic>) {
        for member in self.members {
            let name = &member.name;
            match (&self.whole.route_by, member.serves.is_empty()) {
                (Some(route_by), true) => found.push(error(
                    "MEMBER_SERVES",
                    &member.at,
                    format!("the member `{name}` doesn't say which values of `{route_by}` are its own"),
                    "add `serves: [\"…\"]`",
                )),
                (None, false) => found.push(error(
                    "MEMBER_SERVES",
                    &member.at,
                    format!("the member `{name}` says what it serves, and the source has no `route_by`"),
                    "add `route_by:` to the source, the argument and key field that these are values of, or remove `serves`",
                )),
                _ => {}
            }
        }
    }

    fn root(&self, field: &FieldMapping, found: &mut Vec<Diagnostic>) {
        if self.members.len() < 2 {
            return;
        }
        let mapping = &*self.whole.mapping;
        let is_connection = mapping.types.get(&field.shape.named).is_some_and(|of| of.connection.is_some());
        if !is_connection && !field.shape.list {
            let route_by = self.whole.route_by.as_ref();
            let routed =
                route_by.is_some_and(|route_by| routing_argument(mapping, field, route_by).is_some());
            if !routed && !self.whole.broadcast {
                found.push(error(
                    "MEMBERS_ROUTE",
                    &field.at,
                    format!("nothing tells which member `Query.{}` is asked of", field.name),
                    "give it the argument that `route_by` names, or say `broadcast: true` in the source's entry: all members are then asked",
                ));
            }
            return;
        }
        if let Err(unordered) = order_fields(mapping, &self.mappings(), field) {
            let member = self.members.get(unordered.member);
            let (name, at) =
                member.map_or(("?", &field.at), |member| (&*member.name, of_field(&member.mapping, field)));
            found.push(error("MEMBERS_ORDER", at, unordered.message(name, field), "let every member's `order:` name what the same fields are mapped to, in the same direction; or leave it out everywhere: members then follow one another"));
        }
        let page = page_of(mapping, &self.mappings(), field);
        for member in self.members {
            let own =
                member.mapping.queries.get(&field.name).and_then(|own| own.connect.as_ref()?.page.as_ref());
            if let Some(own) = own.filter(|own| own.first != page.first || own.after != page.after) {
                let named = |name: &Option<Name>| name.as_deref().unwrap_or("nothing").to_owned();
                found.push(error(
                    "MEMBERS_PAGE",
                    of_field(&member.mapping, field),
                    format!(
                        "the member `{}` is paged by `{}` and `{}`, the others by `{}` and `{}`",
                        member.name,
                        named(&own.first),
                        named(&own.after),
                        named(&page.first),
                        named(&page.after)
                    ),
                    "let `page:` name the same arguments",
                ));
            }
        }
    }

    fn write(&self, field: &FieldMapping, found: &mut Vec<Diagnostic>) {
        let scalar = |named: &str| matches!(named, "String" | "ID" | "Int" | "Float" | "Boolean");
        let by = self.whole.route_by.as_ref();
        let names = |name: &Name| {
            field.arguments.contains_key(name)
                || field.arguments.values().any(|argument| !scalar(&argument.named))
        };
        if self.members.len() > 1 && !by.is_some_and(names) {
            found.push(error(
                "MEMBERS_ROUTE",
                &field.at,
                format!("nothing tells which member `Mutation.{}` writes to", field.name),
                "give it the argument that `route_by` names: a write goes to one member only",
            ));
        }
    }

    fn entity(&self, ty: &TypeMapping, found: &mut Vec<Diagnostic>) {
        let is_asked = ty.connect.is_some()
            || ty.fields.values().any(|field| field.connect.is_some())
            || !self.whole.mapping.uses_connect;
        if self.members.len() < 2 || ty.keys.is_empty() || !is_asked {
            return;
        }
        let routed = |key: &Vec<Name>| {
            let required = ty.fields.values().flat_map(|field| &field.requires);
            self.whole.route_by.as_ref().is_some_and(|by| {
                key.contains(by) || ty.served.contains(by) || required.into_iter().any(|name| name == by)
            })
        };
        let untold = ty.keys.iter().find(|key| !routed(key) && !self.locates(ty, key));
        let Some(key) = untold else { return };
        if !self.whole.broadcast {
            let route_by = self.whole.route_by.as_deref();
            let what = route_by.map_or("the source has no `route_by`".to_owned(), |by| {
                format!("its key doesn't hold `{by}`")
            });
            let help = "make it part of the `@key`; or give the source a `locate:` that knows it for each key; or say `broadcast: true`: all members are then asked for every record";
            let message =
                format!("nothing tells which member has a `{}` by `{}`: {what}", ty.name, key.join(" "));
            found.push(error("MEMBERS_ROUTE", &ty.at, message, help));
        }
        let paged = |field: &&FieldMapping| {
            field.connect.is_some()
                && self.whole.mapping.types.get(&field.shape.named).is_some_and(|of| of.connection.is_some())
        };
        for field in ty.fields.values().filter(paged).filter(|_| ty.connect.is_none()) {
            found.push(error(
                "MEMBERS_PAGE",
                &field.at,
                format!(
                    "`{}.{}` has pages, and the records of a `{}` are in several members",
                    ty.name, field.name, ty.name
                ),
                "let it be a plain list, or make what `route_by` names part of the key",
            ));
        }
    }

    fn locates(&self, ty: &TypeMapping, key: &[Name]) -> bool {
        let known = self.locator.and_then(|locator| locator.mapping.types.get(&ty.name));
        let same =
            |other: &Vec<Name>| other.len() == key.len() && other.iter().all(|name| key.contains(name));
        let by = self.whole.route_by.as_ref();
        known.is_some_and(|known| {
            known.keys.iter().any(same) && by.is_some_and(|by| known.fields.contains_key(by))
        })
    }

    /// `@from(meta: SERVES)` needs one value to give.
    fn served_fields(&self, member: &Member, found: &mut Vec<Diagnostic>) {
        let uses = |ty: &&TypeMapping| ty.fields.values().any(|field| field.from == From::Meta(Meta::Serves));
        let Some(ty) = member.mapping.types.values().find(uses) else { return };
        if member.serves.len() != 1 {
            found.push(error(
                "MEMBER_SERVES",
                &member.at,
                format!(
                    "the member `{}` serves {} values, and `@from(meta: SERVES)` on `{}` needs exactly one",
                    member.name,
                    member.serves.len(),
                    ty.name
                ),
                "map the field to where its records say it, or give the member one value",
            ));
        }
    }
}

fn of_field<'m>(mapping: &'m SourceMapping, field: &'m FieldMapping) -> &'m Location {
    let own = mapping.queries.get(&field.name);
    own.map_or(&field.at, |own| own.connect.as_ref().map_or(&own.at, |connect| &connect.at))
}

/// A criterion of a list's order, as a field of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderField {
    pub(crate) field: Name,
    pub(crate) descending: bool,
}

/// Why an order can't be merged.
#[derive(Debug)]
pub(crate) struct Unordered {
    pub(crate) member: usize,
    /// What no field is mapped to; none where the order is another than the first member's.
    target: Option<Name>,
}

impl Unordered {
    fn message(&self, member: &str, field: &FieldMapping) -> String {
        match &self.target {
            Some(target) => format!(
                "`Query.{}` can't be merged: the member `{member}` orders by `{target}`, which no field is mapped to",
                field.name
            ),
            None => {
                format!("`Query.{}` can't be merged: the member `{member}` orders it otherwise", field.name)
            }
        }
    }
}

/// The order of a root list as fields of its records, the same in every member. Empty where none is declared.
pub(crate) fn order_fields(
    whole: &SourceMapping,
    members: &[&SourceMapping],
    field: &FieldMapping,
) -> Result<Vec<OrderField>, Unordered> {
    let node = whole.types.get(&field.shape.named).and_then(|of| match &of.connection {
        Some(connection) => whole.types.get(&connection.node),
        None => Some(of),
    });
    let Some(node) = node else { return Ok(Vec::new()) };
    let mut first: Option<Vec<OrderField>> = None;
    for (member, mapping) in members.iter().enumerate() {
        let own =
            order_of(mapping, field, node).map_err(|target| Unordered { member, target: Some(target) })?;
        match &first {
            Some(first) if *first != own => return Err(Unordered { member, target: None }),
            _ => first = Some(own),
        }
    }
    Ok(first.unwrap_or_default())
}

fn order_of(
    mapping: &SourceMapping,
    field: &FieldMapping,
    node: &TypeMapping,
) -> Result<Vec<OrderField>, Name> {
    let connect = mapping.queries.get(&field.name).and_then(|own| own.connect.as_ref());
    let own = mapping.types.get(&node.name);
    let one = |order: &raccordo_schema::mapping::Order| {
        let mapped = |field: &&FieldMapping| match &field.from {
            From::Name => field.name == order.target,
            From::Column(column) => *column == order.target,
            From::Header { names, .. } => names.contains(&order.target),
            From::Jq { .. } | From::Meta(_) => false,
        };
        let field =
            own.and_then(|own| own.fields.values().find(mapped)).ok_or_else(|| order.target.clone())?;
        Ok(OrderField { field: field.name.clone(), descending: order.descending })
    };
    connect.map_or(&[][..], |connect| &connect.order).iter().map(one).collect()
}

/// The arguments that page a root list. Where no mapping names them they are Relay's, as far as the field has them.
pub(crate) fn page_of(whole: &SourceMapping, members: &[&SourceMapping], field: &FieldMapping) -> Page {
    let declared = members
        .iter()
        .copied()
        .chain([whole])
        .find_map(|mapping| mapping.queries.get(&field.name)?.connect.as_ref()?.page.clone());
    let relays = |name: &str| field.arguments.get_key_value(name).map(|(name, _)| name.clone());
    declared.unwrap_or_else(|| Page { first: relays("first"), after: relays("after"), ..Page::default() })
}
