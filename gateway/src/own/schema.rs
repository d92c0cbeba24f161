//! The own source's schema: states in, `fonti` out. States of one question are read together, by a data loader.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Result, Schema};

use raccordo_connector_api::Standing;

use super::state::{SourceState, States};

/// The schema's type.
pub(super) type OwnSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Builds the schema over the states.
pub(super) fn build(states: Arc<States>) -> OwnSchema {
    let loader = DataLoader::new(StateLoader(Arc::clone(&states)), tokio::spawn);
    Schema::build(Query, EmptyMutation, EmptySubscription).data(states).data(loader).finish()
}

struct StateLoader(Arc<States>);

impl Loader<String> for StateLoader {
    type Value = SourceState;
    type Error = Infallible;

    async fn load(&self, names: &[String]) -> Result<HashMap<String, SourceState>, Infallible> {
        Ok(self.0.of(names))
    }
}

/// The roots.
pub(super) struct Query;

#[Object]
impl Query {
    async fn fonti(&self, context: &Context<'_>) -> Result<Vec<Fonte>> {
        let states = context.data::<Arc<States>>()?;
        Ok(states.names().map(|(nome, tipo)| Fonte { nome, tipo }).collect())
    }

    async fn fonte(&self, context: &Context<'_>, nome: String) -> Result<Option<Fonte>> {
        let states = context.data::<Arc<States>>()?;
        Ok(states.names().find(|(own, _)| *own == nome).map(|(nome, tipo)| Fonte { nome, tipo }))
    }
}

/// A source.
struct Fonte {
    nome: String,
    tipo: String,
}

impl Fonte {
    /// What is in memory is read as it is: there is nothing to load together.
    fn standing(&self, context: &Context<'_>) -> Result<Option<Standing>> {
        Ok(context.data::<Arc<States>>()?.standing(&self.nome))
    }

    async fn state(&self, context: &Context<'_>) -> Result<Option<SourceState>> {
        state(context, &self.nome).await
    }
}

async fn state(context: &Context<'_>, name: &str) -> Result<Option<SourceState>> {
    let loaded = context.data::<DataLoader<StateLoader>>()?.load_one(name.to_owned()).await;
    Ok(loaded.unwrap_or_else(|never| match never {}))
}

/// A member of a source.
struct Membro {
    nome: String,
    tipo: String,
    /// What its state is known by.
    stato: String,
}

#[Object]
impl Membro {
    async fn nome(&self) -> &str {
        &self.nome
    }

    async fn tipo(&self) -> &str {
        &self.tipo
    }

    async fn raggiungibile(&self, context: &Context<'_>) -> Result<Option<bool>> {
        Ok(state(context, &self.stato).await?.map(|state| state.reachable))
    }

    async fn dal(&self, context: &Context<'_>) -> Result<Option<String>> {
        Ok(state(context, &self.stato).await?.map(|state| state.since_text()))
    }
}

#[Object]
impl Fonte {
    async fn nome(&self) -> &str {
        &self.nome
    }

    async fn tipo(&self) -> &str {
        &self.tipo
    }

    async fn membri(&self, context: &Context<'_>) -> Result<Vec<Membro>> {
        let states = context.data::<Arc<States>>()?;
        let of = |(nome, tipo): &(String, String)| Membro {
            stato: States::member_key(&self.nome, nome),
            nome: nome.clone(),
            tipo: tipo.clone(),
        };
        Ok(states.members(&self.nome).iter().map(of).collect())
    }

    async fn raggiungibile(&self, context: &Context<'_>) -> Result<Option<bool>> {
        Ok(self.state(context).await?.map(|state| state.reachable))
    }

    async fn dal(&self, context: &Context<'_>) -> Result<Option<String>> {
        Ok(self.state(context).await?.map(|state| state.since_text()))
    }

    async fn aggiornata_al(&self, context: &Context<'_>) -> Result<Option<String>> {
        Ok(self.standing(context)?.map(|standing| standing.as_of))
    }

    async fn versione_rifiutata_dal(&self, context: &Context<'_>) -> Result<Option<String>> {
        Ok(self.standing(context)?.and_then(|standing| standing.refused_since))
    }

    async fn record_esclusi(&self, context: &Context<'_>) -> Result<Option<i32>> {
        Ok(self.standing(context)?.map(|standing| i32::try_from(standing.left_out).unwrap_or(i32::MAX)))
    }
}
