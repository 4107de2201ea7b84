// Describes the cause of an error for the log: what a provider, a mail server or a database said.

const longest = 300
const mostLinks = 4

/**
 * The causes of an error in one line: codes and messages, without email addresses and without what looks like a secret,
 * at most 300 characters. Undefined if there is no cause.
 */
export function describeCause(error: { readonly cause?: unknown }): string | undefined {
  const parts: string[] = []
  for (let at = error.cause; at !== undefined && parts.length < mostLinks; at = causeOf(at)) parts.push(wordsOf(at))
  const line = printable(parts.filter((part) => part !== '').join('; '))
  return line === '' ? undefined : line
}

/** Text from outside, made safe for the log. */
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

/** If several addresses failed, Node's error has a message for each of them only. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.slice(0, mostLinks).map(wordsOf).join(', ')
  }
  if (!(error instanceof Error)) return typeof error === 'string' ? error : ''
  // A parser's message quotes its input.
  if (error instanceof SyntaxError) return error.name
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return error.message.includes(code) ? error.message : `${code}: ${error.message}`
}
