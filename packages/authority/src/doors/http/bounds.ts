// Limits of a request's address and headers: they cost more than their bytes, and the caller is not known yet.
import { parse, type ParsedUrlQuery } from 'node:querystring'

import type { FastifyRequest } from 'fastify'

import { InvalidInput } from './errors.ts'

/** Nobody needs half as many: browsers send twenty, and proxies add ten. */
export const mostHeaders = 100
/** The redirect of a provider may need two thousand. */
const longestAddress = 8192
/** Our own addresses need up to eight, and the redirect of a provider a few more. */
const mostFields = 32

/** Stands for a query that is not parsed. */
const unread: ParsedUrlQuery = Object.freeze({})

/** The address; `/` in place of one that {@link checkBounds} refuses, so that it is not routed. */
export function shortenAddress({ url = '/' }: { readonly url?: string | undefined }): string {
  return url.length > longestAddress ? '/' : url
}

/** The fields of a query; none for a query that {@link checkBounds} refuses. */
export function readQuery(text: string): ParsedUrlQuery {
  let fields = 1
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) {
    fields += 1
    if (fields > mostFields) return unread
  }
  return text === '' ? {} : parse(text, '&', '=', { maxKeys: 0 })
}

/** The exceeded limit of a request; undefined if there is none. */
export function checkBounds({ originalUrl, query, raw }: FastifyRequest): InvalidInput | undefined {
  if (originalUrl.length > longestAddress) {
    return new InvalidInput(`the address is too long: ${longestAddress} characters are the limit`)
  }
  if (query === unread) return new InvalidInput(`the query has too many fields: ${mostFields} are the limit`)
  // Some versions of Node drop headers beyond their limit, and others refuse the request themselves.
  if (raw.rawHeaders.length < 2 * mostHeaders) return undefined
  return new InvalidInput(`the request has too many headers: ${mostHeaders - 1} are the limit`)
}
