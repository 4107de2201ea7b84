// A real proxy in front of a service that notes what it is asked, as docs/gateways.md has it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { freePort } from './free-port.ts'

/** Made out of a recipe: the files of the program, by name, and its words. */
type Made = Readonly<Record<'files', Readonly<Record<string, string>>> & Record<'words', readonly string[]>>

const programs = {
  nginx: {
    look: ['-v'],
    make: (recipe: string, directory: string, port: number): Made => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${directory}/${name};`,
      )
      const here = recipe.replace(/listen 443 ssl/, `listen 127.0.0.1:${port}`).replaceAll(/^ *ssl_.*\n/gm, '')
      const text = `daemon off; pid ${directory}/pid; error_log stderr; events {} http { access_log off; ${paths.join(' ')}\n${here}\n}`
      return { files: { 'nginx.conf': text }, words: ['-c', `${directory}/nginx.conf`] }
    },
  },
  caddy: {
    look: ['version'],
    make: (recipe: string, directory: string, port: number): Made => {
      const here = recipe.replace(/^web\.example\.com \{/m, `http://:${port} {\n bind 127.0.0.1`)
      const text = `{\n admin off\n auto_https off\n}\n${here}`
      return {
        files: { Caddyfile: text },
        words: ['run', '--adapter', 'caddyfile', '--config', `${directory}/Caddyfile`],
      }
    },
  },
  traefik: {
    look: ['version'],
    make: (recipe: string, directory: string, port: number): Made => ({
      files: { 'dynamic.yml': recipe },
      words: [
        `--entrypoints.web.address=127.0.0.1:${port}`,
        `--providers.file.filename=${directory}/dynamic.yml`,
        '--global.checknewversion=false',
        '--global.sendanonymoususage=false',
        '--log.level=ERROR',
      ],
    }),
  },
  envoy: {
    look: ['--version'],
    make: (recipe: string, directory: string, port: number): Made => ({
      files: {
        'envoy.yml': recipe.replace('address: 0.0.0.0, port_value: 443', `address: 127.0.0.1, port_value: ${port}`),
      },
      words: ['-c', `${directory}/envoy.yml`, '--log-level', 'error', '--use-dynamic-base-id', '--concurrency', '1'],
    }),
  },
} as const

type Program = keyof typeof programs

export function isThere(name: Program): boolean {
  try {
    execFileSync(name, programs[name].look, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What the service was asked, with the headers that it saw. */
interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Gateway {
  readonly seen: readonly Seen[]
  readonly send: (
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ) => Promise<Sent>
  /** All that the program has said. */
  readonly said: () => string
  readonly close: () => Promise<void>
}

interface Sent {
  readonly status: number | undefined
  readonly text: string
}

/** The first code below that heading of docs/gateways.md. */
export async function readRecipe(heading: string): Promise<string> {
  const page = await readFile(resolve(import.meta.dirname, '../docs/gateways.md'), 'utf8')
  const [, below = ''] = page.split(`### ${heading}\n`)
  const [, recipe] = /```\w+\n([\s\S]+?)```/.exec(below) ?? []
  if (recipe === undefined) throw new Error(`docs/gateways.md has no recipe below ${heading}`)
  return recipe
}

/** The program with this recipe, which names the authority as 127.0.0.1:4280. */
export async function openGateway(name: Program, recipe: string, authority: string): Promise<Gateway> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-gateway-'))
  const seen: Seen[] = []
  const service = createServer((asked, answer) => {
    let body = ''
    asked.on('data', (piece) => (body += String(piece)))
    asked.on('end', () => {
      seen.push({ method: asked.method ?? '', url: asked.url ?? '', headers: asked.headers, body })
      answer.end('served')
    })
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const address = service.address()
  const servicePort = typeof address === 'object' ? String(address?.port) : ''
  const port = await freePort()
  const { port: authorityPort } = new URL(authority)
  const here = recipe
    .replaceAll('127.0.0.1:4280', `127.0.0.1:${authorityPort}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${servicePort}`)
    .replaceAll('port_value: 4280', `port_value: ${authorityPort}`)
    .replaceAll('port_value: 8080', `port_value: ${servicePort}`)
  const { files, words } = programs[name].make(here, directory, port)
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text)
  const child = spawn(name, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: directory } })
  const ended = once(child, 'exit')
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  return {
    seen,
    said: () => said,
    send: (method, path, headers, body) => sendTo(port, { method, path, headers, body }),
    async close() {
      if (child.kill('SIGTERM')) await ended
      service.close()
      service.closeAllConnections()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly body: string | undefined
}

async function sendTo(port: number, { method, path, headers = {}, body }: Request): Promise<Sent> {
  const host = { host: 'web.example.com' }
  const asked = request({ host: '127.0.0.1', port, method, path, headers: { ...host, ...headers }, agent: false })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk)
  return { status: answer.statusCode, text }
}
