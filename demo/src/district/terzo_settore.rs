//! Enters: the comuni. Leaves: the third sector of the district: invented organisations, their services, where and when they
//! are given, under a taxonomy of the casellario. No people.

use serde::Serialize;

use super::comuni::COMUNI;
use super::names::VIE;
use super::prng::Prng;

/// An organisation, invented.
#[derive(Clone, Serialize)]
pub struct Organizzazione {
    /// HSDS id.
    pub id: String,
    /// Name.
    pub nome: String,
    /// What it does.
    pub descrizione: String,
    /// Section of the RUNTS.
    pub sezione: &'static str,
    /// Year of foundation.
    pub anno: u32,
}

/// A service.
#[derive(Clone, Serialize)]
pub struct Servizio {
    /// HSDS id.
    pub id: String,
    /// An index into `TerzoSettore::organizzazioni`.
    pub organizzazione: usize,
    /// Name.
    pub nome: String,
    /// What it offers.
    pub descrizione: &'static str,
    /// HSDS status: `active`, `inactive`, `temporarily closed`.
    pub stato: &'static str,
    /// An index into `TerzoSettore::sedi`.
    pub sede: usize,
    /// An index into `TERMS`.
    pub termine: usize,
    /// Opening days, HSDS style: `MO,WE`.
    pub giorni: &'static str,
    /// Opening and closing hour.
    pub orario: (u32, u32),
    /// Places free, where the service counts them.
    pub posti: Option<u32>,
    /// RFC 3339, UTC.
    pub aggiornato: String,
}

/// A place where services are given.
#[derive(Clone, Serialize)]
pub struct Sede {
    /// HSDS id.
    pub id: String,
    /// Name.
    pub nome: String,
    /// Street and number.
    pub indirizzo: String,
    /// Town.
    pub comune: &'static str,
    /// Postal code.
    pub cap: &'static str,
}

/// Everything the third sector publishes.
#[derive(Clone, Default, Serialize)]
pub struct TerzoSettore {
    /// Organisations.
    pub organizzazioni: Vec<Organizzazione>,
    /// Services.
    pub servizi: Vec<Servizio>,
    /// Places.
    pub sedi: Vec<Sede>,
}

/// The taxonomy's terms: casellario code, words, what such a service offers.
pub const TERMS: [(&str, &str, &str); 8] = [
    ("A2.07", "Assistenza domiciliare", "Aiuto in casa per anziani e persone con disabilità."),
    ("A1.16", "Trasporto sociale", "Accompagnamento a visite, terapie e commissioni."),
    ("A2.01", "Mensa sociale", "Pasti caldi, anche a domicilio."),
    ("A2.02", "Sostegno socio-educativo", "Pomeriggi educativi per ragazze e ragazzi."),
    ("A2.11", "Sostegno scolastico", "Aiuto nei compiti e recupero scolastico."),
    ("A1.06", "Buoni spesa ed empori", "Distribuzione di generi alimentari."),
    ("A1.18", "Inserimento lavorativo", "Tirocini e accompagnamento al lavoro."),
    ("A3.01", "Centro diurno", "Attività e compagnia durante il giorno."),
];

const BODIES: [(&str, &str); 6] = [
    ("Associazione Insieme in Valle", "Associazioni di promozione sociale"),
    ("Volontari del Soccorso Fraterno", "Organizzazioni di volontariato"),
    ("Cooperativa La Sorgente", "Imprese sociali"),
    ("Fondazione Casa Aperta", "Enti filantropici"),
    ("Gruppo Anziani Attivi", "Associazioni di promozione sociale"),
    ("Emporio Solidale", "Organizzazioni di volontariato"),
];

/// CAPs where a place stands, with the comune: the seven comuni and the two invented CAPs of Borgo Val di Taro.
fn postcodes() -> Vec<(&'static str, &'static str)> {
    let own = COMUNI.iter().map(|c| (c.cap, c.nome));
    own.chain([("43943", "Borgo Val di Taro"), ("43944", "Borgo Val di Taro")]).collect()
}

/// The third sector of the district. It doesn't depend on the number of residents.
pub fn terzo_settore() -> TerzoSettore {
    let mut all = TerzoSettore::default();
    for (serial, (nome, sezione)) in BODIES.into_iter().enumerate() {
        all.organizzazioni.push(Organizzazione {
            id: format!("org-{:02}", serial + 1),
            nome: nome.to_owned(),
            descrizione: format!("{nome}: ente inventato per il distretto di esempio."),
            sezione,
            anno: Prng::of("ente", serial as u64).between(1975, 2019),
        });
    }
    for (serial, (cap, comune)) in postcodes().into_iter().enumerate() {
        place(&mut all, serial, cap, comune);
    }
    all
}

/// One place and the services given there: many at the main town, a few elsewhere.
fn place(all: &mut TerzoSettore, serial: usize, cap: &'static str, comune: &'static str) {
    let mut prng = Prng::of("sede", serial as u64);
    let sede = all.sedi.len();
    all.sedi.push(Sede {
        id: format!("loc-{:02}", serial + 1),
        nome: format!("Sede di {comune}"),
        indirizzo: format!("{} {}", prng.pick(&VIE), prng.between(1, 60)),
        comune,
        cap,
    });
    let count = if cap == "43043" { 30 } else { prng.between(3, 8) as usize };
    for turn in 0..count {
        let service = service(&mut prng, all, sede, (serial + turn) % TERMS.len());
        all.servizi.push(service);
    }
}

fn service(prng: &mut Prng, all: &TerzoSettore, sede: usize, termine: usize) -> Servizio {
    let serial = all.servizi.len() + 1;
    let (_, nome, descrizione) = TERMS.get(termine).copied().unwrap_or_default();
    let comune = all.sedi.get(sede).map_or("", |sede| sede.comune);
    Servizio {
        id: format!("srv-{serial:03}"),
        organizzazione: prng.below(u32::try_from(BODIES.len()).unwrap_or(1)) as usize,
        nome: format!("{nome} {comune} {serial}"),
        descrizione,
        stato: prng.pick(&["active", "active", "active", "active", "temporarily closed", "inactive"]),
        sede,
        termine,
        giorni: prng.pick(&["MO,WE,FR", "TU,TH", "MO,TU,WE,TH,FR", "SA"]),
        orario: (prng.between(8, 10), prng.between(12, 18)),
        posti: prng.chance(50).then(|| prng.below(12)),
        aggiornato: format!("2026-0{}-{:02}T08:00:00Z", prng.between(1, 9), prng.between(1, 28)),
    }
}
