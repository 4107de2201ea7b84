// Pipes of runs are read in turns, to their ends.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { openPipe, readPipe } from './pipes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hallpass-pipes-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Both of its ends. */
async function makePipe(name: string) {
  const path = join(folder, name)
  await promisify(execFile)('mkfifo', [path])
  const reader = openPipe(path)
  return { reader, writer: openSync(path, constants.O_WRONLY) }
}

it('reads all that was written, and ends with the last writer', async () => {
  const { reader, writer } = await makePipe('whole')
  const program = spawn('seq', ['1', '100000'], { stdio: ['ignore', writer, 'ignore'] })
  closeSync(writer)
  let text = ''
  await readPipe(reader, (bytes) => (text += bytes.toString()))
  expect(text).toBe(Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join(''))
  if (program.exitCode === null) await once(program, 'exit')
})

it('reads from a pipe that is quiet while another one is flooded', async () => {
  const [flooded, quiet] = [await makePipe('flooded'), await makePipe('quiet')]
  const flood = spawn('yes', { stdio: ['ignore', flooded.writer, 'ignore'] })
  closeSync(flooded.writer)
  let sinceAsked = 0
  const waited: number[] = []
  const quietEnds = readPipe(quiet.reader, (bytes) => {
    expect(bytes.toString()).toBe('heard')
    waited.push(sinceAsked)
    sinceAsked = 0
    if (waited.length === 20) flood.kill('SIGKILL')
  })
  const floodEnds = readPipe(flooded.reader, (bytes) => {
    if (sinceAsked === 0 && waited.length < 20) writeSync(quiet.writer, 'heard')
    sinceAsked += bytes.length
    // As long as it takes to store the piece, the pipe fills again.
    const end = performance.now() + 1
    while (performance.now() < end);
  })
  await floodEnds
  closeSync(quiet.writer)
  await quietEnds
  // In bytes of the flood: a piece that was read before, and one more.
  expect(Math.max(...waited)).toBeLessThanOrEqual(32 * 1024)
})
