// Clients of subscriptions that this project did not write: npm `graphql-sse` and `graphql-ws`.
//
//   node subscriber.mjs sse|graphql-ws URL QUERY [MOST]
//
// stdout, one JSON object a line: {"next": RESULT} for each result, then {"complete": true} or {"error": …}. After MOST
// results the client has enough and says {"left": true}.

import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [protocol, url, query, most] = process.argv.slice(2);
const print = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);
const client = protocol === 'sse'
  ? createSseClient({ url, retryAttempts: 0 })
  : createSocketClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });

/** What went wrong, as far as it can be printed. */
function plain(error) {
  if (Array.isArray(error)) return error;
  return { message: error?.message ?? null, code: error?.code ?? null, reason: error?.reason ?? null };
}

// Whoever started it may end it by closing its stdin.
process.stdin.resume().on('close', () => process.exit(0));
const events = client.iterate({ query });
try {
  let count = 0;
  for await (const result of events) {
    print({ next: result });
    count += 1;
    if (count === Number(most)) {
      print({ left: true });
      break;
    }
  }
  if (count !== Number(most)) print({ complete: true });
} catch (error) {
  print({ error: plain(error) });
}
await client.dispose();
process.stdin.destroy();
