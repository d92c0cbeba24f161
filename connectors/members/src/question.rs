//! A question to the source in; what is asked of each member out, made once. Beside what the caller wants it asks for what joining needs:
//! the cursor of each record, the fields of the declared order, the key that tells a record found twice. None of that is passed on.

use std::sync::Arc;

use raccordo_connector_api::leaf::EnumValues;
use raccordo_connector_api::{Argument, Asked, Field, Leaf, Output, Selection, What};
use raccordo_schema::mapping::{
    ArgumentMapping, ConnectionMapping, FieldMapping, From, Meta, Name, NamedKind, Page, SourceMapping,
    TypeMapping,
};

use crate::check::{OrderField, order_fields, page_of};
use crate::connector::MembersConnector;

/// What is asked of the members.
pub(crate) enum Questions {
    Roots(Vec<RootQuestion>),
    /// The same of each: one for each member, which each prepares for itself.
    Entities(Vec<Arc<Asked>>),
}

/// One root field.
pub(crate) struct RootQuestion {
    /// As it was asked of the source.
    pub(crate) field: Field,
    pub(crate) returns: Returns,
    /// For each member.
    pub(crate) asked: Vec<Arc<Asked>>,
    /// What cursors are sealed for.
    pub(crate) context: String,
    /// How many values a fetch of it has; those of the page follow.
    pub(crate) values: u32,
}

/// What a root field returns.
pub(crate) enum Returns {
    /// One record, or a single value.
    One(Sorting),
    /// A plain list.
    Many { page: Page, sorting: Sorting },
    /// A connection.
    Page { page: Page, mapping: ConnectionMapping, sorting: Sorting, reads: Reads },
}

/// What is read of a connection.
pub(crate) struct Reads {
    /// Where each client's selection of nodes is: `nodes`, or `edges` and `node` in it. By the address of the selection.
    pub(crate) nodes: Vec<(usize, u32, Option<u32>)>,
    /// Where `edges` of our own are, with the cursor in slot 0 and the node in slot 1.
    pub(crate) edges: Option<u32>,
    /// Where `pageInfo` of our own is, with `hasNextPage` in slot 0.
    pub(crate) info: Option<u32>,
    /// Where the total is.
    pub(crate) total: Option<u32>,
    /// The client reads a cursor of every record.
    pub(crate) every_cursor: bool,
    /// The client reads the first's or the last's.
    pub(crate) end_cursors: bool,
    /// Records matter: anything but the total is asked.
    pub(crate) records: bool,
}

/// How records of several members become one list.
#[derive(Default)]
pub(crate) struct Sorting {
    pub(crate) type_name: Option<Name>,
    /// The declared order; empty for one member after the other.
    pub(crate) order: Vec<By>,
    /// Where the fields of the key are; empty where two members can't have the same record, or nobody could tell.
    pub(crate) key: Vec<u32>,
}

/// One criterion of the order.
pub(crate) struct By {
    pub(crate) slot: u32,
    pub(crate) is_number: bool,
    pub(crate) descending: bool,
}

impl Questions {
    pub(crate) fn of(source: &MembersConnector, asked: &Asked, values: u32) -> Self {
        match &asked.what {
            What::Roots { selection, operation } => {
                let own = |field: &&Field| &*field.name != "__typename";
                let of = |field: &Field| {
                    // Its selections are known by their addresses: what is kept is what was looked at.
                    let field = field.clone();
                    let of = Making { source, asked, top: selection, values };
                    let (returns, inner) = of.root(&field);
                    let selection = |field| Selection { width: 1, fields: vec![field], ..selection.clone() };
                    let what = |inner: &Field| What::Roots {
                        operation: *operation,
                        selection: selection(inner.clone()),
                    };
                    let asked = source
                        .members
                        .iter()
                        .map(|_| Arc::new(Asked::new(what(&inner), Arc::clone(&asked.types))));
                    let context = format!("{}.{}", source.whole.source, field.name);
                    RootQuestion { field, returns, asked: asked.collect(), context, values }
                };
                Self::Roots(selection.fields.iter().filter(own).map(of).collect())
            }
            What::Entities { types, selection } => {
                let what = || What::Entities { types: types.clone(), selection: selection.clone() };
                let one = |_| Arc::new(Asked::new(what(), Arc::clone(&asked.types)));
                Self::Entities(source.members.iter().map(one).collect())
            }
        }
    }
}

struct Making<'a> {
    source: &'a MembersConnector,
    asked: &'a Asked,
    top: &'a Selection,
    values: u32,
}

impl Making<'_> {
    /// What a root field returns, and how it is asked.
    fn root(&self, field: &Field) -> (Returns, Field) {
        let mapping = &*self.source.whole.mapping;
        let mut inner = Field { slot: 0, ..field.clone() };
        let known = mapping.queries.get(&field.name).filter(|_| &*self.top.type_name != "Mutation");
        let returned = known.and_then(|known| mapping.types.get(&known.shape.named));
        let (Some(known), Some(returned), Some(selection)) = (known, returned, field.selection()) else {
            return (Returns::One(Sorting::default()), inner);
        };
        let page = page_of(mapping, &self.members(), known);
        match &returned.connection {
            Some(connection) => {
                paged(&mut inner.arguments, known, &page, self.values);
                let node = mapping.types.get(&connection.node);
                let (sorting, extras) = self.sorting(known, node);
                let (selection, reads) = self.connection(selection, connection, extras);
                inner.output = Output::Object(Box::new(selection));
                (Returns::Page { page, mapping: connection.clone(), sorting, reads }, inner)
            }
            None => {
                let (mut sorting, extras) = self.sorting(known, Some(returned));
                let mut selection = selection.clone();
                let first = selection.width;
                add(&mut selection, extras);
                sorting.order.iter_mut().for_each(|by| by.slot += first);
                sorting.key.iter_mut().for_each(|slot| *slot += first);
                inner.output = Output::Object(Box::new(selection));
                match known.shape.list {
                    true => {
                        paged(&mut inner.arguments, known, &page, self.values);
                        (Returns::Many { page, sorting }, inner)
                    }
                    false => (Returns::One(sorting), inner),
                }
            }
        }
    }

    fn members(&self) -> Vec<&SourceMapping> {
        self.source.members.iter().map(|member| &*member.mapping).collect()
    }

    /// How records of a type are joined, and the fields that it takes: slots count from the first of these.
    fn sorting(&self, field: &FieldMapping, node: Option<&TypeMapping>) -> (Sorting, Vec<Field>) {
        let Some(node) = node else { return Default::default() };
        let mapping = &*self.source.whole.mapping;
        let mut extras: Vec<Field> = Vec::new();
        let mut slot = |name: &Name| {
            let known = node.fields.get(name)?;
            let position = extras.iter().position(|extra| extra.name == *name);
            Some(position.unwrap_or_else(|| {
                let slot = extras.len() as u32;
                extras.push(ours(name, slot, Output::Leaf(leaf(mapping, &known.shape.named))));
                extras.len() - 1
            }) as u32)
        };
        let order = order_fields(mapping, &self.members(), field).unwrap_or_default();
        let by = |OrderField { field, descending }: OrderField| {
            let known = node.fields.get(&field)?;
            let is_number = matches!(&*known.shape.named, "Int" | "Float");
            Some(By { slot: slot(&field)?, is_number, descending })
        };
        let order: Vec<By> = if self.source.members.len() > 1 {
            order.into_iter().filter_map(by).collect()
        } else {
            Vec::new()
        };
        let key = self.telling_key(node);
        let key = key.iter().map(&mut slot).collect::<Option<Vec<u32>>>().unwrap_or_default();
        (Sorting { type_name: Some(node.name.clone()), order, key }, extras)
    }

    /// The key by which a record is known when two members have it; none where that can't be.
    fn telling_key(&self, node: &TypeMapping) -> Vec<Name> {
        let members = &self.source.members;
        let Some(key) = node.keys.first().filter(|_| members.len() > 1 && node.served.is_empty()) else {
            return Vec::new();
        };
        let flat = |name: &Name| {
            node.fields.get(name).is_some_and(|field| {
                matches!(field.shape.kind, NamedKind::Scalar | NamedKind::Enum)
                    && !field.shape.list
                    && !field.external
            })
        };
        if !key.iter().all(flat) {
            return Vec::new();
        }
        let routed = self.source.whole.route_by.as_ref().is_some_and(|route_by| key.contains(route_by));
        let mut served: Vec<&Name> = members.iter().flat_map(|member| &member.serves).collect();
        let all = served.len();
        served.sort_unstable();
        served.dedup();
        let apart = routed && served.len() == all;
        let whose = |name: &Name| {
            node.fields
                .get(name)
                .is_some_and(|field| matches!(field.from, From::Meta(Meta::Member | Meta::Serves)))
        };
        if apart || key.iter().any(whose) { Vec::new() } else { key.clone() }
    }

    /// A connection's selection, with what joining needs.
    fn connection(
        &self,
        selection: &Selection,
        mapping: &ConnectionMapping,
        extras: Vec<Field>,
    ) -> (Selection, Reads) {
        let mut inner = selection.clone();
        let asks = |name: &'static str| selection.fields.iter().filter(move |field| &*field.name == name);
        let below =
            |name: &'static str| asks(name).filter_map(Field::selection).flat_map(|below| &below.fields);
        let every_cursor = below("edges").any(|field| &*field.name == "cursor");
        let end_cursors = below("pageInfo").any(|field| matches!(&*field.name, "startCursor" | "endCursor"));
        let asks_next = below("pageInfo").any(|field| &*field.name == "hasNextPage");
        let records =
            selection.fields.iter().any(|field| !matches!(&*field.name, "totalCount" | "__typename"));
        let may_cut = self.source.members.iter().any(|member| member.kind == "graphql");
        let mut nodes = Vec::new();
        for field in &selection.fields {
            match (&*field.name, field.selection()) {
                ("nodes", Some(below)) => nodes.push((address(below), field.slot, None)),
                ("edges", Some(edge)) => {
                    let node = |field: &Field| Some((address(field.selection()?), field.slot));
                    let of = edge.fields.iter().filter(|field| &*field.name == "node").filter_map(node);
                    nodes.extend(of.map(|(below, slot)| (below, field.slot, Some(slot))));
                }
                _ => {}
            }
        }
        let reads_ends = end_cursors || asks_next;
        let needs_edges =
            records && (every_cursor || reads_ends || !extras.is_empty() || may_cut || nodes.is_empty());
        let edges = needs_edges.then(|| {
            let cursor = ours(&"cursor".into(), 0, Output::Leaf(Leaf::String));
            let mut fields = vec![cursor];
            if !extras.is_empty() {
                let node = self.object(&mapping.node, extras);
                fields.push(ours(&"node".into(), 1, Output::Object(Box::new(node))));
            }
            let edge = mapping.edge.as_ref().unwrap_or(&selection.type_name);
            let edge = Selection { width: 2, ..self.object(edge, fields) };
            let mut field = ours(&"edges".into(), inner.width, Output::Object(Box::new(edge)));
            field.list_depth = 1;
            let slot = inner.width;
            inner.width += 1;
            inner.fields.push(field);
            slot
        });
        let info = (records && (asks_next || may_cut)).then(|| {
            let next = ours(&"hasNextPage".into(), 0, Output::Leaf(Leaf::Boolean));
            let info = self.object(&mapping.page_info, vec![next]);
            let slot = inner.width;
            inner.width += 1;
            inner.fields.push(ours(&"pageInfo".into(), slot, Output::Object(Box::new(info))));
            slot
        });
        let total = asks("totalCount").next().map(|field| field.slot);
        (inner, Reads { nodes, edges, info, total, every_cursor, end_cursors, records })
    }

    fn object(&self, type_name: &Name, fields: Vec<Field>) -> Selection {
        let type_id = self.asked.types.id(type_name);
        Selection { type_name: type_name.clone(), type_id, width: fields.len() as u32, fields }
    }
}

/// What a selection of nodes is known by in [`Reads::nodes`]. Those of [`RootQuestion::field`] stay where they are: they are boxed.
pub(crate) fn address(selection: &Selection) -> usize {
    std::ptr::from_ref(selection).addr()
}

/// A field that we ask for: under a key that no client's field has.
fn ours(name: &Name, slot: u32, output: Output) -> Field {
    Field {
        name: name.clone(),
        key: format!("_m_{name}").into(),
        slot,
        on: None,
        on_names: Arc::default(),
        arguments: Vec::new(),
        list_depth: 0,
        output,
    }
}

fn add(selection: &mut Selection, fields: Vec<Field>) {
    let first = selection.width;
    selection.width += fields.len() as u32;
    selection.fields.extend(fields.into_iter().map(|field| Field { slot: field.slot + first, ..field }));
}

/// The page's arguments are ours to give: each member is at a place of its own.
fn paged(arguments: &mut Vec<Argument>, known: &FieldMapping, page: &Page, values: u32) {
    for (name, value) in [(&page.first, values), (&page.after, values + 1)] {
        let Some(name) = name else { continue };
        arguments.retain(|argument| argument.name != *name);
        let type_text = known.arguments.get(name).map_or_else(|| "String".into(), type_text);
        arguments.push(Argument { name: name.clone(), type_text, value });
    }
    // The contract wants them in the definition's order.
    arguments.sort_by_key(|argument| known.arguments.get_index_of(&argument.name));
}

fn type_text(definition: &ArgumentMapping) -> Arc<str> {
    let named =
        if definition.list { format!("[{}]", definition.named) } else { definition.named.to_string() };
    if definition.non_null { format!("{named}!").into() } else { named.into() }
}

/// The type of a leaf by its name.
pub(crate) fn leaf(mapping: &SourceMapping, named: &Name) -> Leaf {
    if let Some(known) = mapping.enums.get(named) {
        let mut values: Vec<Name> = known.codes.values().chain(&known.otherwise).cloned().collect();
        values.sort();
        values.dedup();
        return Leaf::Enum(Arc::new(EnumValues { name: named.clone(), values }));
    }
    match &**named {
        "Int" => Leaf::Int,
        "Float" => Leaf::Float,
        "String" => Leaf::String,
        "Boolean" => Leaf::Boolean,
        "ID" => Leaf::Id,
        "CodiceFiscale" if mapping.uses_connect => Leaf::CodiceFiscale,
        "Date" if mapping.uses_connect => Leaf::Date,
        "DateTime" if mapping.uses_connect => Leaf::DateTime,
        _ => Leaf::Custom(named.clone()),
    }
}
