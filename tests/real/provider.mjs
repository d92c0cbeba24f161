// An OpenID provider that this project did not write: npm `oidc-provider`. It gives access tokens by client credentials, to clients that prove
// who they are in each of the ways that sources' authorization servers want.
//
//   node provider.mjs
//
// `GET /keys` tells the clients' private keys, made anew at each start; every token is good for 10 minutes.

import { createServer } from 'node:http';
import { createPrivateKey, generateKeyPairSync, createPublicKey } from 'node:crypto';
import Provider from 'oidc-provider';
import { ready, say } from './partner.mjs';

// stdout is for the parent alone; the provider's notices aren't.
console.info = console.error;
console.log = console.error;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key, type) => key.export({ type, format: 'pem' });
const keys = {
  RS256: pem(rsa.privateKey, 'pkcs8'),
  PS256: pem(rsa.privateKey, 'pkcs1'),
  ES256: pem(ec.privateKey, 'pkcs8'),
};

const client = (id, more) => ({
  client_id: id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  ...more,
});
const signed = (algorithm) => client(algorithm.toLowerCase(), {
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: algorithm,
  jwks: { keys: [{ ...createPublicKey(createPrivateKey(keys[algorithm])).export({ format: 'jwk' }), kid: 'chiave-1', use: 'sig' }] },
});

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const resource = 'urn:asl:fhir';

const provider = new Provider(issuer, {
  clients: [
    client('comune di borgo', { client_secret: 'sesamo & C. +1', token_endpoint_auth_method: 'client_secret_basic' }),
    client('posta', { client_secret: 'sesamo', token_endpoint_auth_method: 'client_secret_post' }),
    ...Object.keys(keys).map(signed),
  ],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: Object.keys(keys) },
  scopes: ['lettura'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: 'lettura', accessTokenFormat: 'jwt', accessTokenTTL: 600 }),
    },
  },
});
const callback = provider.callback();
server.on('request', (req, res) => {
  say({ request: { method: req.method, url: req.url, headers: req.headers, body: '' } });
  if (req.url !== '/keys') return callback(req, res);
  res.writeHead(200, { 'content-type': 'application/json' });
  return res.end(JSON.stringify({ ...keys, resource }));
});
ready(issuer);
