// The log in a real pipe, with a reader and without.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { createLog } from './log.ts'

const directory = mkdtempSync(join(tmpdir(), 'hallpass-log-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A named pipe as two open files. Writing to it blocks, as to standard error. */
function openPipe(name: string): { readonly reader: number; readonly writer: number } {
  const path = join(directory, name)
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY) }
}

/** The content of the pipe now. */
function read(reader: number): string {
  const chunks: Buffer[] = []
  for (;;) {
    const chunk = Buffer.alloc(65536)
    try {
      const length = readSync(reader, chunk)
      if (length === 0) break
      chunks.push(chunk.subarray(0, length))
    } catch {
      break
    }
  }
  return Buffer.concat(chunks).toString()
}

const parse = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; at?: number; dropped?: number })

test('a line is written at once', () => {
  const { reader, writer } = openPipe('quick')
  const { logger, sink } = createLog('info', writer)
  logger.info('first')
  expect(parse(read(reader)).map(({ msg }) => msg)).toEqual(['first'])
  logger.debug('too little to say')
  sink.close()
  expect(read(reader)).toBe('')
  closeSync(reader)
  closeSync(writer)
})

test('a slow reader blocks nobody, misses lines, and learns how many', async () => {
  const { reader, writer } = openPipe('stalled')
  const { logger, sink } = createLog('info', writer)
  const count = 20_000
  for (let at = 0; at < count; at++) logger.info({ at }, 'x'.repeat(100))
  expect(sink.dropped()).toBeGreaterThan(0)
  let text = ''
  await expect
    .poll(() => {
      text += read(reader)
      return text.includes('"dropped":')
    })
    .toBe(true)
  const lines = parse(text)
  const written = lines.filter(({ at }) => at !== undefined).map(({ at }) => at)
  expect(written).toEqual(Array.from({ length: written.length }, (_, at) => at))
  const report = lines.find(({ dropped }) => dropped !== undefined)
  expect(report).toMatchObject({ dropped: count - written.length })
  logger.info('after that')
  expect(read(reader)).toContain('after that')
  sink.close()
  closeSync(reader)
  closeSync(writer)
})

test('a reader that went away loses only its lines', () => {
  const { reader, writer } = openPipe('gone')
  const { logger, sink } = createLog('info', writer)
  closeSync(reader)
  logger.info('to nobody')
  logger.info('to nobody either')
  expect(sink.dropped()).toBeGreaterThanOrEqual(1)
  sink.close()
  closeSync(writer)
})

test('a file gets every line, after what others wrote', () => {
  const path = join(directory, 'file')
  const file = openSync(path, 'a')
  const { logger, sink } = createLog('info', file)
  for (let at = 0; at < 100; at++) logger.info({ at }, 'line')
  sink.close()
  closeSync(file)
  expect(parse(readFileSync(path, 'utf8')).map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, at) => at))
})
