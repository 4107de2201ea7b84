// The lines of a log that a page keeps: the newest, and no more than it can carry.
import type { LogLines } from '@hallpass/client'

interface Line {
  /** Counts on from line to line, so that each line has its own. */
  readonly number: number
  readonly at: string
  readonly isError: boolean
  readonly text: string
}

export interface KeptLines {
  readonly lines: readonly Line[]
  /** Whether earlier ones were left out. */
  readonly isCut: boolean
}

const mostLines = 1000
const mostCharacters = 300_000
const longestLine = 4000

export function addLines({ lines, isCut }: KeptLines, more: LogLines['lines']): KeptLines {
  const first = (lines.at(-1)?.number ?? 0) + 1
  const all = [
    ...lines,
    ...more.map(({ timestamp, stream, message }, index) => ({
      number: first + index,
      at: timestamp,
      isError: stream === 'stderr',
      text: message.length > longestLine ? `${message.slice(0, longestLine)}…` : message,
    })),
  ]
  let room = mostCharacters
  let begin = all.length
  while (begin > 0 && all.length - begin < mostLines && (room -= all[begin - 1]?.text.length ?? 0) >= 0) begin -= 1
  return { lines: all.slice(begin), isCut: isCut || begin > 0 }
}
