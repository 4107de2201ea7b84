// Finds repeated headers that must be single: a proxy may have used the other one.

const single: ReadonlySet<string> = new Set(['authorization', 'content-length', 'content-type', 'host', 'origin'])
const lengths: ReadonlySet<number> = new Set([...single].map(({ length }) => length))

/**
 * The name of one of them that appears twice; undefined if none does. Node.js keeps the first of some headers and joins
 * others, so this reads what was sent.
 * @param raw names and values, alternating
 */
export function findRepeatedHeader(raw: readonly string[]): string | undefined {
  const seen: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const sent = raw[index] ?? ''
    if (!lengths.has(sent.length)) continue
    const name = sent.toLowerCase()
    if (!single.has(name)) continue
    if (seen.includes(name)) return name
    seen.push(name)
  }
  return undefined
}
