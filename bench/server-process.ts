// A server in a process of its own, which tells over IPC what it costs: the authority, or Fastify with a constant answer.
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

/** Between two looks lies one turn of the event loop at least. */
let looked = 0
let longest = 0
function look(): void {
  const { user, system } = process.threadCpuUsage()
  if (looked > 0) longest = Math.max(longest, user + system - looked)
  looked = user + system
}

// Whoever started this has gone, perhaps without a word.
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
  // The very Fastify that the authority runs on.
  const { fastify } = createRequire(authorityPackage)('fastify') as { fastify: () => BareServer }
  const server = fastify()
  server.get('/v1/apps/:app_name', async () => constant)
  return server.listen(loopback)
}

/** As much of Fastify as a constant answer needs. */
interface BareServer {
  get(path: string, handler: () => Promise<unknown>): unknown
  listen(options: { readonly host: string; readonly port: number }): Promise<string>
}
