//! Enters: GraphQL over HTTP, `_service` and `_entities` included. Leaves: the cooperative's trips, stops and minibuses.
//! An ordinary Federation v2 subgraph, as any team writes one with async-graphql: it knows nothing of Raccordo.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use async_graphql::{
    ComplexObject, Context, EmptyMutation, EmptySubscription, Enum, ID, Object, Request, Response, Schema,
    SimpleObject, scalar,
};
use axum::extract::State;
use axum::http::Method;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::calls::Calls;
use super::server::{Partner, open};
use crate::DemoError;
use crate::district::District;
use crate::district::trasporti::Motivo as Reason;

/// A codice fiscale. No `Debug`.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
struct CodiceFiscale(String);
scalar!(CodiceFiscale, "CodiceFiscale", "Codice fiscale di una persona, sedici caratteri.");

/// A date, ISO 8601.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq)]
struct Date(String);
scalar!(Date, "Date", "Giorno, come 2026-09-30.");

/// A list that may be missing: in a graph of many subgraphs a failure should cost the list, not its parent.
type Many<T> = async_graphql::Result<Option<Vec<T>>>;

/// Why somebody is taken somewhere.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum Motivo {
    Visita,
    Terapia,
    CentroDiurno,
    Commissione,
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct Persona {
    codice_fiscale: CodiceFiscale,
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct Quartiere {
    id: ID,
}

#[derive(SimpleObject)]
struct Fermata {
    id: ID,
    nome: String,
    giorni: String,
}

#[derive(SimpleObject, Clone)]
struct Pulmino {
    id: ID,
    nome: String,
    posti: u32,
    attrezzato: bool,
}

#[derive(SimpleObject)]
struct Trasporto {
    id: ID,
    data: Date,
    destinazione: String,
    motivo: Motivo,
    km: u32,
    pulmino: Option<Pulmino>,
}

/// The district and the trips of each person, found once.
struct Archive {
    district: Arc<District>,
    trips: HashMap<String, Vec<usize>>,
}

impl Archive {
    fn of(district: &Arc<District>) -> Self {
        let mut trips: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, corsa) in district.trasporti.corse.iter().enumerate() {
            trips.entry(corsa.codice_fiscale.clone()).or_default().push(number);
        }
        Self { district: Arc::clone(district), trips }
    }

    fn minibus(&self, number: usize) -> Option<Pulmino> {
        let pulmino = self.district.trasporti.pulmini.get(number)?;
        let (id, nome) = (ID(pulmino.id.clone()), pulmino.nome.clone());
        Some(Pulmino { id, nome, posti: pulmino.posti, attrezzato: pulmino.attrezzato })
    }

    fn minibuses(&self, quartiere: Option<&str>) -> Vec<Pulmino> {
        let all = self.district.trasporti.pulmini.iter().enumerate();
        let there = all.filter(|(_, pulmino)| quartiere.is_none_or(|id| pulmino.quartiere == id));
        there.filter_map(|(number, _)| self.minibus(number)).collect()
    }

    fn trip(&self, number: usize) -> Option<Trasporto> {
        let corsa = self.district.trasporti.corse.get(number)?;
        let motivo = match corsa.motivo {
            Reason::Visita => Motivo::Visita,
            Reason::Terapia => Motivo::Terapia,
            Reason::CentroDiurno => Motivo::CentroDiurno,
            Reason::Commissione => Motivo::Commissione,
        };
        Some(Trasporto {
            id: ID(corsa.id.clone()),
            data: Date(corsa.data.to_string()),
            destinazione: corsa.destinazione.to_owned(),
            motivo,
            km: corsa.km,
            pulmino: self.minibus(corsa.pulmino),
        })
    }
}

#[ComplexObject]
impl Persona {
    /// Trips, from a day on where one is given.
    async fn trasporti(&self, ctx: &Context<'_>, dal: Option<Date>) -> Many<Trasporto> {
        let archive = ctx.data::<Archive>()?;
        let numbers = archive.trips.get(&self.codice_fiscale.0).map_or(&[][..], Vec::as_slice);
        let trips = numbers.iter().filter_map(|number| archive.trip(*number));
        Ok(Some(trips.filter(|trip| dal.as_ref().is_none_or(|dal| trip.data.0 >= dal.0)).collect()))
    }
}

#[ComplexObject]
impl Quartiere {
    /// Stops.
    async fn fermate(&self, ctx: &Context<'_>) -> Many<Fermata> {
        let all = &ctx.data::<Archive>()?.district.trasporti.fermate;
        let there = all.iter().filter(|fermata| fermata.quartiere == self.id.as_str());
        let stop = |f: &crate::district::trasporti::Fermata| Fermata {
            id: ID(f.id.clone()),
            nome: f.nome.clone(),
            giorni: f.giorni.to_owned(),
        };
        Ok(Some(there.map(stop).collect()))
    }

    /// Minibuses that start from here.
    async fn pulmini(&self, ctx: &Context<'_>) -> Many<Pulmino> {
        Ok(Some(ctx.data::<Archive>()?.minibuses(Some(self.id.as_str()))))
    }
}

struct Query;

#[Object]
impl Query {
    /// All minibuses.
    async fn pulmini(&self, ctx: &Context<'_>) -> Many<Pulmino> {
        Ok(Some(ctx.data::<Archive>()?.minibuses(None)))
    }

    #[graphql(entity)]
    async fn persona_by_codice_fiscale(&self, codice_fiscale: CodiceFiscale) -> Persona {
        Persona { codice_fiscale }
    }

    #[graphql(entity)]
    async fn quartiere_by_id(&self, id: ID) -> Quartiere {
        Quartiere { id }
    }
}

type Subgraph = Schema<Query, EmptyMutation, EmptySubscription>;

/// Starts the cooperative's subgraph at `/graphql`. Its counters name requests `POST /graphql`, and beside it what each held:
/// `_entities`, `_service` or `query`.
pub async fn start(district: &Arc<District>, address: SocketAddr) -> Result<Partner, DemoError> {
    let opening = open("trasporti", address).await?;
    let subgraph =
        Schema::build(Query, EmptyMutation, EmptySubscription).data(Archive::of(district)).finish();
    let routes = Router::new().route("/graphql", post(graphql)).with_state((subgraph, opening.calls.clone()));
    Ok(opening.serve("/graphql", routes, kind_of))
}

fn kind_of(method: &Method, path: &str) -> String {
    format!("{method} {path}")
}

async fn graphql(
    State((subgraph, calls)): State<(Subgraph, Calls)>,
    Json(request): Json<Request>,
) -> Json<Response> {
    let held = ["_entities", "_service"].into_iter().find(|field| request.query.contains(field));
    calls.detail(held.unwrap_or("query"));
    Json(subgraph.execute(request).await)
}
