// Where `hallpass serve` says that it listens, and what it warns of.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, inject, it } from 'vitest'

const bin = inject('hallpass')

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-listening-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Starts a server, stops it as soon as it listens, and hands back all that it said. */
async function serve(...flags: readonly string[]): Promise<{ code: number | null; said: string; logged: string }> {
  const child = spawn(process.execPath, [bin, 'serve', '--data', directory, ...flags], {
    env: { PATH: process.env['PATH'] ?? '' },
  })
  let [said, logged] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (logged += chunk))
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
    // Once: a second signal ends it at once.
    if (!child.killed && / listens at .*\n/.test(said)) child.kill('SIGTERM')
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said, logged }
}

it('says that it listens at every address, which they are, and that there is no TLS', async () => {
  const { code, said, logged } = await serve('--listen', '0.0.0.0:0')
  expect(said).toMatch(/^Hallpass listens at http:\/\/0\.0\.0\.0:(\d+) \(http:\/\/127\.0\.0\.1:\1 on this machine[,)]/)
  expect(logged).toContain('without TLS')
  expect(code).toBe(0)
})

it.each([
  [['--listen', '127.0.0.1:0']],
  [['--listen', 'localhost:0']],
  [['--listen', '[::ffff:127.0.0.1]:0']],
  [['--listen', '0.0.0.0:0', '--public-url', 'https://hallpass.example', '--trusted-proxies', '127.0.0.1']],
])('does not warn for %j', async (flags) => {
  const { said, logged } = await serve(...flags)
  expect(said).toContain('Hallpass listens at http://')
  expect(logged).not.toContain('without TLS')
})

it('says what stands in its way: another program is a failure, and no misuse', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const { code, logged } = await serve('--listen', `127.0.0.1:${port}`)
  other.close()
  expect({ code, logged }).toEqual({
    code: 1,
    logged: `Error: Cannot listen at 127.0.0.1:${port}: another program listens there.\n`,
  })
})
