// Splits the streams of a Docker Engine: frames of stdout and stderr, and lines of JSON.
import type { Readable } from 'node:stream'

import { EngineError } from '../engine-error.ts'

export interface Piece {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
  /** Whether the frame ends with it: a frame comes in pieces, so that none is kept whole. */
  readonly isLast: boolean
}

/** A frame is eight bytes, of which the first says which stream and the last four how long, and then its content. */
export async function* readFrames(source: Readable): AsyncGenerator<Piece> {
  let rest: Buffer = Buffer.alloc(0)
  let left = 0
  let stream: Piece['stream'] = 'stdout'
  for await (const chunk of source) {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer)
    while (bytes.length > 0) {
      if (left === 0) {
        if (bytes.length < headBytes) break
        const kind = bytes[0] ?? 0
        if (kind > 2) throw new EngineError('failed', 'The engine sent a stream that has no frames')
        stream = kind === 2 ? 'stderr' : 'stdout'
        left = bytes.readUInt32BE(4)
        bytes = bytes.subarray(headBytes)
      }
      const piece = bytes.subarray(0, left)
      left -= piece.length
      bytes = bytes.subarray(piece.length)
      yield { stream, bytes: piece, isLast: left === 0 }
    }
    rest = bytes
  }
}

/** Each line as JSON. One that is longer than 1 MiB ends it. */
export async function* readJsonLines<T>(source: Readable): AsyncGenerator<T> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of source) {
    rest += decoder.decode(chunk as Buffer, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > 2 ** 20) throw new EngineError('failed', 'The engine sent a line of more than 1 MiB')
    for (const line of lines) if (line.trim() !== '') yield parseJson(line) as T
  }
  if (rest.trim() !== '') yield parseJson(rest) as T
}

/** @throws EngineError where it is none */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EngineError('failed', 'The engine answered something that is not JSON', { cause })
  }
}

const headBytes = 8
