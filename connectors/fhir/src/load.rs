//! Keys and root fields in; the resources that answer them, with what hangs below each, out. Nothing is written to a reply here.
//!
//! Whatever comes must show that it was asked for: an entity by carrying an asked key, a relation's record by referring to an asked
//! parent. A server that passes over a parameter and answers everyone is `Malformed`: none of its records is attributed to anybody.
//! Records are joined by canonical key and by reference, never by position.

use std::collections::{HashMap, HashSet};

use futures::FutureExt;
use futures::future::{BoxFuture, join_all, try_join_all};
use raccordo_connector_api::page::page_asked;
use raccordo_connector_api::{Failure, Field, Output, Selection};
use raccordo_schema::mapping::Name;

use crate::bundle::Resource;
use crate::elements::elements;
use crate::filter::narrow;
use crate::model::{Entity, Finder, Form, Model, Reference, with_conditions};
use crate::reference::{id_of, references};
use crate::search::{Search, escaped, tokens};
use crate::server::{Asking, Server};

/// What loads.
#[derive(Clone, Copy)]
pub(crate) struct Loader<'a> {
    pub(crate) server: &'a Server,
    pub(crate) model: &'a Model,
    pub(crate) asking: &'a Asking<'a>,
}

/// Resources of one type, with what hangs below them under each selection that is wanted of them.
#[derive(Default)]
pub(crate) struct Level {
    pub(crate) resources: Vec<Resource>,
    /// For each selection, in order: its relations.
    pub(crate) views: Vec<Vec<Relation>>,
}

/// What a field brought for all resources of a level.
pub(crate) struct Relation {
    /// Index of the field in its selection.
    pub(crate) field: usize,
    /// The records; a failure costs this field alone.
    pub(crate) hung: Result<Hung, Failure>,
}

/// Records that hang on parents.
pub(crate) struct Hung {
    pub(crate) level: Level,
    /// For each parent, in order: its records, by index.
    pub(crate) of: Vec<Vec<usize>>,
}

/// Entities of one type that were found.
pub(crate) struct Found {
    pub(crate) level: Level,
    pub(crate) by_key: ByKey,
}

/// From a canonical key to the index of its resource; a key that several resources carry has none.
pub(crate) type ByKey = HashMap<String, Option<usize>>;

impl<'a> Loader<'a> {
    /// Finds entities by distinct canonical keys, with what is wanted below them.
    pub(crate) async fn entities(
        self,
        entity: &'a Entity,
        selection: &'a Selection,
        type_id: u32,
        keys: &[String],
    ) -> Result<Found, Failure> {
        let elements =
            elements(self.model, &entity.type_name, Some(type_id), &[selection], &[entity.key.element()]);
        let batches = keys.chunks(entity.batch).map(|keys| self.batch(entity, keys, elements.clone()));
        let batches = try_join_all(batches).await?;
        let (resources, by_key) = join_by_key(entity, batches);
        let level = self.level(&entity.type_name, Some(type_id), vec![selection], resources).await;
        Ok(Found { level, by_key })
    }

    /// One call with its pages: the keys that were asked, and all that came.
    async fn batch<'k>(
        self,
        entity: &Entity,
        keys: &'k [String],
        elements: Option<String>,
    ) -> Result<(&'k [String], Vec<Resource>), Failure> {
        let values = tokens(&entity.key.systems, keys.iter().map(String::as_str));
        // One more than there are keys: a page that isn't full shows at once that nothing follows.
        let search = with_conditions(Search::new(&entity.resource), &entity.conditions)
            .with_proven(&entity.key.param, values)
            .with("_count", (keys.len() + 1).to_string())
            .with_some("_elements", elements);
        let wanted: HashSet<&str> = keys.iter().map(String::as_str).collect();
        let asked_for = |resource: &Resource| {
            let values = entity.key.values(resource);
            let carries = values.iter().any(|value| wanted.contains(value.as_str()));
            // Of all that can be wrong with an answer this alone is the key's.
            let wrong = || unasked(&entity.key.param).at(&entity.type_name, &entity.key.field);
            if carries { Ok(()) } else { Err(wrong()) }
        };
        Ok((keys, self.server.all(self.asking, &search, &asked_for).await?))
    }

    /// Hangs below resources what the selections want of them: all relations together.
    pub(crate) fn level(
        self,
        type_name: &'a Name,
        type_id: Option<u32>,
        selections: Vec<&'a Selection>,
        resources: Vec<Resource>,
    ) -> BoxFuture<'a, Level> {
        async move {
            let mut views = Vec::with_capacity(selections.len());
            for selection in selections {
                let fields = selection.fields.iter().enumerate().filter(|(_, field)| applies(field, type_id));
                let relations = fields.filter_map(|(index, field)| {
                    self.model.finder(type_name, &field.name).map(|finder| (index, field, finder))
                });
                let relations = relations.map(|(index, field, finder)| {
                    self.hang(finder, field, &resources).map(move |hung| Relation {
                        field: index,
                        hung: hung.map_err(|failure| finder.blame(failure)),
                    })
                });
                views.push(join_all(relations.collect::<Vec<_>>()).await);
            }
            Level { resources, views }
        }
        .boxed()
    }

    /// A relation's records, for all parents in batches.
    async fn hang(self, finder: &'a Finder, field: &'a Field, parents: &[Resource]) -> Result<Hung, Failure> {
        let Some(reference) = &finder.reference else {
            return Err(Failure::internal(format!("`{}` has no reference", finder.field)));
        };
        let context = context(&self.model.mapping.source, finder);
        let first = page_asked(self.asking.fetch, field, &finder.page, &context)?.first.unwrap_or(usize::MAX);
        let narrowed =
            narrow(finder.search(), &finder.filters, self.asking.fetch, field, &self.model.mapping)?;
        let selections = selections_of(finder, field);
        let elements = match reference.path.first() {
            Some(element) => elements(self.model, &finder.node, None, &selections, &[element]),
            None => None,
        };
        let search = narrowed
            .search
            .with_some("_sort", finder.sort.clone())
            .with("_count", finder.page_size.to_string())
            .with_some("_elements", elements);
        let ids = if narrowed.empty { Vec::new() } else { distinct(parents) };
        let batches = ids.chunks(finder.batch).map(|ids| self.children(reference, &search, ids));
        let batches = try_join_all(batches).await?;
        let (resources, of_id) = group(batches);
        let all = |parent: &Resource| of_id.get(&parent.id).map(Vec::as_slice).unwrap_or_default();
        let of = parents.iter().map(|parent| all(parent).iter().copied().take(first).collect()).collect();
        let level = self.level(&finder.node, type_id(&selections), selections, resources).await;
        Ok(Hung { level, of })
    }

    /// One call with its pages: each record with the parents it refers to.
    async fn children(
        self,
        reference: &Reference,
        search: &Search,
        ids: &[&str],
    ) -> Result<Vec<(Resource, Vec<String>)>, Failure> {
        let values: Vec<String> =
            ids.iter().map(|id| escaped(&format!("{}/{id}", reference.parent))).collect();
        let search = search.clone().with_proven(&reference.param, values.join(","));
        let wanted: HashSet<&str> = ids.iter().copied().collect();
        let parents_of = |resource: &Resource| {
            let texts = references(&resource.json, &reference.path);
            let found =
                texts.into_iter().filter_map(|text| id_of(text, &reference.parent, self.server.address()));
            let mut parents: Vec<String> = Vec::new();
            for id in found.filter(|id| wanted.contains(id)) {
                if !parents.iter().any(|parent| parent == id) {
                    parents.push(id.to_owned());
                }
            }
            parents
        };
        let asked_for = |resource: &Resource| match parents_of(resource).is_empty() {
            true => Err(unasked(&reference.param)),
            false => Ok(()),
        };
        let resources = self.server.all(self.asking, &search, &asked_for).await?;
        let with_parents = |resource| {
            let parents = parents_of(&resource);
            (resource, parents)
        };
        Ok(resources.into_iter().map(with_parents).collect())
    }
}

/// Whether an object of this type has the field; where the type isn't numbered the selection is of one type alone.
fn applies(field: &Field, type_id: Option<u32>) -> bool {
    type_id.is_none_or(|type_id| field.applies_to(type_id))
}

fn type_id(selections: &[&Selection]) -> Option<u32> {
    selections.first().and_then(|selection| selection.type_id)
}

/// What a server that heeded the parameter would not have sent.
fn unasked(param: &str) -> Failure {
    Failure::malformed(format!(
        "the server answered resources that were not asked for: it seems to ignore the search parameter `{param}`"
    ))
}

/// The name that a field's cursors are sealed for. Only root fields have any.
pub(crate) fn context(source: &str, finder: &Finder) -> String {
    format!("{source}.{}", finder.field)
}

/// The selections that are wanted of a field's records: a connection may want several, under `nodes` and `edges { node }`.
pub(crate) fn selections_of<'a>(finder: &Finder, field: &'a Field) -> Vec<&'a Selection> {
    let Output::Object(selection) = &field.output else { return Vec::new() };
    if finder.form != Form::Connection {
        return vec![selection];
    }
    let below = |selection: &'a Selection, name: &'static str| {
        selection.fields.iter().filter(move |field| &*field.name == name).filter_map(Field::selection)
    };
    below(selection, "nodes")
        .chain(below(selection, "edges").flat_map(move |edge| below(edge, "node")))
        .collect()
}

/// The resources of all batches, each once, and which key means which. Several resources with one key mean nobody.
fn join_by_key(entity: &Entity, batches: Vec<(&[String], Vec<Resource>)>) -> (Vec<Resource>, ByKey) {
    let mut resources: Vec<Resource> = Vec::new();
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let mut by_key = ByKey::new();
    for (keys, came) in batches {
        let wanted: HashSet<&String> = keys.iter().collect();
        for resource in came {
            let values = entity.key.values(&resource);
            let index = *by_id.entry(resource.id.clone()).or_insert(resources.len());
            if index == resources.len() {
                resources.push(resource);
            }
            for value in values.into_iter().filter(|value| wanted.contains(value)) {
                let known = by_key.entry(value).or_insert(Some(index));
                *known = known.filter(|known| *known == index);
            }
        }
    }
    (resources, by_key)
}

fn distinct(parents: &[Resource]) -> Vec<&str> {
    let mut seen = HashSet::new();
    parents.iter().map(|parent| parent.id.as_str()).filter(|id| seen.insert(*id)).collect()
}

/// All records, and those of each parent in order. A record that came on two pages of a batch counts once.
fn group(batches: Vec<Vec<(Resource, Vec<String>)>>) -> (Vec<Resource>, HashMap<String, Vec<usize>>) {
    let (mut resources, mut of) = (Vec::new(), HashMap::<String, Vec<usize>>::new());
    for batch in batches {
        let mut seen = HashSet::new();
        for (resource, parents) in batch {
            if !seen.insert(resource.id.clone()) {
                continue;
            }
            for parent in parents {
                of.entry(parent).or_default().push(resources.len());
            }
            resources.push(resource);
        }
    }
    (resources, of)
}
