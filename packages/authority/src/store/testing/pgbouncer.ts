// A real PgBouncer for tests, in transaction mode in front of the test's PostgreSQL.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { Client } from 'pg'

import type { TestPostgres } from './postgres.ts'

/** Why this machine cannot run one; undefined if it can. */
export function reasonWithoutPgbouncer(): string | undefined {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'there is no pgbouncer on the PATH'
  }
}

export interface TestPgbouncer {
  readonly url: string
  /** Where its socket is. */
  readonly directory: string
  readonly port: number
  stop(): Promise<void>
}

const port = 6432

/**
 * Listens at a socket in a directory of its own, and shares three connections to the server among all clients.
 * @param clients how many connections it accepts
 */
export async function startPgbouncer(server: TestPostgres, clients = 100): Promise<TestPgbouncer> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-pgbouncer-'))
  const file = join(directory, 'pgbouncer.ini')
  await writeFile(
    file,
    `[databases]
postgres = host=${server.directory} user=hallpass
[pgbouncer]
listen_addr =
unix_socket_dir = ${directory}
listen_port = ${port}
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = ${clients}
server_fast_close = 1
`,
  )
  // PgBouncer refuses to run as root.
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(directory, 65534, 65534)
  const bouncer = spawn('pgbouncer', ['-q', file], {
    stdio: 'ignore',
    ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
  })
  const ended = once(bouncer, 'exit')
  const url = `postgresql://hallpass@localhost/postgres?host=${encodeURIComponent(directory)}&port=${port}`
  await answer(url, () => bouncer.exitCode !== null)
  return {
    url,
    directory,
    port,
    async stop() {
      bouncer.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function answer(url: string, hasEnded: () => boolean): Promise<void> {
  for (let waited = 0; ; waited += 20) {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (hasEnded() || waited > 10_000) throw error
      await pause(20)
    }
  }
}
