// The tiny programs, run by this machine's kernel.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { connectProgram, killProgram, listenProgram } from './tiny-programs.ts'

const isHere = process.platform === 'linux' && process.arch === 'x64'
const canUnshare = isHere && spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0

async function place(program: Uint8Array): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-tiny-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'program')
  await writeFile(file, program, { mode: 0o755 })
  return file
}

test.skipIf(!canUnshare)('a signal reaches the first process after 1, and no other', async () => {
  const kill = await place(killProgram())
  // The first process of all says that it listens before the signal is sent.
  const first = "trap 'echo first; exit' TERM; sleep 1000 >/dev/null & echo ready; wait"
  const script = `exec 3< <(${first}); read -u 3; sleep 1000 & ${kill} 15; echo "$?"; read -u 3 line; echo "$line"; kill %1 && echo alive`
  const { stdout } = spawnSync('unshare', ['--pid', '--fork', 'bash', '-c', script], { encoding: 'utf8' })
  expect(stdout).toBe('0\nfirst\nalive\n')
})

test.skipIf(!isHere)('a program connects to what listens, and goes on trying where nothing does', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  server.close()
  await once(server, 'close')
  const connect = spawn(await place(connectProgram('127.0.0.1', port)))
  const listen = spawn(await place(listenProgram(port)))
  onTestFinished(() => void listen.kill())
  const [code] = (await once(connect, 'exit')) as [number]
  expect(code).toBe(0)
})
