// Headers of which a request has one: where two are sent, who stands in between may have believed the other.
import { InvalidInput } from './errors.ts'

const single: ReadonlySet<string> = new Set(['authorization', 'content-length', 'content-type', 'host', 'origin'])

/**
 * What to answer where one of them is there twice; undefined where none is. Node.js keeps the first of some headers and joins
 * others: what was sent is looked at.
 * @param raw names and values, in turns
 */
export function findRepeatedHeader(raw: readonly string[]): InvalidInput | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    if (!single.has(name)) continue
    if (seen.has(name)) return new InvalidInput(`the header ${name} is there twice`, name)
    seen.add(name)
  }
  return undefined
}
