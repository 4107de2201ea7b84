// JSON that engines send, whole and a line at a time.
import type { Readable } from 'node:stream'

import { EngineError } from './engine-error.ts'

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
