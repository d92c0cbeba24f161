// The plain explorer: one query, its variables, one answer. Keeps nothing.

const part = (id) => document.getElementById(id);
const FALLBACK = [{ title: 'Le fonti', query: 'query Fonti {\n  fonti {\n    nome\n    tipo\n    raggiungibile\n    dal\n  }\n}\n', variables: {} }];

let samples = FALLBACK;

function choose(index) {
  const { query, variables } = samples[index];
  part('query').value = query;
  part('variables').value = JSON.stringify(variables ?? {}, null, 2);
}

async function load() {
  const listed = await fetch('/explorer/samples.json').then((reply) => (reply.ok ? reply.json() : [])).catch(() => []);
  if (listed.length > 0) samples = listed;
  part('sample').replaceChildren(...samples.map(({ title, name }, index) => new Option(title ?? name, index)));
  choose(0);
}

async function run() {
  part('answer').textContent = '…';
  part('answer').textContent = await ask().catch((error) => error.message);
}

async function ask() {
  let variables;
  try {
    variables = JSON.parse(part('variables').value || '{}');
  } catch (error) {
    throw new Error(`Le variabili non sono JSON: ${error.message}`);
  }
  const reply = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json, application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ query: part('query').value, variables }),
  }).catch(() => {
    throw new Error('Il gateway non risponde: è ancora acceso?');
  });
  return JSON.stringify(await reply.json(), null, 2);
}

part('sample').addEventListener('change', (event) => choose(event.target.value));
part('run').addEventListener('click', run);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
});
load();
