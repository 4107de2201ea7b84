// The Fastify that the authority runs on, with nothing but one constant answer.
import { createRequire } from 'node:module'

/** The part of Fastify that this needs. */
interface BareServer {
  get(path: string, handler: () => Promise<unknown>): unknown
  listen(options: { readonly host: string; readonly port: number }): Promise<string>
}

const authority = new URL('../packages/authority/package.json', import.meta.url)
const { fastify } = createRequire(authority)('fastify') as { fastify: () => BareServer }
const answer: unknown = JSON.parse(process.argv[2] ?? '')
const server = fastify()
server.get('/v1/apps/:app_name', async () => answer)
console.log(`listens at ${await server.listen({ host: '127.0.0.1', port: 0 })}`)
