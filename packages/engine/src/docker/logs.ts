// The log of a run in a Docker Engine, as lines of bounded length.
import { EngineError } from '../engine-error.ts'
import type { LogLine, LogOptions } from '../engine.ts'
import { billion, nanosecondsOf } from '../log-time.ts'
import type { Daemon } from './daemon.ts'
import { readFrames } from './frames.ts'

export async function* readLog(daemon: Daemon, runId: string, options: LogOptions = {}): AsyncGenerator<LogLine> {
  const { Id: id } = await daemon.demand(runId)
  let last = ''
  for await (const line of readOnce(daemon, id, options)) {
    last = line.at
    yield line
  }
  // Docker ends at the end of a run, and leaves out a last line that has no end.
  const { tail: _tail, ...rest } = options
  if (options.follow === true && last !== '') yield* readOnce(daemon, id, { ...rest, follow: false, after: last })
}

async function* readOnce(daemon: Daemon, id: string, options: LogOptions): AsyncGenerator<LogLine> {
  const { after, tail, follow = false, abort } = options
  const source = await daemon.client.open({
    path: ['containers', id, 'logs'],
    query: { stdout: true, stderr: true, timestamps: true, follow, tail, since: after && secondsOf(after) },
    abort,
  })
  const open = { stdout: begin(), stderr: begin() }
  const tellApart = countInSecond()
  try {
    for await (const { stream, bytes, isLast } of readFrames(source)) {
      const line = open[stream]
      addTo(line, bytes)
      if (!isLast) continue
      readStamp(line, tellApart)
      if (!line.isComplete) continue
      if (isAfter(line.at, after)) yield lineOf(stream, line)
      open[stream] = begin()
    }
    for (const stream of ['stdout', 'stderr'] as const) {
      if (open[stream].at !== '' && isAfter(open[stream].at, after)) yield lineOf(stream, open[stream])
    }
  } catch (error) {
    if (abort?.aborted === true) throw abort.reason
    if (error instanceof EngineError) throw error
    throw new EngineError('unavailable', 'The engine went away while a log was read', { cause: error })
  } finally {
    source.destroy()
  }
}

/** A line that grows: the engine cuts long ones, and puts the time before each part. */
interface OpenLine {
  at: string
  text: Buffer[]
  size: number
  /** The part that is being read, with its time before it. */
  part: Buffer[]
  partSize: number
  isComplete: boolean
  isTruncated: boolean
}

function begin(): OpenLine {
  return { at: '', text: [], size: 0, part: [], partSize: 0, isComplete: false, isTruncated: false }
}

function addTo(line: OpenLine, bytes: Buffer): void {
  line.isComplete = bytes.at(-1) === newline
  const kept = bytes.subarray(0, maxLine + maxStamp - line.partSize)
  if (kept.length < bytes.length) line.isTruncated = true
  line.partSize += kept.length
  if (kept.length > 0) line.part.push(Buffer.from(kept))
}

/** Takes the time off the part, and puts the rest to the line. */
function readStamp(line: OpenLine, tellApart: (at: string) => string): void {
  const part = Buffer.concat(line.part)
  line.part = []
  line.partSize = 0
  const space = part.subarray(0, maxStamp).indexOf(' ')
  if (line.at === '') line.at = tellApart(part.toString('latin1', 0, Math.max(space, 0)))
  const end = part.at(-1) === newline ? part.length - 1 : part.length
  const text = part.subarray(space + 1, end)
  const kept = text.subarray(0, maxLine - line.size)
  if (kept.length < text.length) line.isTruncated = true
  line.size += kept.length
  line.text.push(kept)
}

function lineOf(stream: LogLine['stream'], { at, text, isTruncated }: OpenLine): LogLine {
  return { at, stream, text: Buffer.concat(text).toString('utf8'), truncated: isTruncated }
}

/** Podman gives whole seconds: the lines of each are counted instead of nanoseconds, so that none is repeated or lost. */
function countInSecond(): (at: string) => string {
  let [second, count] = ['', 0]
  return (at) => {
    if (!/^[\d-]+T[\d:]+(?:Z|[+-]\d\d:\d\d)$/.test(at)) return at
    count = at === second ? count + 1 : 1
    second = at
    return new Date(at).toISOString().replace(/\.\d+/, `.${String(count).padStart(9, '0')}`)
  }
}

/** Docker leaves out zeros at the end, so texts do not compare. */
function isAfter(at: string, after: string | undefined): boolean {
  return after === undefined || nanosecondsOf(at) > nanosecondsOf(after)
}

/** As `since` wants it: where lines may have been counted, from the first of their second. */
function secondsOf(time: string): string {
  const nanoseconds = nanosecondsOf(time)
  const fraction = nanoseconds % billion
  return `${nanoseconds / billion}.${String(fraction < mostCounted ? 0 : fraction).padStart(9, '0')}`
}

/** Lines in a second. */
const mostCounted = 1_000_000n
const maxLine = 2 ** 16
const maxStamp = 64
const newline = 10
