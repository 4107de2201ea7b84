// Answers of engines that are asked over HTTP: within a time, whole ones in a bounded size, and the errors in their place.
import type { ClientRequest, IncomingMessage } from 'node:http'

import { EngineError } from './engine-error.ts'

export interface HttpAnswers {
  /**
   * The head of the answer. A GET is sent again if the peer has just closed the connection that was kept.
   * @param prepare sends the request
   * @param headMs milliseconds until it must have come, in the place of the usual time
   */
  readonly head: (
    prepare: () => ClientRequest,
    abort: AbortSignal | undefined,
    headMs?: number,
  ) => Promise<IncomingMessage>
  /** The body. @throws EngineError `failed` if it is longer */
  readonly whole: (response: IncomingMessage, maxBytes: number, abort: AbortSignal | undefined) => Promise<string>
  readonly tooSlow: () => EngineError
  /** The error for a failed connection. */
  readonly errorOf: (error: Error, abort: AbortSignal | undefined) => unknown
}

interface Peer {
  /** As people know it. */
  readonly name: string
  /** Milliseconds that it may take to begin an answer, and to give a whole one. */
  readonly timeoutMs: number
  /** Sentences for codes and messages of failed connections. */
  readonly reasons: ReadonlyMap<string, string>
  /** Called when nobody answers. */
  readonly onLost?: (() => void) | undefined
}

export function createHttpAnswers({ name, timeoutMs, reasons, onLost }: Peer): HttpAnswers {
  const tooSlow = (): EngineError =>
    new EngineError('timeout', `The engine at ${name} did not answer within ${timeoutMs / 1000} s`)

  function errorOf(error: Error, abort: AbortSignal | undefined): unknown {
    if (abort?.aborted === true) return abort.reason
    if (error instanceof EngineError) return error
    onLost?.()
    const code = String(Reflect.get(error, 'code') ?? error.message)
    const why = reasons.get(code) ?? `the connection failed (${code})`
    return new EngineError('unavailable', `No engine answers at ${name}: ${why}`, { cause: error })
  }

  function head(
    prepare: () => ClientRequest,
    abort: AbortSignal | undefined,
    headMs = timeoutMs,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = prepare()
      const timer = setTimeout(() => request.destroy(tooSlow()), headMs)
      request.once('response', (response) => {
        clearTimeout(timer)
        resolve(response)
      })
      request.once('error', (error) => {
        clearTimeout(timer)
        const isClosed = ['ECONNRESET', 'EPIPE'].includes(String(Reflect.get(error, 'code')))
        if (request.reusedSocket && isClosed && request.method === 'GET') resolve(head(prepare, abort, headMs))
        else reject(errorOf(error, abort))
      })
    })
  }

  async function whole(response: IncomingMessage, maxBytes: number, abort: AbortSignal | undefined): Promise<string> {
    const timer = setTimeout(() => response.destroy(tooSlow()), timeoutMs)
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of response) {
        chunks.push(chunk as Buffer)
        size += (chunk as Buffer).length
        if (size > maxBytes) throw new EngineError('failed', `The engine answered more than ${maxBytes} bytes`)
      }
    } catch (error) {
      throw errorOf(error as Error, abort)
    } finally {
      clearTimeout(timer)
      response.destroy()
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  return { head, whole, tooSlow, errorOf }
}
