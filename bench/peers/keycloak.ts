// Keycloak on its own H2 database: introspection of the access tokens of a service account.
import { join } from 'node:path'

import { ask, basic, freePort, introspections, startServer, type Peer } from './peer.ts'

export const keycloak: Peer = {
  name: 'Keycloak 26.7.3, introspection',
  meaning:
    'POST …/token/introspect of an access token, by a client with a secret; started for production with its local cache, on H2, with no log of requests',
  folder: 'keycloak-26.7.3',
  file: 'bin/kc.sh',
  async start(run, installed) {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const administrator = { username: 'admin', password: 'correct horse battery' }
    const argv = [
      'start',
      '--cache=local',
      '--db=dev-file',
      `--db-url=jdbc:h2:file:${join(run.directory(), 'keycloak')};NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=0`,
      '--http-enabled=true',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      '--hostname-strict=false',
      '--log-level=warn',
    ]
    const environment = {
      KC_BOOTSTRAP_ADMIN_USERNAME: administrator.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: administrator.password,
    }
    const pid = await startServer(
      run,
      ['sh', join(installed, 'bin/kc.sh'), ...argv],
      environment,
      `${url}/realms/master`,
    )
    const openid = `${url}/realms/${realm}/protocol/openid-connect`
    const { access_token: token } = await ask<{ access_token: string }>(
      `${url}/realms/master/protocol/openid-connect/token`,
      {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...administrator }),
      },
    )
    const client = {
      clientId: 'bench',
      secret: 'a secret',
      serviceAccountsEnabled: true,
      publicClient: false,
      protocolMappers: [audience],
    }
    await ask(`${url}/admin/realms`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ realm, enabled: true, sslRequired: 'none', accessTokenLifespan: day, clients: [client] }),
    })
    const requests = await introspections(
      `${openid}/token`,
      `${openid}/token/introspect`,
      basic(client.clientId, client.secret),
    )
    return { url, pid, requests }
  },
}

const realm = 'bench'
/** In seconds. */
const day = 86_400

/** A client may introspect only the tokens that are meant for it. */
const audience = {
  name: 'audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.client.audience': 'bench', 'access.token.claim': 'true', 'introspection.token.claim': 'true' },
}
