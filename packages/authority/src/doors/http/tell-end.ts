// Tells callers when their token ends, in a header of every answer.
import { expiryHeader } from '@hallpass/client'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Sets the header if a token of the request counts and ends within a week: of several, the one that ends first. A refused
 * token has no header.
 */
export function tellEnd(request: FastifyRequest, reply: FastifyReply): void {
  const end = endOf(request)
  if (end !== undefined) void reply.header(expiryHeader, end)
}

/** RFC 3339; undefined if no token ends within a week. */
export function endOf({ presented }: FastifyRequest): string | undefined {
  return presented?.endsSoon === undefined ? undefined : new Date(presented.endsSoon).toISOString()
}
