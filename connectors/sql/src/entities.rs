//! Entities by key: distinct keys in batches, rows joined by the key's canonical form, never by position.

use std::sync::atomic::Ordering;

use futures::future::try_join_all;
use raccordo_connector_api::Failure;

use crate::canonical::{self, Key};
use crate::load::{Loader, columns_of};
use crate::plan::{EntityPlan, EntityTable};
use crate::records::{Children, Parents, distinct};
use crate::rows::Rows;
use crate::statement::Select;

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

impl Loader<'_> {
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
        let scalars: Vec<&str> = plan.key.iter().map(|part| &*part.scalar).collect();
        let scalars = &scalars;
        let batches = distinct.chunks(table.batch.max(1)).map(|batch| async move {
            let values = columns_of(&canonical::as_stored(batch, scalars), table.key.len());
            let select = Select {
                table: &table.table,
                columns: &plan.level.columns,
                keys: Some((&table.key, &values)),
                conditions: &[],
                order: &[],
                after: None,
                limit: Some(self.rows_left.load(Ordering::Relaxed).saturating_add(1)),
                per_key: None,
                arguments: &[],
                missing: &[],
                counted: false,
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
}
