// Splits the streams of a Docker Engine into frames of stdout and stderr.
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

const headBytes = 8
