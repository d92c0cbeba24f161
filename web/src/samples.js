// The sample queries of the configuration, as tabs. With none, one query that every Raccordo answers.

const SAMPLES = '/explorer/samples.json';

const FALLBACK = {
  query: `# Scrivi qui una query: Ctrl-Spazio propone, Ctrl-Invio esegue.
# A sinistra, la documentazione del grafo.

query Fonti {
  fonti {
    nome
    tipo
    raggiungibile
    dal
  }
}
`,
};

/** The tabs that wait: `[{query, variables}]`, at least one. */
export async function samples() {
  const list = await fetch(SAMPLES)
    .then((reply) => (reply.ok ? reply.json() : []))
    .catch(() => []);
  return list.length > 0 ? list.map(tab) : [FALLBACK];
}

/** GraphiQL names a tab after its operation, so the sample's title becomes the comment on its first line. */
function tab({ title, query, variables }) {
  const titled = !title || query.startsWith('#') ? query : `# ${title}\n${query}`;
  const hasVariables = variables && Object.keys(variables).length > 0;
  return { query: titled, variables: hasVariables ? JSON.stringify(variables, null, 2) : null };
}
