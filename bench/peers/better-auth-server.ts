// A server of better-auth in its own process: writes its keys into a file, says where it listens, then verifies a key for
// each request.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const [installed = '', directory = '', count] = process.argv.slice(2)
const resolve = createRequire(join(installed, 'package.json')).resolve
const load = (name: string): Promise<unknown> => import(resolve(name))
const { betterAuth } = (await load('better-auth')) as { betterAuth: (options: object) => Auth }
const { getMigrations } = (await load('better-auth/db/migration')) as { getMigrations: GetMigrations }
const { apiKey } = (await load('@better-auth/api-key')) as { apiKey: (options: object) => unknown }

const database = new DatabaseSync(join(directory, 'better-auth.db'))
database.exec('pragma journal_mode = wal; pragma synchronous = normal')
const options = {
  database,
  baseURL: 'http://127.0.0.1',
  secret: 'a secret that is long enough for a benchmark',
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
}
await (await getMigrations(options)).runMigrations()
const auth = betterAuth(options)
const { user } = await auth.api.signUpEmail({
  body: { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' },
})
const keys: string[] = []
for (let made = 0; made < Number(count); made++) {
  keys.push((await auth.api.createApiKey({ body: { userId: user.id, name: `CI ${made}` } })).key)
}

const server = createServer((request, response) => {
  void auth.api.verifyApiKey({ body: { key: request.headers.authorization ?? '' } }).then(({ valid, key }) => {
    const body = JSON.stringify({ valid, id: key?.id })
    response.writeHead(valid ? 200 : 401, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
writeFileSync(join(directory, 'keys.json'), JSON.stringify(keys))
server.listen(0, '127.0.0.1', () => {
  console.log(`listens at http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

/** The part of better-auth that this needs. */
interface Auth {
  readonly api: {
    signUpEmail(call: Call): Promise<{ readonly user: { readonly id: string } }>
    createApiKey(call: Call): Promise<{ readonly key: string }>
    verifyApiKey(call: Call): Promise<{ readonly valid: boolean; readonly key: { readonly id: string } | null }>
  }
}

interface Call {
  readonly body: object
}

type GetMigrations = (options: object) => Promise<{ readonly runMigrations: () => Promise<void> }>
