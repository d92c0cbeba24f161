// A Federation subgraph with subscriptions that this project did not write: GraphQL Yoga over server-sent events, and the
// server of `graphql-ws` over WebSockets, on one port and path (partenze.graphql).
//
//   node events.mjs
//
// Beside each request it prints one with the method END when a subscription's events are over, however they ended.

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import federation from '@mercuriusjs/federation';
import { createYoga } from 'graphql-yoga';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { ready, say } from './partner.mjs';

const lines = [
  { id: '7', nome: 'Stazione - Ospedale' },
  { id: '8', nome: 'Duomo - Cimitero' },
];
const stops = ['s1', 's2', 's3', null];

/** Tells when the events are over: also when whoever reads them goes away. */
async function* told(name, events) {
  try {
    yield* events;
  } finally {
    say({ request: { method: 'END', url: name, headers: {}, body: '' } });
  }
}

async function* departures({ linea, quante }) {
  for (let count = 0; count < quante; count += 1) {
    yield { partenze: { ora: `0${6 + count}:00`, linea: { id: linea }, fermata: stops[count % 4] && { id: stops[count % 4] } } };
  }
}

async function* beats({ ogniMs }) {
  for (let count = 1; ; count += 1) {
    yield { battiti: count };
    await pause(ogniMs);
  }
}

async function* doubtful({ quante }) {
  for (let count = 0; count < quante; count += 1) yield { incerto: count };
}

const resolvers = {
  Query: { linee: { resolve: () => lines } },
  Subscription: {
    partenze: { subscribe: (_, args) => told('partenze', departures(args)) },
    battiti: { subscribe: (_, args) => told('battiti', beats(args)) },
    incerto: {
      subscribe: (_, args) => told('incerto', doubtful(args)),
      resolve: ({ incerto }) => {
        if (incerto % 2 === 1) throw new Error('il tabellone è spento');
        return `evento ${incerto}`;
      },
    },
    guasta: { subscribe: () => { throw new Error('la centrale non risponde'); } },
  },
  Linea: { nome: { resolve: ({ id }) => lines.find((line) => line.id === id)?.nome } },
};

const schema = federation.buildFederationSchema(readFileSync(new URL('partenze.graphql', import.meta.url), 'utf8'));
for (const [type, fields] of Object.entries(resolvers)) {
  for (const [name, field] of Object.entries(fields)) Object.assign(schema.getType(type).getFields()[name], field);
}
schema.getType('Linea').resolveReference = ({ id }) => lines.find((line) => line.id === id) ?? null;
schema.getType('Fermata').resolveReference = (reference) => reference;

const yoga = createYoga({
  schema,
  graphiql: false,
  logging: false,
  plugins: [{
    onParams: ({ request, params }) => {
      say({ request: { method: 'POST', url: '/graphql', headers: Object.fromEntries(request.headers), body: JSON.stringify(params) } });
    },
  }],
});
const server = createServer(yoga);
const sockets = new WebSocketServer({ server, path: '/graphql' });
useServer({
  schema,
  onSubscribe: ({ extra }, id, params) => {
    say({ request: { method: 'SUBSCRIBE', url: '/graphql', headers: extra.request.headers, body: JSON.stringify(params) } });
  },
}, sockets);
server.listen(0, '127.0.0.1', () => ready(`http://127.0.0.1:${server.address().port}/graphql`));
