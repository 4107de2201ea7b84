// Which address a request comes from, as far as it can be believed.
import { isIP } from 'node:net'

import type { FastifyRequest } from 'fastify'

/** The address of the client: what trusted proxies say, where that is an address at all, else the other end. */
export function addressOf(request: FastifyRequest): string {
  const told = request.ip
  const address = isIP(told) > 0 ? told : (request.socket.remoteAddress ?? '')
  // An IPv4 client at a socket that speaks IPv6 is still that client.
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
