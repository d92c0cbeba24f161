// The GraphQL-over-HTTP audit of `graphql-http` against a running endpoint.
//
//   node audit.mjs URL
//
// stdout: one JSON list of {id, name, status: ok|notice|warn|error, reason}. Exit code 0 whenever the audit ran.

import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);
const results = await auditServer({ url, fetchFn: fetch });
const plain = results.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? null }));
process.stdout.write(`${JSON.stringify(plain)}\n`);
