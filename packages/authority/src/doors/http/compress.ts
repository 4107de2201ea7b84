// Compresses answers for clients that accept it, off the event loop and a few at a time.
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

import type { FastifyReply, FastifyRequest } from 'fastify'

/** Bytes or characters. Below, it is not worth the work; above, it would hold up others who need the same threads. */
const smallest = 1024
const largest = 4 * 1024 * 1024
/** Half of libuv's threads, which also hash passwords. If they are busy, the answer stays uncompressed. */
const mostAtOnce = 2

/** Text is sent as UTF-8. */
type Answer = Uint8Array | string

/**
 * A hook for routes whose answers contain no secret: next to text that somebody else chose, the compressed length would
 * reveal something of the secret (BREACH, CVE-2013-3587).
 */
export function createCompression() {
  let running = 0

  async function compress(encoding: keyof typeof encodings, reply: FastifyReply, payload: Answer): Promise<Buffer> {
    running += 1
    try {
      const compressed = await encodings[encoding](payload)
      void reply.header('content-encoding', encoding)
      return compressed
    } finally {
      running -= 1
    }
  }

  return function compressIfFit(
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
    done: (error: null, payload: unknown) => void,
  ): Promise<Buffer> | undefined {
    void reply.header('vary', 'accept-encoding')
    // What has no end yet is neither.
    const isWhole = typeof payload === 'string' || payload instanceof Uint8Array
    const isFit = isWhole && payload.length >= smallest && payload.length <= largest
    const encoding = isFit ? chooseEncoding(request.headers['accept-encoding']) : undefined
    if (isFit && encoding !== undefined && running < mostAtOnce) return compress(encoding, reply, payload)
    // Most answers go on at once, without a promise.
    done(null, payload)
    return undefined
  }
}

const encodings = {
  br: (answer: Answer) =>
    promisify<Answer, object, Buffer>(brotliCompress)(answer, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (answer: Answer) => promisify<Answer, Buffer>(gzip)(answer),
}

/** The most preferred encoding (RFC 9110 §12.5.3); of two equal ones br, which is smaller. Undefined if none is accepted. */
export function chooseEncoding(accepted: string | undefined): keyof typeof encodings | undefined {
  const wanted = new Map(
    (accepted ?? '').split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
      const weight = parameters.find((each) => each.startsWith('q='))
      return [name, weight === undefined ? 1 : Number(weight.slice(2)) || 0]
    }),
  )
  const weightOf = (name: string) => wanted.get(name) ?? wanted.get('*') ?? 0
  const best = Math.max(weightOf('br'), weightOf('gzip'))
  if (best === 0) return undefined
  return weightOf('br') === best ? 'br' : 'gzip'
}
