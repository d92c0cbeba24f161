// What every partner of the tests shares: how it tells its parent that it is ready, what it was asked, and when it stops.
//
// stdout, one JSON object a line:  {"ready": "http://127.0.0.1:PORT"}  once it listens
//                                  {"request": {method, url, headers, body}}  for each request, before its answer
//                                  {"mark": "..."}  the line just read from stdin: all requests before it are out
// stdin:  its end stops the partner, so none outlives its test, however that ends.

import { createServer } from 'node:http';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Prints one object on stdout at once, so that the parent reads it before the answer leaves. */
export function say(object) {
  writeSync(1, `${JSON.stringify(object)}\n`);
}

/** Tells the parent where the partner listens, and from then on obeys stdin. */
export function ready(url) {
  createInterface({ input: process.stdin })
    .on('line', (line) => say({ mark: line }))
    .on('close', () => process.exit(0));
  say({ ready: url });
}

/** Serves `handler({method, url, headers, body}) -> {status, headers, body}` on a free port of loopback. */
export function serve(handler) {
  const server = createServer(async (req, res) => {
    const body = await readBody(req);
    const request = { method: req.method, url: req.url, headers: req.headers, body };
    say({ request });
    const answer = await handler(request).catch((error) => ({ status: 500, body: String(error?.stack ?? error) }));
    res.writeHead(answer.status, answer.headers ?? { 'content-type': 'text/plain' });
    res.end(answer.body);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

async function readBody(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`request larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
