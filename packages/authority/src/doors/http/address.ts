// Finds the client's address, as far as it can be trusted.
import { readAddress } from '@hallpass/guard/forwarded'
import type { FastifyRequest } from 'fastify'

import type { Client } from '../../operations/perform/authenticate.ts'
import { networkOf } from '../../operations/perform/limits.ts'
import type { Source } from '../../operations/perform/operation.ts'

declare module 'node:http' {
  interface IncomingMessage {
    /** The machine through whose own socket it came. The server of that socket says so, and nothing that is sent. */
    source?: Source
  }
}

/**
 * The address of the client: the one that trusted proxies send, if it is an address, otherwise that of the connection.
 * Each machine at its own socket counts as one.
 */
export function addressOf(request: FastifyRequest): string {
  const { source } = request.raw
  if (source !== undefined) return machineAddress(source)
  return readAddress(request.ip) ?? readAddress(request.socket.remoteAddress ?? '') ?? ''
}

/**
 * From where the request comes, for what is allowed from some networks alone: empty where a trusted proxy reports what is no address.
 * Nobody knows then who asks, and the proxy's own network must not count for all.
 */
export function sourceAddressOf(request: FastifyRequest): string {
  const { source } = request.raw
  if (source !== undefined) return machineAddress(source)
  return readAddress(request.ip) ?? ''
}

/** In the place of a network address. */
export function machineAddress({ sourceMachine }: Source): string {
  return `machine ${sourceMachine}`
}

/** The client of a request. Reading its address costs a system call, and is done only when it matters. */
export class ClientOfRequest implements Client {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  address(): string {
    return addressOf(this.#request)
  }

  network(): string {
    return networkOf(this.address())
  }

  userAgent(): string | undefined {
    return this.#request.headers['user-agent']
  }

  hasLeft(): boolean {
    return this.#request.socket.destroyed
  }
}

/** Whether it carries an `X-Forwarded-For` from a sender that is not a trusted proxy. A header of commas and blanks names nobody. */
export function isForwardedUntrusted({ headers, ips = [] }: FastifyRequest): boolean {
  return /[^\s,]/.test(String(headers['x-forwarded-for'] ?? '')) && ips.length < 2
}
