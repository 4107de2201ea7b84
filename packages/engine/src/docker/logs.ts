// The log of a run in a Docker Engine as lines, each bounded, however it was written.
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
  if (options.follow === true && last.includes('.'))
    yield* readOnce(daemon, id, { ...rest, follow: false, after: last })
}

async function* readOnce(daemon: Daemon, id: string, options: LogOptions): AsyncGenerator<LogLine> {
  const { after, tail, follow = false, abort } = options
  const source = await daemon.client.open({
    path: ['containers', id, 'logs'],
    query: { stdout: true, stderr: true, timestamps: true, follow, tail, since: after && secondsOf(after) },
    abort,
  })
  const open = { stdout: begin(), stderr: begin() }
  try {
    for await (const { stream, bytes, isLast } of readFrames(source)) {
      const line = open[stream]
      addTo(line, bytes)
      if (!isLast) continue
      readStamp(line)
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
function readStamp(line: OpenLine): void {
  const part = Buffer.concat(line.part)
  line.part = []
  line.partSize = 0
  const space = part.subarray(0, maxStamp).indexOf(' ')
  if (line.at === '') line.at = part.toString('latin1', 0, Math.max(space, 0))
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

/** Docker leaves out zeros at the end, so texts do not compare. Podman gives whole seconds, of which none must be lost. */
function isAfter(at: string, after: string | undefined): boolean {
  if (after === undefined) return true
  const [time, limit] = [nanosecondsOf(at), nanosecondsOf(after)]
  return time > limit || (time === limit && !at.includes('.'))
}

/** As `since` wants it. */
function secondsOf(time: string): string {
  const nanoseconds = nanosecondsOf(time)
  return `${nanoseconds / billion}.${String(nanoseconds % billion).padStart(9, '0')}`
}

const maxLine = 2 ** 16
const maxStamp = 64
const newline = 10
