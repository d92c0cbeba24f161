//! A plan and a fetch in, the rows of every step out. Each step is one call, or as few as batches and pages allow; each is counted first.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use raccordo_connector_api::page::page_asked;
use raccordo_connector_api::{Failure, Fetch};
use rustc_hash::FxHashMap;
use tokio::sync::Semaphore;

use crate::canonical::{self, Key};
use crate::database::Database;
use crate::plan::{EntityPlan, EntityTable, Level, Listed, Listing, Parent, Relation};
use crate::position::{self, Mark};
use crate::rows::Rows;
use crate::statement::{self, Condition, Select};

/// What one fetch loads with.
pub(crate) struct Loader<'a> {
    pub(crate) fetch: &'a Fetch,
    pub(crate) database: &'a Database,
    gate: Semaphore,
    rows_left: AtomicUsize,
    bytes_left: AtomicUsize,
}

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
}

/// The entities of one type.
pub(crate) struct Entities {
    /// For each representation of the type, in order, where its row is.
    pub(crate) found: Vec<Entity>,
    pub(crate) rows: Rows,
    pub(crate) below: Vec<Children>,
}

/// What came for one representation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entity {
    Absent,
    Row(usize),
    /// Several rows have its key.
    Ambiguous,
}

/// Whose relations are loaded.
#[derive(Clone, Copy)]
enum Parents<'p> {
    Rows(&'p Rows),
    /// The representations at these indexes, or none where the entity is absent.
    Entities {
        at: &'p [usize],
        rows: &'p Rows,
        found: &'p [Entity],
    },
}

/// A page, as one listing's arguments ask it.
struct Asked {
    first: Option<usize>,
    after: Option<Vec<Mark>>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(fetch: &'a Fetch, database: &'a Database) -> Self {
        Self {
            fetch,
            database,
            gate: Semaphore::new(fetch.limits.parallel.max(1)),
            rows_left: AtomicUsize::new(fetch.limits.rows),
            bytes_left: AtomicUsize::new(fetch.limits.reply_bytes),
        }
    }

    /// A root field's records, and all that hangs below.
    pub(crate) async fn root(&self, listing: &Listing) -> Result<Children, Failure> {
        let asked = self.asked(listing)?;
        let mut rows = Rows::new(listing.level.columns.len().max(1));
        let mut after = asked.after.clone();
        let size = listing.page.size.unwrap_or(usize::MAX);
        let mut has_next;
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
                let group = Group { rows: (0..rows.count()).collect(), has_next };
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

    /// Entities of one type: the representations at these indexes.
    pub(crate) async fn entities(&self, plan: &EntityPlan, at: &[usize]) -> Result<Entities, Failure> {
        let key = |row: &usize| canonical::of_representation(&self.fetch.representations, *row, &plan.key);
        let keys: Vec<Option<Key>> = at.iter().map(key).collect();
        let (rows, found) = match &plan.table {
            None => {
                let found =
                    keys.iter().map(|key| if key.is_some() { Entity::Row(0) } else { Entity::Absent });
                (Rows::new(1), found.collect())
            }
            Some(table) => self.entity_rows(plan, table, &keys).await?,
        };
        let parents = Parents::Entities { at, rows: &rows, found: &found };
        let below = self.relations(&plan.level, parents).await?;
        Ok(Entities { found, rows, below })
    }

    async fn entity_rows(
        &self,
        plan: &EntityPlan,
        table: &EntityTable,
        keys: &[Option<Key>],
    ) -> Result<(Rows, Vec<Entity>), Failure> {
        let (distinct, of_key) = distinct(keys);
        let batches = distinct.chunks(table.batch.max(1)).map(|batch| async move {
            let values = columns_of(batch, table.key.len());
            let select = Select {
                table: &table.table,
                columns: &plan.level.columns,
                keys: Some((&table.key, &values)),
                conditions: &[],
                order: &[],
                after: None,
                limit: Some(self.rows_left.load(Ordering::Relaxed).saturating_add(1)),
                per_key: None,
            };
            self.call(&select).await
        });
        let mut rows = Rows::new(plan.level.columns.len().max(1));
        for batch in try_join_all(batches).await? {
            self.count_rows(batch.count(), &format!("`{}` by key", plan.type_name))?;
            rows.append(&batch);
        }
        let mut entities = vec![Entity::Absent; distinct.len()];
        for row in 0..rows.count() {
            let scalars = plan.key.iter().map(|part| &*part.scalar);
            let key = canonical::of_columns(&rows, row, &table.at, scalars);
            let place =
                key.and_then(|key| of_key.get(&key).copied()).and_then(|index| entities.get_mut(index));
            if let Some(place) = place {
                *place = if *place == Entity::Absent { Entity::Row(row) } else { Entity::Ambiguous };
            }
        }
        let entity = |key: &Option<Key>| {
            let index = key.as_ref().and_then(|key| of_key.get(key));
            index.and_then(|index| entities.get(*index)).copied().unwrap_or(Entity::Absent)
        };
        let found = keys.iter().map(entity).collect();
        Ok((rows, found))
    }

    fn relations<'s>(
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
        let batches = distinct.chunks(listing.batch.max(1)).map(|batch| self.batch(listing, &asked, batch));
        let mut rows = Rows::new(listing.level.columns.len().max(1));
        let mut groups: Vec<Group> = distinct.iter().map(|_| Group::default()).collect();
        for batch in try_join_all(batches).await? {
            let before = rows.count();
            rows.append(&batch);
            group(relation, &rows, before, &of_key, &mut groups);
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
            (Parent::Row(key), Parents::Rows(rows) | Parents::Entities { rows, .. }) => {
                (0..rows.count()).map(|row| canonical::of_row(rows, row, key)).collect()
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

    /// The records of so many parents: one call.
    async fn batch(&self, listing: &Listing, asked: &Asked, keys: &[Key]) -> Result<Rows, Failure> {
        let most = most(listing, asked);
        let left = self.rows_left.load(Ordering::Relaxed);
        let (limit, per_key) = match most {
            Some(most) if keys.len() > 1 => (None, Some(most.saturating_add(1))),
            Some(most) => (Some(most.min(left).saturating_add(1)), None),
            None => (Some(left.saturating_add(1)), None),
        };
        let conditions = self.conditions(listing);
        let values = columns_of(keys, listing.key.len());
        let select = Select {
            table: &listing.table,
            columns: &listing.level.columns,
            keys: Some((&listing.key, &values)),
            conditions: &conditions,
            order: &listing.order,
            after: asked.after.as_deref(),
            limit,
            per_key,
        };
        self.call(&select).await
    }

    /// One page of a root field: one call.
    async fn page(&self, listing: &Listing, after: Option<&[Mark]>, wanted: usize) -> Result<Rows, Failure> {
        let left = self.rows_left.load(Ordering::Relaxed);
        let conditions = self.conditions(listing);
        let select = Select {
            table: &listing.table,
            columns: &listing.level.columns,
            keys: None,
            conditions: &conditions,
            order: &listing.order,
            after,
            limit: Some(wanted.min(left.saturating_add(1))),
            per_key: None,
        };
        self.call(&select).await
    }

    /// One call: counted, gated, its bytes limited.
    async fn call(&self, select: &Select<'_>) -> Result<Rows, Failure> {
        let keys = select.keys.iter().flat_map(|(columns, _)| columns.iter());
        let compared: Vec<_> = keys
            .chain(select.conditions.iter().map(|condition| condition.column))
            .chain(select.order.iter().map(|by| &by.column))
            .collect();
        let _permit = self.gate.acquire().await.map_err(|_| Failure::internal("the gate was closed"))?;
        self.fetch.meter.call();
        let types = self.database.types(select.table, &compared).await?;
        let statement = statement::write(self.database.dialect(), &types, select)?;
        let most = self.bytes_left.load(Ordering::Relaxed);
        let rows = self.database.select(&statement, select.table, most).await?;
        self.fetch.meter.bytes(rows.bytes());
        let over = || Failure::over_limit(format!("more than {} bytes", self.fetch.limits.reply_bytes));
        take(&self.bytes_left, rows.bytes()).then_some(rows).ok_or_else(over)
    }

    fn asked(&self, listing: &Listing) -> Result<Asked, Failure> {
        let page = page_asked(self.fetch, &listing.field, &listing.page, &listing.context)?;
        let after = page.after.map(|after| position::decode(&after, listing.order.len())).transpose()?;
        Ok(Asked { first: page.first, after })
    }

    /// An argument that is absent or null narrows nothing.
    fn conditions<'l>(&'l self, listing: &'l Listing) -> Vec<Condition<'l>> {
        let given = listing.filters.iter().filter_map(|filter| {
            let value = self.fetch.argument(&listing.field, &filter.arg).filter(|value| !value.is_null())?;
            Some(Condition { column: &filter.target, op: filter.op, arg: &filter.arg, value })
        });
        given.collect()
    }

    /// The position of the last row.
    fn position(&self, listing: &Listing, rows: &Rows) -> Result<Vec<Mark>, Failure> {
        let last = rows.count().saturating_sub(1);
        marks(listing, rows, last).ok_or_else(|| {
            Failure::malformed(format!(
                "`{}` can't be paged: a column of its order has no order",
                listing.context
            ))
        })
    }

    fn take_rows(&self, count: usize, listing: &Listing) -> Result<(), Failure> {
        self.count_rows(count, &format!("`{}`", listing.context))
    }

    fn count_rows(&self, count: usize, what: &str) -> Result<(), Failure> {
        self.fetch.meter.rows(count);
        match take(&self.rows_left, count) {
            true => Ok(()),
            false => {
                Err(Failure::over_limit(format!("more than {} rows, at {what}", self.fetch.limits.rows)))
            }
        }
    }
}

/// The position of a row; `None` where a column has no order.
pub(crate) fn marks(listing: &Listing, rows: &Rows, row: usize) -> Option<Vec<Mark>> {
    listing.order_at.as_deref().unwrap_or_default().iter().map(|at| Mark::of(rows.datum(row, *at))).collect()
}

/// How many records each parent, or the root, wants: a single one is looked for twice, to find out that it isn't single.
fn most(listing: &Listing, asked: &Asked) -> Option<usize> {
    match listing.output {
        Listed::One(_) => Some(1),
        _ => asked.first,
    }
}

fn group(
    relation: &Relation,
    rows: &Rows,
    from: usize,
    of_key: &FxHashMap<Key, usize>,
    groups: &mut [Group],
) {
    let scalars: Vec<&str> = match &relation.parent {
        Parent::Row(key) => key.iter().map(|part| &*part.scalar).collect(),
        Parent::Representation(key) => key.iter().map(|part| &*part.scalar).collect(),
    };
    for row in from..rows.count() {
        let key = canonical::of_columns(rows, row, &relation.listing.at, scalars.iter().copied());
        let group = key.and_then(|key| of_key.get(&key)).and_then(|index| groups.get_mut(*index));
        if let Some(group) = group {
            group.rows.push(row);
        }
    }
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
fn distinct(keys: &[Option<Key>]) -> (Vec<Key>, FxHashMap<Key, usize>) {
    let (mut distinct, mut of_key) = (Vec::new(), FxHashMap::default());
    for key in keys.iter().flatten() {
        if !of_key.contains_key(key) {
            of_key.insert(key.clone(), distinct.len());
            distinct.push(key.clone());
        }
    }
    (distinct, of_key)
}

/// Keys as columns of values.
fn columns_of(keys: &[Key], width: usize) -> Vec<Vec<String>> {
    (0..width).map(|at| keys.iter().filter_map(|key| key.get(at).cloned()).collect()).collect()
}

/// Takes from what is left; `false` when it isn't enough.
fn take(left: &AtomicUsize, count: usize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
}
