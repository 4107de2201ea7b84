// Reads an Authorization header as the authority does, without checking what is in it.
import { MacaroonError, parseBundle, permissionLocation, type Bundle } from '@hallpass/macaroon'

import { refuse, type Refusal } from './verdict.ts'

/** What a header carries. */
export interface ReadHeader {
  readonly bundle: Bundle
  /** Whether there is nothing in it but tokens of which the authority's answer alone depends. */
  readonly isPlain: boolean
}

/** What the header carries, or why it is good for nothing, for which nobody needs to be asked. */
export function readHeader(header: string | undefined): ReadHeader | Refusal {
  if (header === undefined || header.trim() === '') {
    return refuse('unauthenticated', 'this request carries no token: send an Authorization header')
  }
  if (onlyScheme.test(header)) {
    return refuse('unauthenticated', 'this request carries no token: it may have ended, or been left out')
  }
  const text = readPassword(header)
  if (text === undefined) {
    const sentence = 'in this request Basic has no token as its password: send Bearer and the token'
    return refuse('unauthenticated', sentence)
  }
  try {
    const bundle = parseBundle(text, { location: permissionLocation })
    const isPlain = bundle.damaged.length + bundle.leftOut.length + bundle.authTokens.length === 0
    return { bundle, isPlain }
  } catch (error) {
    if (error instanceof MacaroonError) return refuse('unauthenticated', error.message)
    throw error
  }
}

const onlyScheme = /^\s*(?:(?:bearer|flyv1)\s*)+$/i

/** Whether the header carries what might be a token, and not only a scheme, or what is of another one. */
export function claimsToken(header: string): boolean {
  if (header.trim() === '' || onlyScheme.test(header)) return false
  if (/^\s*(?!bearer\s|flyv1\s|basic\s)[a-z][a-z0-9-]*\s/i.test(header)) return false
  return readPassword(header) !== undefined
}

/** The password of a Basic header (RFC 7617), in which CI tools and registry clients send tokens; any other header as it is. */
function readPassword(header: string): string | undefined {
  const [, encoded] = /^\s*basic\s(.*)$/is.exec(header) ?? []
  if (encoded === undefined) return header
  try {
    const pair = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
    const colon = pair.indexOf(':')
    return colon === -1 || colon === pair.length - 1 ? undefined : pair.slice(colon + 1)
  } catch {
    return undefined
  }
}
