// Why something failed that is answered with a sentence: what the outside said of it, for the log alone.

const longest = 300
const mostLinks = 4

/**
 * The errors behind an error in one line: their codes and words, without addresses of people and what looks like a secret,
 * cut after 300 characters; undefined where there are none.
 */
export function describeCause(error: { readonly cause?: unknown }): string | undefined {
  const parts: string[] = []
  for (let at = error.cause; at !== undefined && parts.length < mostLinks; at = causeOf(at)) parts.push(wordsOf(at))
  const line = printable(parts.filter((part) => part !== '').join('; '))
  return line === '' ? undefined : line
}

/** What somebody else said, as the log may have it. */
export function printable(words: string): string {
  return words
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll(/\S+@\S+/g, '[address]')
    .replaceAll(/[\w+/=-]{32,}/g, (run) => (/^[A-Z_]+$/.test(run) ? run : '[…]'))
    .trim()
    .slice(0, longest)
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

/** Of several addresses that were tried Node says nothing but what went wrong with each of them. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.slice(0, mostLinks).map(wordsOf).join(', ')
  }
  if (!(error instanceof Error)) return typeof error === 'string' ? error : ''
  // The words of a parser quote what it read.
  if (error instanceof SyntaxError) return error.name
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return error.message.includes(code) ? error.message : `${code}: ${error.message}`
}
