// What every driver of a peer offers, and what they share: where peers are installed, ports, and waiting for a start.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import type { Run } from '../run.ts'

/** A server that a user would pick in our place. */
export interface Peer {
  /** Its name, its version and how it checks a token. */
  readonly name: string
  /** How it is set up here, in a sentence. */
  readonly meaning: string
  /** Its folder among the installed peers, by its name in README.md. */
  readonly folder: string
  /** A file in that folder without which it is not installed. */
  readonly file: string
  /** Starts it on a new database with tokens in it. */
  readonly start: (run: Run, installed: string) => Promise<RunningPeer>
}

export interface RunningPeer {
  readonly url: string
  /** The process whose processor time is counted, with that of its children. */
  readonly pid: number
  /** Checks of different tokens, each of which is answered with 200. */
  readonly requests: readonly Buffer[]
}

/** As many tokens as the row of ours has. */
export const tokensOfAPeer = 512

/** The folder that holds the peers, outside of this repository. */
export const installations = process.env['HALLPASS_PEERS'] ?? join(homedir(), '.cache/hallpass-peers')

/** A port of the loopback address that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Starts a program and waits until a URL of it answers 200; returns its process.
 * @throws Error if it ends, or is not ready within three minutes
 */
export async function startServer(
  run: Run,
  [program = '', ...argv]: readonly string[],
  environment: NodeJS.ProcessEnv,
  ready: string,
): Promise<number> {
  const child = run.spawnProgram(program, argv, environment)
  let said = ''
  child.stdout?.resume()
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-2000)
  })
  for (let tries = 0; tries < 900; tries++) {
    const isReady = await fetch(ready).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady && child.pid !== undefined) return child.pid
    if (child.exitCode !== null) break
    await wait(200)
  }
  throw new Error(`${program} is not ready: ${said}`)
}

/** The JSON that it answers. */
export async function ask<Answer>(url: string, request: RequestInit): Promise<Answer> {
  const answer = await fetch(url, request)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  const text = await answer.text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** Access tokens for a client by its own credentials (RFC 6749 section 4.4), and requests that introspect them (RFC 7662). */
export async function introspections(
  tokenUrl: string,
  introspectUrl: string,
  credentials: string,
): Promise<readonly Buffer[]> {
  const requests: Buffer[] = []
  const headers = { authorization: credentials }
  for (let made = 0; made < tokensOfAPeer; made++) {
    const body = new URLSearchParams({ grant_type: 'client_credentials' })
    const { access_token: token } = await ask<{ access_token: string }>(tokenUrl, { method: 'POST', headers, body })
    const form = String(new URLSearchParams({ token }))
    requests.push(
      Buffer.from(
        `POST ${new URL(introspectUrl).pathname} HTTP/1.1\r\nhost: ${new URL(introspectUrl).host}\r\n` +
          `authorization: ${credentials}\r\ncontent-type: application/x-www-form-urlencoded\r\n` +
          `content-length: ${Buffer.byteLength(form)}\r\n\r\n${form}`,
      ),
    )
  }
  const active = await ask<{ active: boolean }>(introspectUrl, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: requests[0]?.toString().split('\r\n\r\n')[1] ?? '',
  })
  if (!active.active) throw new Error(`${introspectUrl} does not know the tokens`)
  return requests
}
