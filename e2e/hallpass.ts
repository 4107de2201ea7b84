// Runs the real command line as a person does: as a process, with its own home, against a served authority.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { inject } from 'vitest'

import { quickPlace } from '../packages/authority/src/store/testing/quick-place.ts'
import { runHere } from '../packages/cli/src/testing/hallpass.ts'

const bin = inject('hallpass')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly cwd?: string
}

export interface Place {
  readonly directory: string
  /** Runs `hallpass` with these arguments; there is no terminal. */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>
  /** The same in the process of the tests, for those that run it dozens of times. */
  runHere(args: readonly string[], options?: RunOptions): Promise<Outcome>
  /** The same, for a look at its output before it ends. */
  begin(args: readonly string[], options?: RunOptions): Begun
  /** Runs a line of the shell, in which `hallpass` is the command line; fails where any part of a pipe does. */
  shell(line: string, env: Readonly<Record<string, string>>): Promise<Outcome>
  /** Starts `hallpass serve` and waits until it says where it listens. */
  serve(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Served>
  /** The same of `hallpass guard`. */
  guard(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Served>
  /** Stops every server, and removes everything. */
  leave(): Promise<void>
}

export interface Begun {
  /** What it has said until now. */
  readonly stderr: () => string
  readonly outcome: Promise<Outcome>
}

export interface Served {
  readonly url: string
  /** All that it printed until now. */
  output(): string
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Serves an authority that has the account of ada@example.com, and logs in as her. */
export async function serveAndLogIn(place: Place, env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const [email, password] = ['ada@example.com', 'correct horse battery']
  const bootstrap = { HALLPASS_BOOTSTRAP_EMAIL: email, HALLPASS_BOOTSTRAP_PASSWORD: password }
  const served = await place.serve(['--data', join(place.directory, 'data')], { ...bootstrap, ...env })
  const login = ['auth', 'login', '--email', email, '--password-stdin']
  await place.run(login, { env: { HALLPASS_API_URL: served.url }, stdin: `${password}\n` })
  return served
}

/** A temporary directory with a home of its own. */
export async function arrive(): Promise<Place> {
  const directory = await mkdtemp(join(quickPlace, 'hallpass-e2e-'))
  const home = {
    PATH: process.env['PATH'] ?? '',
    HOME: directory,
    HALLPASS_CONFIG_DIR: join(directory, 'config'),
    // What runs on this machine beside the tests is none of theirs.
    HALLPASS_ENGINE: 'none',
  }
  const children = new Set<ChildProcess>()

  function start(args: readonly string[], options: RunOptions): ChildProcess {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: options.cwd ?? directory,
      env: { ...home, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }

  function begin(args: readonly string[], options: RunOptions = {}): Begun {
    const child = start(args, options)
    child.stdin?.end(options.stdin ?? '')
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
    const outcome = exitOf(child).then((code) => ({ code, stdout: stdout(), stderr: stderr() }))
    return { stderr, outcome }
  }

  async function listen(words: readonly string[], env: Readonly<Record<string, string>>): Promise<Served> {
    const anywhere = words.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']
    const child = start([...words, ...anywhere], { env })
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
    const ended = exitOf(child)
    const url = await new Promise<string>((found, failed) => {
      child.stdout?.on('data', () => {
        const [, address] = /listens at (\S+)/.exec(stdout()) ?? []
        if (address !== undefined) found(address)
      })
      child.once('close', () => failed(new Error(`hallpass ${words[0]} ended: ${stderr()}`)))
    })
    return {
      url,
      output: () => stdout() + stderr(),
      stop(signal = 'SIGTERM') {
        child.kill(signal)
        return ended
      },
    }
  }

  return {
    directory,

    run: (args, options = {}) => begin(args, options).outcome,
    runHere: (args, { env, stdin = '', cwd = directory } = {}) =>
      runHere(args, { input: stdin, environment: { ...home, ...env }, directory: cwd }),
    begin,

    shell(line, env) {
      const program = `set -o pipefail; hallpass() { "${process.execPath}" "${bin}" "$@"; }; ${line}`
      const child = spawn('bash', ['-c', program], { cwd: directory, env: { ...home, ...env } })
      children.add(child)
      child.once('exit', () => children.delete(child))
      const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
      return exitOf(child).then((code) => ({ code, stdout: stdout(), stderr: stderr() }))
    },

    serve: (args, env = {}) => listen(['serve', ...args], env),
    guard: (args, env) => listen(['guard', ...args], env),

    async leave() {
      await Promise.all(
        [...children].map((child) => {
          child.kill('SIGKILL')
          return exitOf(child)
        }),
      )
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function collect(stream: ChildProcess['stdout']): () => string {
  const chunks: Buffer[] = []
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('close', resolve))
}
