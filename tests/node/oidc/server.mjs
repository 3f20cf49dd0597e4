// A real OpenID provider (npm's oidc-provider) for the gateway's tests; not part of the gateway.
//
// argv[2]: JSON {clients: [...], accounts: {login: claims}, host: loopback name}.
// Prints one line of JSON with its issuer when it listens, and ends when its
// standard input does.
import crypto from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const { clients, accounts, host = '127.0.0.1' } = JSON.parse(process.argv[2]);

function jwk(type, options, alg) {
  const { privateKey } = crypto.generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: `test-${alg}` };
}

const configuration = {
  clients,
  cookies: { keys: ['only for tests'] },
  jwks: {
    keys: [
      jwk('rsa', { modulusLength: 2048 }, 'RS256'),
      jwk('rsa', { modulusLength: 2048 }, 'PS256'),
      jwk('ec', { namedCurve: 'P-256' }, 'ES256'),
    ],
  },
  claims: {
    openid: ['sub'],
    profile: [
      'given_name', 'family_name', 'birthdate', 'locale', 'schac_personal_unique_code',
      'schac_home_organization', 'eduperson_principal_name', 'learner_number', 'national_number',
    ],
  },
  enabledJWA: {
    idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'HS256'],
    userinfoSigningAlgValues: ['RS256', 'ES256'],
  },
  features: {
    jwtUserinfo: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // Its own options refuse loopback addresses, where the gateway under test is.
  fetch: (url, { dispatcher, signal, ...options }) => globalThis.fetch(url, options),
  async findAccount(_, id) {
    if (!accounts[id]) return undefined;
    return { accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) };
  },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://${host}:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  server.on('request', provider.callback());
  console.log(JSON.stringify({ issuer }));
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
