// Stores the output of a run as lines with their time, in two files of bounded size.
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import type { LogLine } from '../engine.ts'

export interface LogWriter {
  write(stream: LogLine['stream'], bytes: Buffer): void
  /** Writes last lines that have no end. */
  close(): void
  /** The last line that the run wrote to its errors. */
  lastError(): string
}

/**
 * A line in a file: the time, a space, `o` or `e` for the stream, or `O` or `E` where the text lost its end, a space,
 * the text. Written synchronously, without a flush: the keeper has nothing else to do, and the kernel keeps it for the
 * disk.
 */
export function openLog(folder: string): LogWriter {
  const file = join(folder, names[1])
  let descriptor = openSync(file, 'a', 0o600)
  let size = fstatSync(descriptor).size
  let lastAt = 0n
  let lastError = ''
  const open = { stdout: begin(), stderr: begin() }

  /** Each later than the one before it, so that a reader can go on behind any of them. */
  function stamp(now: bigint): string {
    lastAt = now > lastAt ? now : lastAt + 1n
    const nanoseconds = `${lastAt % billion}`.padStart(9, '0')
    return `${new Date(Number(lastAt / billion) * 1000).toISOString().slice(0, 19)}.${nanoseconds}Z`
  }

  function save(piece: Buffer): void {
    for (let at = 0; at < piece.length;) at += writeSync(descriptor, piece, at)
    size += piece.length
    if (size < maxFile) return
    closeSync(descriptor)
    renameSync(file, join(folder, names[0]))
    descriptor = openSync(file, 'a', 0o600)
    size = 0
  }

  function lineOf(stream: LogLine['stream'], now: bigint): Buffer {
    const { parts, isCut } = open[stream]
    open[stream] = begin()
    const letter = stream === 'stdout' ? 'o' : 'e'
    const text = Buffer.concat(parts)
    if (stream === 'stderr') lastError = text.toString('utf8', 0, 500)
    return Buffer.concat([Buffer.from(`${stamp(now)} ${isCut ? letter.toUpperCase() : letter} `), text, newline])
  }

  return {
    write(stream, bytes) {
      const now = BigInt(Date.now()) * 1_000_000n
      const lines: Buffer[] = []
      for (let start = 0; start < bytes.length;) {
        const end = bytes.indexOf(10, start)
        const line = open[stream]
        const part = bytes.subarray(start, end < 0 ? bytes.length : end)
        const kept = part.subarray(0, maxLine - line.size)
        line.isCut ||= kept.length < part.length
        line.size += kept.length
        // A copy, because the read bytes are part of a larger buffer.
        if (kept.length > 0) line.parts.push(end < 0 ? Buffer.from(kept) : kept)
        if (end < 0) break
        lines.push(lineOf(stream, now))
        start = end + 1
      }
      if (lines.length > 0) save(Buffer.concat(lines))
    },
    close() {
      const now = BigInt(Date.now()) * 1_000_000n
      for (const stream of ['stdout', 'stderr'] as const) if (open[stream].size > 0) save(lineOf(stream, now))
      closeSync(descriptor)
    },
    lastError: () => lastError,
  }
}

function begin(): { parts: Buffer[]; size: number; isCut: boolean } {
  return { parts: [], size: 0, isCut: false }
}

/** The older one and the one that grows. */
export const names = ['log.old', 'log'] as const
const maxFile = 2 ** 24
const maxLine = 2 ** 16
const billion = 1_000_000_000n
const newline = Buffer.from('\n')
