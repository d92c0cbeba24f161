//! One call for a listing or for keys: its page, filters and limits in, rows out. Each call is counted before it is made.

use std::sync::atomic::{AtomicUsize, Ordering};

use raccordo_connector_api::page::page_asked;
use raccordo_connector_api::{Failure, Fetch, Value};
use raccordo_schema::mapping::Name;
use tokio::sync::Semaphore;

use crate::canonical::{self, Key};
use crate::database::Database;
use crate::failure::COLUMN_MISSING;
use crate::live;
use crate::plan::{AskedFilter, Listed, Listing};
use crate::position::{self, Mark};
use crate::rows::Rows;
use crate::statement::{self, Condition, Select, Types};

/// What one fetch loads with.
pub(crate) struct Loader<'a> {
    pub(crate) fetch: &'a Fetch,
    pub(crate) database: &'a Database,
    gate: Semaphore,
    pub(crate) rows_left: AtomicUsize,
    bytes_left: AtomicUsize,
}

/// A page, as one listing's arguments ask it.
pub(crate) struct Asked {
    pub(crate) first: Option<usize>,
    pub(crate) after: Option<Vec<Mark>>,
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

    /// The records of so many parents: one call.
    pub(crate) async fn batch(
        &self,
        listing: &Listing,
        asked: &Asked,
        keys: &[Key],
        scalars: &[&str],
    ) -> Result<Rows, Failure> {
        let left = self.rows_left.load(Ordering::Relaxed);
        let all = left.saturating_add(1);
        // Where each parent has one record, or a malformed two, counting them for each would cost a sort.
        let most = most(listing, asked).filter(|_| !matches!(listing.output, Listed::One(_)));
        let asks_all = most.is_none();
        let (limit, per_key) = match most {
            None => (Some(all), None),
            Some(most) if keys.len() > 1 => (None, Some(most.saturating_add(1))),
            Some(most) => (Some(most.saturating_add(1).min(all)), None),
        };
        let conditions = self.conditions(listing);
        let arguments = self.arguments(listing);
        let values = columns_of(&canonical::as_stored(keys, scalars), listing.key.len());
        let select = Select {
            table: &listing.table,
            columns: &listing.level.columns,
            keys: Some((&listing.key, &values)),
            conditions: &conditions,
            order: &listing.order,
            after: asked.after.as_deref(),
            limit,
            per_key,
            arguments: &arguments,
            missing: &[],
            counted: false,
        };
        let rows = self.call(&select).await?;
        match asks_all && rows.count() > left {
            true => Err(self.over_rows(&format!("`{}`", listing.context))),
            false => Ok(rows),
        }
    }

    /// One page of a root field: one call.
    pub(crate) async fn page(
        &self,
        listing: &Listing,
        after: Option<&[Mark]>,
        wanted: usize,
    ) -> Result<Rows, Failure> {
        let left = self.rows_left.load(Ordering::Relaxed);
        let conditions = self.conditions(listing);
        let arguments = self.arguments(listing);
        let select = Select {
            table: &listing.table,
            columns: &listing.level.columns,
            keys: None,
            conditions: &conditions,
            order: &listing.order,
            after,
            limit: Some(wanted.min(left.saturating_add(1))),
            per_key: None,
            arguments: &arguments,
            missing: &[],
            counted: false,
        };
        self.call(&select).await
    }

    /// How many records each of these parents has, or without keys how many there are: one call.
    pub(crate) async fn count(
        &self,
        listing: &Listing,
        keys: &[Key],
        scalars: &[&str],
    ) -> Result<Rows, Failure> {
        let conditions = self.conditions(listing);
        let arguments = self.arguments(listing);
        let values = columns_of(&canonical::as_stored(keys, scalars), listing.key.len());
        let of_parents = (!listing.key.is_empty()).then_some((listing.key.as_slice(), values.as_slice()));
        let select = Select {
            table: &listing.table,
            columns: &listing.key,
            keys: of_parents,
            conditions: &conditions,
            order: &[],
            after: None,
            limit: None,
            per_key: None,
            arguments: &arguments,
            counted: true,
            missing: &[],
        };
        self.call(&select).await
    }

    /// One call: counted, gated, its bytes limited.
    pub(crate) async fn call(&self, select: &Select<'_>) -> Result<Rows, Failure> {
        let keys = select.keys.iter().flat_map(|(columns, _)| columns.iter());
        let compared: Vec<_> = keys
            .chain(select.conditions.iter().map(|condition| condition.column))
            .chain(select.order.iter().map(|by| &by.column))
            .collect();
        let _permit = self.gate.acquire().await.map_err(|_| Failure::internal("the gate was closed"))?;
        self.fetch.meter.call();
        let types = self.database.types(select.table, &compared).await?;
        let most = self.bytes_left.load(Ordering::Relaxed);
        let whole = statement::write(self.database.dialect(), &types, select)?;
        let rows = match self.database.select(&whole, select.table, most).await {
            Err(failure) if failure.detail.contains(COLUMN_MISSING) => {
                self.without(select, &types, most, failure).await?
            }
            rows => rows?,
        };
        self.fetch.meter.bytes(rows.bytes());
        let over = || Failure::over_limit(format!("more than {} bytes", self.fetch.limits.reply_bytes));
        take(&self.bytes_left, rows.bytes()).then_some(rows).ok_or_else(over)
    }

    /// The same without the columns that the table has lost: only what is in them is lost. Keys, filters and orders can't be done without.
    async fn without(
        &self,
        select: &Select<'_>,
        types: &Types,
        most: usize,
        failure: Failure,
    ) -> Result<Rows, Failure> {
        let mut missing = Vec::new();
        for column in select.columns {
            if live::selects(self.database, select.table, std::slice::from_ref(column)).await.is_err() {
                missing.push(column.clone());
            }
        }
        let keys = select.keys.iter().flat_map(|(columns, _)| columns.iter());
        let mut needed = keys
            .chain(select.order.iter().map(|by| &by.column))
            .chain(select.conditions.iter().map(|one| one.column));
        if missing.is_empty()
            || missing.len() == select.columns.len()
            || needed.any(|column| missing.contains(column))
        {
            return Err(failure);
        }
        let statement =
            statement::write(self.database.dialect(), types, &Select { missing: &missing, ..*select })?;
        let mut rows = self.database.select(&statement, select.table, most).await?;
        let lost = select.columns.iter().enumerate().filter(|(_, column)| missing.contains(column));
        lost.for_each(|(at, column)| rows.lose(at, column));
        Ok(rows)
    }

    pub(crate) fn asked(&self, listing: &Listing) -> Result<Asked, Failure> {
        let page = page_asked(self.fetch, &listing.field, &listing.page, &listing.context)?;
        let after = page.after.map(|after| position::decode(&after, listing.order.len())).transpose()?;
        Ok(Asked { first: page.first, after })
    }

    /// The arguments of a query.
    fn arguments<'l>(&'l self, listing: &'l Listing) -> Vec<(&'l Name, &'l Value)> {
        let names = listing.table.query.iter().flat_map(|query| query.arguments());
        names.filter_map(|name| Some((name, self.fetch.argument(&listing.field, name)?))).collect()
    }

    /// An argument that is absent or null narrows nothing.
    pub(crate) fn conditions<'l>(&'l self, listing: &'l Listing) -> Vec<Condition<'l>> {
        let given = listing.filters.iter().filter_map(|AskedFilter { filter, of_tax_code }| {
            let value = self.fetch.argument(&listing.field, &filter.arg).filter(|value| !value.is_null())?;
            let of_tax_code = *of_tax_code;
            Some(Condition { column: &filter.target, op: filter.op, arg: &filter.arg, value, of_tax_code })
        });
        given.collect()
    }

    /// The position of the last row.
    pub(crate) fn position(&self, listing: &Listing, rows: &Rows) -> Result<Vec<Mark>, Failure> {
        let last = rows.count().saturating_sub(1);
        marks(listing, rows, last).ok_or_else(|| {
            Failure::malformed(format!(
                "`{}` can't be paged: a column of its order has no order",
                listing.context
            ))
        })
    }

    pub(crate) fn take_rows(&self, count: usize, listing: &Listing) -> Result<(), Failure> {
        self.count_rows(count, &format!("`{}`", listing.context))
    }

    pub(crate) fn count_rows(&self, count: usize, what: &str) -> Result<(), Failure> {
        self.fetch.meter.rows(count);
        match take(&self.rows_left, count) {
            true => Ok(()),
            false => Err(self.over_rows(what)),
        }
    }

    fn over_rows(&self, what: &str) -> Failure {
        Failure::over_limit(format!("more than {} rows, at {what}", self.fetch.limits.rows))
    }
}

/// The position of a row; `None` where a column has no order.
pub(crate) fn marks(listing: &Listing, rows: &Rows, row: usize) -> Option<Vec<Mark>> {
    listing.order_at.as_deref().unwrap_or_default().iter().map(|at| Mark::of(rows.datum(row, *at))).collect()
}

/// How many records each parent, or the root, wants: a single one is looked for twice, to find out that it isn't single.
pub(crate) fn most(listing: &Listing, asked: &Asked) -> Option<usize> {
    match listing.output {
        Listed::One(_) => Some(1),
        _ => asked.first,
    }
}

/// Takes from what is left; `false` when it isn't enough.
pub(crate) fn take(left: &AtomicUsize, count: usize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
}

/// Keys as columns of values.
pub(crate) fn columns_of(keys: &[Key], width: usize) -> Vec<Vec<String>> {
    (0..width).map(|at| keys.iter().filter_map(|key| key.get(at).cloned()).collect()).collect()
}
