// Sends an operation to the gateway and hands back its answer. Never keeps either.

const ENDPOINT = '/graphql';

/** GraphiQL's fetcher: one POST, one JSON answer; what is not an answer becomes an error that says so. */
export async function run({ query, operationName, variables }, { headers } = {}) {
  const reply = await fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      ...headers,
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ query, operationName, variables }),
  }).catch(() => null);
  if (reply === null) return failure('il gateway non risponde: è ancora acceso?');
  return reply.json().catch(() => failure(`il gateway ha risposto ${reply.status} con qualcosa che non è JSON`));
}

function failure(message) {
  return { errors: [{ message }] };
}
