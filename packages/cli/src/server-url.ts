// The address of an authority, in a normal form, so that two can be compared.
import { CommandError } from './errors.ts'
import { cleanText } from './given-text.ts'

export const defaultServer = 'http://127.0.0.1:4280'

/**
 * Checks and normalizes an address.
 * @param source where the address was given, for the error
 * @throws CommandError where it is not the address of a server
 */
export function normaliseServer(text: string, source: string): string {
  // The URL parser would ignore line breaks.
  const trimmed = cleanText(text, `the address in ${source}`)
  if (!URL.canParse(trimmed)) throw refused(source, 'is not a URL: write it like http://127.0.0.1:4280')
  const url = new URL(trimmed)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(source, 'should begin with http:// or https://')
  // Neither is repeated in the message: they may be secrets.
  if (url.username !== '' || url.password !== '') throw refused(source, 'may not carry a name or a password')
  if (url.search !== '' || url.hash !== '') throw refused(source, 'may not carry a query or a fragment')
  // Only half would work: the pages, the links in mail and the tokens' third party are at the root.
  if (!/^\/*$/.test(url.pathname)) {
    throw refused(source, 'may not have a path: an authority has a host, or a port, of its own')
  }
  return url.origin
}

function refused(source: string, why: string): CommandError {
  return new CommandError('misused', `the address in ${source} ${why}`)
}
