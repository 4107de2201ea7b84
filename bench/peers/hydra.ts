// Ory Hydra on SQLite: introspection of its opaque access tokens.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { ask, basic, freePort, introspections, startServer, type Peer } from './peer.ts'

export const hydra: Peer = {
  name: 'Ory Hydra v2.3.0, introspection',
  meaning:
    'POST /admin/oauth2/introspect of an opaque access token, which needs no credentials there; on SQLite, with no log of requests',
  folder: 'hydra-2.3.0',
  file: 'hydra',
  async start(run, installed) {
    const program = join(installed, 'hydra')
    const [publicPort, adminPort] = [await freePort(), await freePort()]
    const admin = `http://127.0.0.1:${adminPort}`
    const environment = {
      DSN: `sqlite://${join(run.directory(), 'hydra.db')}?_fk=true&_journal_mode=WAL`,
      SECRETS_SYSTEM: 'a secret that is long enough for a benchmark',
      URLS_SELF_ISSUER: `http://127.0.0.1:${publicPort}`,
      SERVE_PUBLIC_HOST: '127.0.0.1',
      SERVE_PUBLIC_PORT: String(publicPort),
      SERVE_ADMIN_HOST: '127.0.0.1',
      SERVE_ADMIN_PORT: String(adminPort),
      TTL_ACCESS_TOKEN: '24h',
      LOG_LEVEL: 'error',
      SQA_OPT_OUT: 'true',
    }
    const migration = spawnSync(program, ['migrate', 'sql', '-e', '--yes'], { env: environment, encoding: 'utf8' })
    if (migration.status !== 0) throw new Error(`Hydra has not made its tables: ${migration.stderr}`)
    const pid = await startServer(run, [program, 'serve', 'all', '--dev'], environment, `${admin}/health/ready`)
    const client = { client_id: 'bench', client_secret: 'a secret', grant_types: ['client_credentials'] }
    const { client_id: id } = await ask<{ client_id: string }>(`${admin}/admin/clients`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(client),
    })
    const requests = await introspections(
      `http://127.0.0.1:${publicPort}/oauth2/token`,
      `${admin}/admin/oauth2/introspect`,
      basic(id, client.client_secret),
    )
    return { url: admin, pid, requests }
  },
}
