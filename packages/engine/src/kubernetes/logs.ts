// The log of a run in a cluster, as lines of bounded length.
import type { IncomingMessage } from 'node:http'

import { EngineError } from '../engine-error.ts'
import type { LogLine, LogOptions } from '../engine.ts'
import { billion, nanosecondsOf } from '../log-time.ts'
import type { Cluster } from './cluster.ts'
import { containerName } from './names.ts'
import { inNamespace } from './namespaces.ts'

/** Kubernetes does not say which output a line came from. */
export async function* readLog(
  cluster: Cluster,
  runId: string,
  { after, tail, follow = false, abort }: LogOptions = {},
): AsyncGenerator<LogLine> {
  const last = after === undefined ? undefined : nanosecondsOf(after)
  const seen = await cluster.demand(runId)
  // It has no log before it runs.
  if (seen.status.state === 'created' && !follow) return
  const since = last === undefined ? undefined : new Date(Number((last / billion) * 1000n)).toISOString()
  const query = { container: containerName, timestamps: true, follow, tailLines: tail, sinceTime: since }
  const path = inNamespace(seen.namespace, 'pods', seen.name, 'log')
  const source = await cluster.client.open({ path, query, abort })
  try {
    for await (const line of readLines(source)) if (last === undefined || nanosecondsOf(line.at) > last) yield line
  } catch (error) {
    if (abort?.aborted === true) throw abort.reason
    if (error instanceof EngineError) throw error
    throw new EngineError('unavailable', 'The engine went away while a log was read', { cause: error })
  } finally {
    source.destroy()
  }
}

/** Each line begins with its time; what has none is the node's own word, and no line. */
export async function* readLines(source: AsyncIterable<unknown> | IncomingMessage): AsyncGenerator<LogLine> {
  let parts: Buffer[] = []
  let size = 0
  let isCut = false
  const finish = (): LogLine | undefined => {
    const line = lineOf(Buffer.concat(parts), isCut)
    ;[parts, size, isCut] = [[], 0, false]
    return line
  }
  for await (const chunk of source) {
    let bytes = chunk as Buffer
    while (bytes.length > 0) {
      const end = bytes.indexOf(newline)
      const part = end === -1 ? bytes : bytes.subarray(0, end)
      const kept = part.subarray(0, mostBytes - size)
      isCut ||= kept.length < part.length
      // A copy, because otherwise the socket's larger buffer would be kept.
      if (kept.length > 0) parts.push(Buffer.from(kept))
      size += kept.length
      if (end === -1) break
      const line = finish()
      if (line !== undefined) yield line
      bytes = bytes.subarray(end + 1)
    }
  }
  const rest = size > 0 ? finish() : undefined
  if (rest !== undefined) yield rest
}

function lineOf(bytes: Buffer, isCut: boolean): LogLine | undefined {
  const space = bytes.subarray(0, maxStamp).indexOf(' ')
  const at = bytes.toString('latin1', 0, Math.max(space, 0))
  if (!stamp.test(at)) return undefined
  const text = bytes.subarray(space + 1)
  const kept = text.subarray(0, maxLine)
  return { at, stream: 'stdout', text: kept.toString('utf8'), truncated: isCut || kept.length < text.length }
}

const stamp = /^\d{4}-\d\d-\d\dT[\d:]+(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/
const newline = 10
const maxLine = 2 ** 16
const maxStamp = 64
const mostBytes = maxLine + maxStamp
