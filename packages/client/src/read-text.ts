// Reads the text of an answer, as far as it is worth reading.
import type { FetchAnswer } from './fetch.ts'

/** An answer is not packed as it says, or in a way that is not known here; the message is a predicate. */
export class PackingError extends Error {
  override readonly name = 'PackingError'
}

/**
 * The whole text; undefined where there are more than `longest` bytes of it.
 * @throws PackingError where it cannot be unpacked as its content-encoding says; what the stream throws, where it breaks off
 */
export async function readText(response: FetchAnswer, longest: number): Promise<string | undefined> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  // Not by `for await`: not every browser has it for streams.
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw isOfPacking(cause)
        ? new PackingError(`cannot be unpacked as ${packingOf(response)}, as its content-encoding says`, { cause })
        : cause
    })
    if (done) break
    size += value.length
    if (size > longest) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

/** The content-encoding where it is none that `fetch` unpacks, and so the text is as it came; undefined for all others. */
export function unknownPacking(response: FetchAnswer): string | undefined {
  const packing = packingOf(response)
  return /^(?:(?:identity|gzip|x-gzip|deflate|br|zstd|)[\s,]*){0,5}$/i.test(packing) ? undefined : packing
}

function packingOf({ headers }: FetchAnswer): string {
  return (headers.get('content-encoding') ?? '').slice(0, 40)
}

/** Codes of Node.js for errors of zlib, Brotli and Zstandard. Browsers do not distinguish them from other errors. */
function isOfPacking(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && /^(?:Z_|ZSTD_|ERR_(?:_|BROTLI|ZSTD))/.test(String(error.code))) || isOfPacking(error.cause)
}
