// The log: JSON lines on standard error. Writing never waits for the reader.
import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs'

import { pino, type Logger } from 'pino'

import type { LogLevel } from './config.ts'

export interface Log {
  readonly logger: Logger
  readonly sink: LogSink
}

/**
 * A logger that writes to the open file `fd`. Once a slow reader has caught up, a line says how many lines it missed.
 */
export function createLog(level: LogLevel, fd = 2): Log {
  const sink = openLogSink(fd, (dropped) => {
    logger.warn({ dropped }, 'lines were dropped, because the reader of the log was too slow')
  })
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Only these fields: an error of a database driver may contain rows and addresses.
      serializers: { err: ({ name, message, stack }: Error) => ({ name, message, stack }) },
    },
    sink,
  )
  return { logger, sink }
}

/**
 * Logs what strangers can cause at will: a limited number of lines with one sentence, and then how many were left out.
 */
export type SayRarely = (level: 'info' | 'warn', fields: object, sentence: string) => void

/** `now` in milliseconds of a monotonic clock. */
export function createRareLines(logger: Logger, now: () => number): SayRarely {
  const kinds = new Map<string, { readonly since: number; readonly lines: number; readonly leftOut: number }>()
  return (level, fields, sentence) => {
    const at = now()
    const { since, lines, leftOut } = kinds.get(sentence) ?? { since: -Infinity, lines: 0, leftOut: 0 }
    if (at - since >= minute) kinds.set(sentence, { since: at, lines: 1, leftOut: 0 })
    else if (lines < linesOfMinute) kinds.set(sentence, { since, lines: lines + 1, leftOut })
    else {
      kinds.set(sentence, { since, lines, leftOut: leftOut + 1 })
      return
    }
    logger[level](at - since >= minute && leftOut > 0 ? { ...fields, left_out: leftOut } : fields, sentence)
  }
}

const minute = 60_000
const linesOfMinute = 10

export interface LogSink {
  /** Writes one line with its line feed. Never blocks; if the reader is slow, the line waits or is dropped. */
  write(line: string): void
  /** The number of lines dropped so far. */
  dropped(): number
  /** Writes what can be written at once, and drops the rest. */
  close(): void
}

/** How many bytes may wait for a slow reader. */
const mostWaiting = 1024 * 1024

/** Milliseconds until a slow reader is tried again. */
const patience = 100

/**
 * A sink to the open file `fd`. Beyond 1 MiB of waiting lines, lines are dropped. When everything is written,
 * `caughtUp` is called with the number dropped since the last call.
 */
function openLogSink(fd: number, caughtUp: (dropped: number) => void): LogSink {
  const target = openTarget(fd)
  let waiting: Buffer[] = []
  let bytes = 0
  let dropped = 0
  let reported = 0
  let busy = false

  function take(written: number): void {
    bytes -= written
    while (written > 0) {
      const [first] = waiting
      if (first === undefined) return
      if (first.length > written) {
        waiting[0] = first.subarray(written)
        return
      }
      waiting.shift()
      written -= first.length
    }
  }

  function giveUp(): void {
    dropped += waiting.length
    waiting = []
    bytes = 0
  }

  /** Writes until nothing waits, or the reader must catch up. */
  function flush(): void {
    while (bytes > 0) {
      if (target.waits) {
        busy = true
        const chunk = Buffer.concat(waiting)
        write(target.fd, chunk, (error, written) => {
          busy = false
          if (error === null) take(written)
          else giveUp()
          flush()
        })
        return
      }
      try {
        take(writeSync(target.fd, Buffer.concat(waiting)))
      } catch (error) {
        if (!isAgain(error)) return giveUp()
        busy = true
        setTimeout(() => {
          busy = false
          flush()
        }, patience).unref()
        return
      }
    }
    if (dropped > reported) {
      const since = dropped - reported
      reported = dropped
      caughtUp(since)
    }
  }

  return {
    write(line) {
      const chunk = Buffer.from(line)
      if (bytes + chunk.length > mostWaiting) {
        dropped += 1
        return
      }
      waiting.push(chunk)
      bytes += chunk.length
      if (!busy) flush()
    },
    dropped: () => dropped,
    close() {
      if (!target.waits) {
        busy = false
        flush()
      }
      if (target.fd !== fd) closeSync(target.fd)
    },
  }
}

interface Target {
  readonly fd: number
  /** Whether a write can block on the reader, and so must not run on the event loop. */
  readonly waits: boolean
}

/**
 * A pipe or a terminal is opened again, so that writes do not block: every process shares the mode of the original
 * file. A socket cannot be opened; a file never blocks.
 */
function openTarget(fd: number): Target {
  const kind = fstatSync(fd)
  if (kind.isFile()) return { fd, waits: false }
  try {
    return { fd: openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK), waits: false }
  } catch {
    return { fd, waits: true }
  }
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}
