// What a command with its input and output as they come does for a client of its WebSocket, in a machine that runs.
import { request } from 'node:http'

import { describe, expect, test } from 'vitest'

import type { Answer } from './http.ts'
import { openCommand, Refused, startOf, type OpenedCommand, type Start } from './command-socket.ts'

export interface CommandPlace {
  /** Without the path. */
  readonly url: string
  readonly path: string
  readonly token: string
  /** Another token, and what revokes it. */
  readonly mint: () => Promise<{ readonly token: string; readonly revoke: () => Promise<unknown> }>
  /** Runs a command to its end: what it wrote. */
  readonly exec: (command: readonly string[]) => Promise<string>
  readonly ask: (path: string, headers: Readonly<Record<string, string>>) => Promise<Answer>
}

const terminal = { rows: 30, columns: 100 }
const see = (opened: OpenedCommand, pattern: RegExp) => expect.poll(opened.said).toMatch(pattern)

export function testOpenCommands(get: () => CommandPlace): void {
  const open = (start: Start, headers?: Readonly<Record<string, string>>, token = get().token) =>
    openCommand(get().url + get().path, token, start, { headers: headers ?? {} })
  const countOf = async (word: string) =>
    (await get().exec(['ps', '-o', 'args'])).split('\n').filter((line) => line === word).length
  /** Whether it is gone with what it began. */
  const expectGone = (word: string) => expect.poll(() => countOf(word), { timeout: 10_000 }).toBe(0)

  describe('a command at a WebSocket', () => {
    test('has a terminal of the given size, and its keys; its exit code is reported', async () => {
      const shell = await open({ command: ['sh'], terminal })
      shell.type('stty size; test -t 0 && echo at $((1+1))\n')
      await see(shell, /30 100\r\n/)
      await see(shell, /at 2\r\n/)
      shell.send('size', JSON.stringify({ rows: 50, columns: 132 }))
      shell.type('stty size\n')
      await see(shell, /50 132\r\n/)
      shell.type('sleep 500; echo on $((2+1))\n')
      await expect.poll(() => countOf('sleep 500')).toBe(1)
      shell.type('\u0003')
      await see(shell, /\^C/)
      shell.type('exit 7\n')
      expect(await shell.ended).toEqual({ status: { exit_code: 7 }, code: 1000 })
      expect(shell.said()).not.toContain('on 3')
    })

    test('has input, output and errors without one, and sees the end of its input', async () => {
      const sorting = await open({ command: ['sh', '-c', 'sort; echo wrong >&2; exit 3'] })
      sorting.type('b\n')
      sorting.type('a\n')
      sorting.send('end', Uint8Array.of(0))
      expect(await sorting.ended).toEqual({ status: { exit_code: 3 }, code: 1000 })
      expect(sorting.said()).toContain('a\nb\n')
      expect(sorting.said()).toContain('wrong\n')
    })

    test('that cannot be run says so', async () => {
      const unable = await open({ command: ['no-such-program'], terminal })
      const { status } = await unable.ended
      expect(unable.said()).toBe('')
      expect(status).toMatchObject({
        error: { code: 'command_not_found', message: expect.stringContaining('no-such-program') as string },
      })
    })

    test('is for no page of a browser, and takes a WebSocket of its protocol', async () => {
      const refused = async (work: Promise<unknown>) => {
        const error: unknown = await work.then(
          () => undefined,
          (reason: unknown) => reason,
        )
        return error instanceof Refused ? error : expect.fail('it was let in')
      }
      const page = await refused(open({ command: ['sh'] }, { origin: get().url }))
      expect([page.status, page.text]).toEqual([403, expect.stringContaining('page of a browser')])
      const nobody = await refused(open({ command: ['sh'] }, {}, 'fm2_none'))
      expect(nobody.status).toBe(401)
      const wrong = await refused(open({ command: [] }))
      expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('command is too small')])
      const plain = await get().ask(get().path, startOf({ command: ['true'] }))
      expect([plain.status, plain.text]).toEqual([422, expect.stringContaining('takes a WebSocket')])
    })

    test('ends within a second when its token is revoked, with what it began', async () => {
      const { token, revoke } = await get().mint()
      const shell = await open({ command: ['sh'], terminal }, {}, token)
      shell.type('sleep 501 & sleep 502\n')
      await expect.poll(() => countOf('sleep 502')).toBe(1)
      await revoke()
      const at = performance.now()
      const { status } = await shell.ended
      expect(status).toMatchObject({
        error: { code: 'unauthenticated', message: expect.stringContaining('revoked') as string },
      })
      // A busy machine is given more than the one second.
      expect(performance.now() - at).toBeLessThan(5000)
      await expectGone('sleep 501')
      await expectGone('sleep 502')
    })

    test('ends when its client is gone, and when it breaks the rules', async () => {
      const shell = await open({ command: ['sleep', '503'] })
      await expect.poll(() => countOf('sleep 503')).toBe(1)
      shell.socket.terminate()
      await expectGone('sleep 503')
      const other = await open({ command: ['sleep', '504'] })
      other.socket.send(Uint8Array.of(77))
      expect(await other.ended).toMatchObject({ status: { error: { code: 'invalid_request' } } })
      const large = await open({ command: ['sleep', '504'] })
      large.socket.send(new Uint8Array(100_000))
      expect(await large.ended).toMatchObject({ code: 1009 })
      await expectGone('sleep 504')
    })

    test('ends when its client is gone, if it runs to its end without a WebSocket', async () => {
      const { url, path, token } = get()
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const asked = request(url + path.replace('/stream', ''), { method: 'POST', headers, agent: false })
      asked.on('error', () => {})
      asked.end(JSON.stringify({ command: ['sleep', '505'], timeout: 60 }))
      await expect.poll(() => countOf('sleep 505')).toBe(1)
      asked.destroy()
      await expectGone('sleep 505')
    })

    test('waits for a client that reads slowly, and for a command that does', async () => {
      const before = process.memoryUsage().rss
      const flood = await open({ command: ['head', '-c', '120000000', '/dev/zero'] })
      flood.socket.pause()
      // It stands still once what lies between is full.
      let seen = -1
      await expect
        .poll(async () => {
          const now = Number(/^rchar: (\d+)/m.exec(await get().exec(['sh', '-c', 'cat /proc/$(pidof head)/io']))?.[1])
          const isSame = now === seen
          seen = now
          return isSame
        })
        .toBe(true)
      expect(seen).toBeLessThan(100_000_000)
      const deaf = await open({ command: ['sh', '-c', 'until [ -e /enough ]; do sleep 0.05; done; exit 4'] })
      const paste = new Uint8Array(60_000)
      for (let count = 0; count < 400; count += 1) deaf.socket.send(paste)
      expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
      await get().exec(['touch', '/enough'])
      expect(await deaf.ended).toEqual({ status: { exit_code: 4 }, code: 1000 })
      flood.socket.resume()
      expect(await flood.ended).toEqual({ status: { exit_code: 0 }, code: 1000 })
    })

    test('sixteen of a token at a time', async () => {
      const all = await Promise.all(Array.from({ length: 16 }, () => open({ command: ['cat'] })))
      const refused = await open({ command: ['cat'] }).catch((error: unknown) => error)
      expect(refused).toMatchObject({
        status: 429,
        text: expect.stringContaining('there is room for 16 open commands') as string,
      })
      for (const opened of all) opened.send('end', Uint8Array.of(0))
      await Promise.all(all.map(({ ended }) => ended))
    })
  })
}
