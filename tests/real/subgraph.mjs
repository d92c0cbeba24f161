// A Federation subgraph that this project did not write: Mercurius, serving a cooperative's transport (trasporti.graphql).
//
//   node subgraph.mjs
//
// Its data are fixed: three rides, one person who makes `_entities` fail (codice fiscale GUASTO…), and nobody else's.

import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import { mercuriusFederationPlugin } from '@mercuriusjs/federation';
import { ready, say } from './partner.mjs';

const BROKEN_PERSON = 'GUASTO00A00Z999X';

const vehicles = [
  { __typename: 'Pulmino', targa: 'AA111AA', posti: 8, pedana: true },
  { __typename: 'Auto', targa: 'BB222BB', posti: 4, volontario: null },
];

const rides = [
  { id: '1', giorno: '2026-03-02', stato: 'SVOLTA', targa: 'AA111AA', cf: 'RSSMRA50A01Z999X', tappe: [{ luogo: 'Centro diurno', minuti: 12 }] },
  { id: '2', giorno: '2026-03-05', stato: 'PRENOTATA', targa: 'BB222BB', cf: 'RSSMRA50A01Z999X', tappe: [] },
  { id: '3', giorno: '2026-03-05', stato: 'ANNULLATA', targa: null, cf: 'VRDLGI60B02Z999Y', tappe: [] },
];

const ridesOf = (cf) => rides.filter((ride) => ride.cf === cf);
const vehicle = (targa) => vehicles.find((one) => one.targa === targa) ?? null;
const page = (list, { stato, first }) => list.filter((ride) => !stato || ride.stato === stato).slice(0, first);

function failure(message, code) {
  return Object.assign(new Error(message), { extensions: { code } });
}

const resolvers = {
  Query: {
    corse: (_, args) => page(rides, args),
    corsa: (_, { id }) => rides.find((ride) => ride.id === id) ?? null,
    mezzi: () => vehicles,
    cerca: (_, { testo }) => [
      ...rides.filter((ride) => ride.giorno.includes(testo)).map((ride) => ({ __typename: 'Corsa', ...ride })),
      ...vehicles.filter((one) => one.targa.includes(testo)),
    ],
    lento: (_, { ms }) => new Promise((resolve) => setTimeout(resolve, ms, `dopo ${ms} ms`)),
    guasto: () => { throw failure('il pulmino è in officina', 'MEZZO_GUASTO'); },
    guastoGrave: () => { throw failure('la centrale non risponde', 'CENTRALE_GUASTA'); },
  },
  Mutation: {
    prenota: (_, { input }) => {
      if (!vehicle(input.targa)) throw failure(`nessun mezzo ha la targa ${input.targa}`, 'MEZZO_IGNOTO');
      const ride = { id: String(rides.length + 1), giorno: input.giorno, stato: 'PRENOTATA', targa: input.targa, cf: input.passeggero, tappe: input.tappe };
      rides.push(ride);
      return ride;
    },
  },
  Persona: {
    __resolveReference: async (reference) => {
      if (reference.codiceFiscale === BROKEN_PERSON) throw failure('scheda illeggibile', 'SCHEDA_ILLEGGIBILE');
      return ridesOf(reference.codiceFiscale).length > 0 ? reference : null;
    },
    tariffa: ({ eta }) => (eta === undefined || eta === null ? null : eta >= 65 ? 1.5 : 3),
    corse: ({ codiceFiscale }, args) => page(ridesOf(codiceFiscale), args),
    ultimaCorsa: ({ codiceFiscale }) => ridesOf(codiceFiscale).at(-1) ?? null,
  },
  Corsa: {
    __resolveReference: ({ id }) => rides.find((ride) => ride.id === id) ?? null,
    mezzo: ({ targa }) => vehicle(targa),
    passeggero: ({ cf }) => ({ codiceFiscale: cf }),
  },
  Pulmino: { __resolveReference: ({ targa }) => vehicle(targa) },
  Auto: { __resolveReference: ({ targa }) => vehicle(targa) },
  Mezzo: { resolveType: ({ __typename }) => __typename },
  Risultato: { resolveType: ({ __typename }) => __typename },
};

const app = Fastify();
app.addHook('preHandler', async ({ method, url, headers, body }) => {
  say({ request: { method, url, headers, body: body ? JSON.stringify(body) : '' } });
});
app.register(mercuriusFederationPlugin, {
  schema: readFileSync(new URL('trasporti.graphql', import.meta.url), 'utf8'),
  resolvers,
  graphiql: false,
});
const origin = await app.listen({ port: 0, host: '127.0.0.1' });
ready(`${origin}/graphql`);
