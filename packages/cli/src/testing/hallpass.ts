// For tests: the command line, in a child process or in this one, and a server that gives prepared answers.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'

import { afterAll, beforeAll, inject } from 'vitest'

import { execute, type Surroundings } from '../main.ts'

const entry = inject('hallpass')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Seen {
  /** `GET /v1/orgs` */
  readonly line: string
  readonly authorization: string
  /** As JSON; undefined where there is none. */
  readonly body: unknown
  readonly leaseNonce?: string
}

export type Answer = (seen: Seen) => readonly [status: number, body: unknown] | undefined

export interface TestServer {
  readonly url: string
  readonly seen: readonly Seen[]
  /** From now on these answers, and none seen yet. */
  answer(answer: Answer): void
  close(): Promise<void>
}

/** What is not answered does not exist. */
export async function startServer(): Promise<TestServer> {
  let answer: Answer = () => undefined
  let seen: Seen[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const leaseNonce = request.headers['fly-machine-lease-nonce']
      const each = {
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization ?? '',
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        ...(leaseNonce === undefined ? {} : { leaseNonce: String(leaseNonce) }),
      }
      seen.push(each)
      const [status, body] = answer(each) ?? [404, refusal('not_found', `there is no ${each.line}`)]
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(body === undefined ? undefined : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get seen() {
      return seen
    },
    answer(next) {
      answer = next
      seen = []
    },
    async close() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function refusal(code: string, message: string) {
  return { error: message, message, code, request_id: 'r1' }
}

export interface RunOptions {
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs the command in the process of the tests: a start takes as long as several tests. */
export async function runHere(
  words: readonly string[],
  { input, ...surroundings }: Pick<Surroundings, 'environment' | 'directory'> & { readonly input: string },
): Promise<Outcome> {
  const [stdout, stderr] = [collectText(), collectText()]
  const stdin = Readable.from([Buffer.from(input)]) as Surroundings['stdin']
  const code = await execute(words, { ...surroundings, stdin, stdout: stdout.stream, stderr: stderr.stream })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

/** A directory in which the command runs, with a home of its own. */
export async function createPlace() {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-cli-'))
  const environmentOf = ({ environment }: RunOptions) => ({
    PATH: process.env['PATH'] ?? '',
    HALLPASS_CONFIG_DIR: join(directory, 'config'),
    ...environment,
  })
  return {
    directory,
    run: (words: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
      runHere(words, { input: options.input ?? '', environment: environmentOf(options), directory }),
    /** As people do, for what a process has of its own: its streams, its settings of Node.js, its end. */
    runProgram: (words: readonly string[], options: RunOptions = {}): Promise<Outcome> => {
      const child = spawn(process.execPath, [entry, ...words], { cwd: directory, env: environmentOf(options) })
      let [stdout, stderr] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
      child.stdin.on('error', () => undefined)
      child.stdin.end(options.input)
      return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
    },
    leave: () => rm(directory, { recursive: true, force: true }),
  }
}

/** What is written to a stream, which no terminal and no file is behind. */
function collectText() {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  return {
    stream: Object.assign(stream, { fd: -1 }) as unknown as Surroundings['stdout'],
    text: () => Buffer.concat(chunks).toString(),
  }
}

export type TestPlace = Awaited<ReturnType<typeof createPlace>>

/** A place for the tests of the file or of the describe that calls this. */
export function preparePlace(): TestPlace {
  return prepare(createPlace, (place) => place.leave())
}

/** A server for them. */
export function prepareServer(): TestServer {
  return prepare(startServer, (server) => server.close())
}

/** Stands for what there is once the tests begin. */
function prepare<T extends object>(make: () => Promise<T>, end: (made: T) => Promise<void>): T {
  let made: T | undefined
  beforeAll(async () => {
    made = await make()
  })
  afterAll(async () => {
    if (made !== undefined) await end(made)
  })
  return new Proxy({} as T, { get: (_, name) => Reflect.get(made ?? {}, name) as unknown })
}
