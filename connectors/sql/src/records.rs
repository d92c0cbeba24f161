//! Root fields and relations: pages and batches are asked, their rows grouped by parent, and what hangs below them asked in turn.

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use raccordo_connector_api::Failure;
use rustc_hash::FxHashMap;

use crate::canonical::{self, Key};
use crate::entities::Entity;
use crate::load::{Loader, most};
use crate::plan::{Level, Listing, Parent, Relation};
use crate::rows::Rows;

/// The records of one listing, for all its parents.
pub(crate) struct Children {
    /// For each parent the group it has; `None` for a parent without key.
    pub(crate) of_parent: Vec<Option<usize>>,
    pub(crate) groups: Vec<Group>,
    pub(crate) rows: Rows,
    /// What hangs below the rows: one for each of the level's relations.
    pub(crate) below: Vec<Children>,
    pub(crate) has_previous: bool,
}

/// One parent's records.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) rows: Vec<usize>,
    pub(crate) has_next: bool,
    /// How many there are in all, where that was asked.
    pub(crate) total: Option<u64>,
}

/// Whose relations are loaded.
#[derive(Clone, Copy)]
pub(crate) enum Parents<'p> {
    Rows(&'p Rows),
    /// The representations at these indexes, or none where the entity is absent.
    Entities {
        at: &'p [usize],
        rows: &'p Rows,
        found: &'p [Entity],
    },
}

impl Loader<'_> {
    /// A root field's records, and all that hangs below.
    pub(crate) async fn root(&self, listing: &Listing) -> Result<Children, Failure> {
        let asked = self.asked(listing)?;
        let mut rows = Rows::new(listing.level.columns.len().max(1));
        let mut after = asked.after.clone();
        let size = listing.page.size.unwrap_or(usize::MAX);
        let mut has_next;
        if listing.only_counts() {
            let total = Some(count_of(&self.count(listing, &[], &[]).await?, 0, 0)?);
            let group = Group { total, ..Group::default() };
            return Ok(Children {
                of_parent: vec![Some(0)],
                groups: vec![group],
                rows,
                below: Vec::new(),
                has_previous: false,
            });
        }
        for page in 1.. {
            if page > self.fetch.limits.pages {
                return Err(Failure::over_limit(format!(
                    "more than {} pages of `{}`",
                    page - 1,
                    listing.context
                )));
            }
            let wanted =
                most(listing, &asked).map_or(size, |first| first.saturating_sub(rows.count()).min(size));
            let mut came = self.page(listing, after.as_deref(), wanted.saturating_add(1)).await?;
            has_next = came.count() > wanted;
            came.truncate(wanted);
            self.take_rows(came.count(), listing)?;
            rows.append(&came);
            if !has_next || most(listing, &asked).is_some_and(|first| rows.count() >= first) {
                let total = match listing.counts() {
                    true => Some(count_of(&self.count(listing, &[], &[]).await?, 0, 0)?),
                    false => None,
                };
                let group = Group { rows: (0..rows.count()).collect(), has_next, total };
                let below = self.relations(&listing.level, Parents::Rows(&rows)).await?;
                let has_previous = asked.after.is_some();
                return Ok(Children {
                    of_parent: vec![Some(0)],
                    groups: vec![group],
                    rows,
                    below,
                    has_previous,
                });
            }
            after = Some(self.position(listing, &rows)?);
        }
        Err(Failure::internal("pages without end"))
    }

    pub(crate) fn relations<'s>(
        &'s self,
        level: &'s Level,
        parents: Parents<'s>,
    ) -> BoxFuture<'s, Result<Vec<Children>, Failure>> {
        try_join_all(level.relations.iter().map(move |relation| self.relation(relation, parents))).boxed()
    }

    async fn relation(&self, relation: &Relation, parents: Parents<'_>) -> Result<Children, Failure> {
        let listing = &relation.listing;
        let asked = self.asked(listing)?;
        let keys = self.parent_keys(relation, parents);
        let (distinct, of_key) = distinct(&keys);
        let scalars = scalars_of(relation);
        let read = if listing.only_counts() { &[] } else { distinct.as_slice() };
        let batches =
            read.chunks(listing.batch.max(1)).map(|batch| self.batch(listing, &asked, batch, &scalars));
        let mut rows = Rows::new(listing.level.columns.len().max(1));
        let mut groups: Vec<Group> = distinct.iter().map(|_| Group::default()).collect();
        for batch in try_join_all(batches).await? {
            let before = rows.count();
            rows.append(&batch);
            group(relation, &rows, before, &of_key, &mut groups);
        }
        if listing.counts() {
            let batches =
                distinct.chunks(listing.batch.max(1)).map(|batch| self.count(listing, batch, &scalars));
            groups.iter_mut().for_each(|group| group.total = Some(0));
            for counted in try_join_all(batches).await? {
                add_counts(&counted, &scalars, &of_key, &mut groups)?;
            }
        }
        let rows = keep(rows, &mut groups, most(listing, &asked).unwrap_or(usize::MAX));
        self.take_rows(rows.count(), listing)?;
        let below = self.relations(&listing.level, Parents::Rows(&rows)).await?;
        let of_parent =
            keys.iter().map(|key| key.as_ref().and_then(|key| of_key.get(key)).copied()).collect();
        Ok(Children { of_parent, groups, rows, below, has_previous: asked.after.is_some() })
    }

    fn parent_keys(&self, relation: &Relation, parents: Parents<'_>) -> Vec<Option<Key>> {
        match (&relation.parent, parents) {
            (Parent::Row(key), Parents::Rows(rows)) => {
                (0..rows.count()).map(|row| canonical::of_row(rows, row, key)).collect()
            }
            // Rows come in the database's order, parents in that of the representations.
            (Parent::Row(key), Parents::Entities { rows, found, .. }) => {
                let of = |entity: &Entity| match entity {
                    Entity::Row(row) => canonical::of_row(rows, *row, key),
                    Entity::Absent | Entity::Ambiguous => None,
                };
                found.iter().map(of).collect()
            }
            (Parent::Representation(key), Parents::Entities { at, found, .. }) => {
                let exists = |entity: &Entity| matches!(entity, Entity::Row(_));
                let key = |(row, entity): (&usize, &Entity)| {
                    exists(entity)
                        .then(|| canonical::of_representation(&self.fetch.representations, *row, key))
                        .flatten()
                };
                at.iter().zip(found).map(key).collect()
            }
            (Parent::Representation(_), Parents::Rows(rows)) => vec![None; rows.count()],
        }
    }
}

fn scalars_of(relation: &Relation) -> Vec<&str> {
    match &relation.parent {
        Parent::Row(key) => key.iter().map(|part| &*part.scalar).collect(),
        Parent::Representation(key) => key.iter().map(|part| &*part.scalar).collect(),
    }
}

fn group(
    relation: &Relation,
    rows: &Rows,
    from: usize,
    of_key: &FxHashMap<Key, usize>,
    groups: &mut [Group],
) {
    let scalars = scalars_of(relation);
    for row in from..rows.count() {
        let key = canonical::of_columns(rows, row, &relation.listing.at, scalars.iter().copied());
        let group = key.and_then(|key| of_key.get(&key)).and_then(|index| groups.get_mut(*index));
        if let Some(group) = group {
            group.rows.push(row);
        }
    }
}

/// Adds counts, each with its key before it, to the groups of the keys.
fn add_counts(
    counted: &Rows,
    scalars: &[&str],
    of_key: &FxHashMap<Key, usize>,
    groups: &mut [Group],
) -> Result<(), Failure> {
    let at: Vec<usize> = (0..scalars.len()).collect();
    for row in 0..counted.count() {
        let key = canonical::of_columns(counted, row, &at, scalars.iter().copied());
        let group = key.and_then(|key| of_key.get(&key)).and_then(|index| groups.get_mut(*index));
        if let Some(group) = group {
            group.total = Some(group.total.unwrap_or(0) + count_of(counted, row, scalars.len())?);
        }
    }
    Ok(())
}

fn count_of(rows: &Rows, row: usize, column: usize) -> Result<u64, Failure> {
    let count = rows.datum(row, column).text().and_then(|text| text.parse().ok());
    count.ok_or_else(|| Failure::malformed("expected a count"))
}

/// Keeps so many rows of each group: what was read to know that more follow leads to no further question.
fn keep(rows: Rows, groups: &mut [Group], wanted: usize) -> Rows {
    let mut kept = Vec::new();
    for group in groups {
        group.has_next = group.rows.len() > wanted;
        let start = kept.len();
        kept.extend(group.rows.iter().copied().take(wanted));
        group.rows = (start..kept.len()).collect();
    }
    rows.pick(&kept)
}

/// The distinct keys in order, and where each is.
pub(crate) fn distinct(keys: &[Option<Key>]) -> (Vec<Key>, FxHashMap<Key, usize>) {
    let (mut distinct, mut of_key) = (Vec::new(), FxHashMap::default());
    for key in keys.iter().flatten() {
        if !of_key.contains_key(key) {
            of_key.insert(key.clone(), distinct.len());
            distinct.push(key.clone());
        }
    }
    (distinct, of_key)
}
