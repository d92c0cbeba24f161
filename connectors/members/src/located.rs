//! Keys that don't say which member has their record in; what the declared locator says of them, out. It is asked for one field, that
//! which `route_by` names, and for nothing of the record.

use std::sync::Arc;

use raccordo_connector_api::{
    Asked, Cell, Failure, Fetch, Field, Output, Reply, RepresentationType, Representations, Selection, What,
};
use raccordo_schema::mapping::Name;

use crate::connector::{Connected, MembersConnector};
use crate::question::leaf;

/// What the locator says of one key.
#[derive(Debug, Clone)]
pub(crate) enum Located {
    /// The value of `route_by`.
    At(String),
    /// It knows of none.
    Nowhere,
    /// It did not say.
    Failed(Failure),
}

impl MembersConnector {
    /// Asks the locator about these rows of a fetch. In their order; none where there is no locator.
    pub(crate) async fn locate(
        &self,
        fetch: &Fetch,
        types: &[RepresentationType],
        rows: &[usize],
    ) -> Option<Vec<Located>> {
        let (locator, route_by) = self.locator.as_ref().zip(self.whole.route_by.as_ref())?;
        let mut located = vec![Located::Nowhere; rows.len()];
        for (index, ty) in types.iter().enumerate() {
            let is_of = |row: &usize| fetch.representations.type_index(*row) == Some(index as u32);
            let places: Vec<usize> =
                rows.iter().enumerate().filter(|(_, row)| is_of(row)).map(|(place, _)| place).collect();
            let mut keys = Representations::new(vec![ty.clone()]);
            for row in places.iter().filter_map(|place| rows.get(*place)) {
                keys.push(0, fetch.representations.values(*row));
            }
            if keys.is_empty() {
                continue;
            }
            let Some(question) = question(fetch, locator, ty, route_by) else { continue };
            let inner = locator.fetch(fetch, &Arc::new(question), Arc::clone(&fetch.values), keys);
            let answered = locator.ask(&inner).await;
            for (row, place) in places.into_iter().enumerate() {
                if let Some(to) = located.get_mut(place) {
                    *to = match &answered {
                        Ok(reply) => said(reply, row),
                        Err(failure) => Located::Failed(locator.blamed(failure)),
                    };
                }
            }
        }
        Some(located)
    }
}

fn question(fetch: &Fetch, locator: &Connected, ty: &RepresentationType, route_by: &Name) -> Option<Asked> {
    let known = locator.mapping.types.get(&ty.name)?.fields.get(route_by)?;
    let field = Field {
        name: route_by.clone(),
        key: route_by.clone(),
        slot: 0,
        on: None,
        on_names: Arc::default(),
        arguments: Vec::new(),
        list_depth: 0,
        output: Output::Leaf(leaf(&locator.mapping, &known.shape.named)),
    };
    let selection =
        Selection { type_name: ty.name.clone(), type_id: Some(ty.type_id), width: 1, fields: vec![field] };
    let what = What::Entities { types: vec![ty.clone()], selection };
    Some(Asked::new(what, Arc::clone(&fetch.asked.types)))
}

fn said(reply: &Reply, row: usize) -> Located {
    let failed = |problem: u32| {
        let failure = reply.problems().get(problem as usize).map(|problem| problem.failure.clone());
        Located::Failed(failure.unwrap_or_else(|| Failure::internal("a value was lost for no reason")))
    };
    let cell = match reply.rows().get(row) {
        Some(Cell::Object(at)) => reply.slot(*at, 0),
        Some(Cell::Failed(problem)) => return failed(*problem),
        _ => return Located::Nowhere,
    };
    match (cell, reply.json(cell)) {
        (Cell::Failed(problem), _) => failed(problem),
        (_, Some(json)) => match serde_json::from_slice::<serde_json::Value>(json) {
            Ok(serde_json::Value::String(text)) => Located::At(text),
            Ok(serde_json::Value::Number(number)) => Located::At(number.to_string()),
            _ => Located::Nowhere,
        },
        _ => Located::Nowhere,
    }
}
