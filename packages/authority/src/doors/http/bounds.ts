// How much a request's address and head may hold: what is in them costs more than its bytes, and nobody is known yet.
import { parse, type ParsedUrlQuery } from 'node:querystring'

import type { FastifyRequest } from 'fastify'

import { InvalidInput } from './errors.ts'

/** Nobody has half as many: browsers send twenty, and proxies add ten. */
export const mostHeaders = 100
/** What a provider leads people back with takes two thousand. */
const longestAddress = 8192
/** An address of ours takes eight, and what a provider leads people back with a few more. */
const mostFields = 32

/** Stands for a query that is not read. */
const unread: ParsedUrlQuery = Object.freeze({})

/** The address, or one of nothing in the place of one that {@link checkBounds} refuses, so that nobody looks for it. */
export function shortenAddress({ url = '/' }: { readonly url?: string | undefined }): string {
  return url.length > longestAddress ? '/' : url
}

/** The fields of a query; nothing of one that {@link checkBounds} refuses. */
export function readQuery(text: string): ParsedUrlQuery {
  let fields = 1
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) {
    fields += 1
    if (fields > mostFields) return unread
  }
  return text === '' ? {} : parse(text, '&', '=', { maxKeys: 0 })
}

/** What is too much in a request; undefined where nothing is. */
export function checkBounds({ originalUrl, query, raw }: FastifyRequest): InvalidInput | undefined {
  if (originalUrl.length > longestAddress) {
    return new InvalidInput(`the address is too long: ${longestAddress} characters are the limit`)
  }
  if (query === unread) return new InvalidInput(`the query has too many fields: ${mostFields} are the limit`)
  // Some versions of Node leave out what is beyond, and others refuse it by themselves.
  if (raw.rawHeaders.length < 2 * mostHeaders) return undefined
  return new InvalidInput(`the request has too many headers: ${mostHeaders - 1} are the limit`)
}
