// Federation composition that this project did not write: `@theguild/federation-composition`.
//
//   node compose.mjs
//
// stdin:  one JSON object a line: {"sources": [{name, url, sdl}]}
// stdout: one JSON object a line, in the same order: {"supergraph", "api"} for a graph that composes,
//         {"errors": [{code, message}]} for one that is refused. Its end of input ends it.

import { createInterface } from 'node:readline';
import { writeSync } from 'node:fs';
import { parse } from 'graphql';
import { composeServices } from '@theguild/federation-composition';

function compose({ sources }) {
  const services = [];
  for (const { name, url, sdl } of sources) {
    try {
      services.push({ name, url: url ?? '', typeDefs: parse(sdl) });
    } catch (error) {
      return { errors: [{ code: 'INVALID_GRAPHQL', message: `[${name}] ${error.message}` }] };
    }
  }
  try {
    const composed = composeServices(services);
    if (composed.errors?.length) {
      return { errors: composed.errors.map(({ message, extensions }) => ({ code: extensions?.code ?? 'UNKNOWN', message })) };
    }
    return { supergraph: composed.supergraphSdl, api: composed.publicSdl };
  } catch (error) {
    return { errors: [{ code: 'EXCEPTION', message: String(error?.stack ?? error) }] };
  }
}

function say(object) {
  const bytes = Buffer.from(`${JSON.stringify(object)}\n`);
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSync(1, bytes, sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

createInterface({ input: process.stdin }).on('line', (line) => say(compose(JSON.parse(line))));
