// A server in its own process, which reports its cost over IPC: the authority, or Fastify with a constant answer.
import { createRequire } from 'node:module'

import { serve } from '../packages/authority/src/main.ts'
import type { Answer, Question } from './server.ts'

const [kind, argument = '', databaseUrl] = process.argv.slice(2)
const authorityPackage = new URL('../packages/authority/package.json', import.meta.url)
const loopback = { host: '127.0.0.1', port: 0 }

const answers: Readonly<Record<Question, () => Answer>> = {
  cpu() {
    const { user, system } = process.cpuUsage()
    return { kind: 'cpu', microseconds: user + system }
  },
  watch() {
    setInterval(look, 1).unref()
    return answers.hold()
  },
  hold() {
    look()
    const microseconds = longest
    longest = 0
    return { kind: 'hold', microseconds }
  },
}

/** At least one turn of the event loop lies between two checks. */
let looked = 0
let longest = 0
function look(): void {
  const { user, system } = process.threadCpuUsage()
  if (looked > 0) longest = Math.max(longest, user + system - looked)
  looked = user + system
}

// The parent has gone, perhaps after a crash.
process.on('disconnect', () => process.exit())
process.on('message', (question: Question) => process.send?.(answers[question]()))
process.send?.({ kind: 'listening', url: await start() } satisfies Answer)

async function start(): Promise<string> {
  if (kind === 'authority') {
    const place = { dataDirectory: argument, ...(databaseUrl === undefined ? {} : { databaseUrl }) }
    const { url } = await serve({ listen: loopback, ...place, logLevel: 'warn' })
    return url
  }
  const constant: unknown = JSON.parse(argument)
  // The same Fastify that the authority runs on.
  const { fastify } = createRequire(authorityPackage)('fastify') as { fastify: () => BareServer }
  const server = fastify()
  server.get('/v1/apps/:app_name', async () => constant)
  return server.listen(loopback)
}

/** The part of Fastify that a constant answer needs. */
interface BareServer {
  get(path: string, handler: () => Promise<unknown>): unknown
  listen(options: { readonly host: string; readonly port: number }): Promise<string>
}
