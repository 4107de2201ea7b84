// The REST door: parses by the contract, performs, encodes.
import { hash } from 'node:crypto'

import { routes } from '@hallpass/client/contract'
import type { FastifyInstance } from 'fastify'

import { createCompression } from '../http/compress.ts'
import { openContractRoute, type AnyHandler, type ContractDoor } from '../http/contract-route.ts'
import { handlers } from './handlers.ts'
import { describeApi } from './openapi.ts'

/** Opens every route of the contract but those of machines and of verifiers, and `/openapi.json`. */
export function openRestDoor(server: FastifyInstance, door: ContractDoor): void {
  const compress = createCompression()
  for (const [name, handle] of Object.entries<unknown>(handlers)) {
    // Each handler's type is checked in the table; here only the general shape is left.
    openContractRoute(server, { ...door, compress }, routes[name as keyof typeof handlers], handle as AnyHandler)
  }
  openDescription(server, door.environment.publicUrl)
}

/** Made at the first request, because making it takes two hundred times as long as sending it. */
function openDescription(server: FastifyInstance, publicUrl: () => string): void {
  let description: { readonly text: Buffer; readonly etag: string } | undefined
  server.get('/openapi.json', (request, reply) => {
    description ??= printDescription(describeApi(publicUrl()))
    const { text, etag } = description
    void reply.header('etag', etag).header('cache-control', 'no-cache')
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(text)
  })
}

/** RFC 9110 §13.1.2. A proxy that compresses makes the tag a weak one. */
function isKnown(tags: string | undefined, etag: string): boolean {
  return (
    tags !== undefined &&
    (tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))
  )
}

function printDescription(description: unknown): { readonly text: Buffer; readonly etag: string } {
  const text = Buffer.from(JSON.stringify(description))
  return { text, etag: `"${hash('sha256', text, 'base64url')}"` }
}
