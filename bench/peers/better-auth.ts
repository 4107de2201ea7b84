// better-auth with its API-key plugin, on SQLite: a key in a header, looked up by its hash.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { encodeRequest } from '../load.ts'
import { startServer } from '../server.ts'
import { tokensOfAPeer, type Peer } from './peer.ts'

export const betterAuth: Peer = {
  name: 'better-auth 1.7.5, an API key',
  meaning:
    'its plugin verifies the key of a header, in a server of bare node:http on the same Node, without its router and without a limit of requests; SQLite in WAL mode, synchronous=NORMAL',
  folder: 'better-auth-1.7.5',
  file: 'node_modules/@better-auth/api-key/package.json',
  async start(run, installed) {
    const directory = run.directory()
    const entry = resolve(import.meta.dirname, 'better-auth-server.ts')
    const { url, pid } = await startServer(run, [entry, installed, directory, String(tokensOfAPeer)])
    const keys = JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8')) as readonly string[]
    return { url, pid, requests: keys.map((authorization) => encodeRequest({ path: '/', authorization })) }
  },
}
