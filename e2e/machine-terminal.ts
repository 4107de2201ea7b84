// A shell in a machine as a person has it: the real command line at a real terminal, against a machine that runs.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'

import { describe, expect, inject, it } from 'vitest'

import type { Place, Served } from './hallpass.ts'
import { openProgram, openTerminal, reasonWithoutTerminal, type Terminal } from './terminal.ts'

export interface ShellPlace {
  readonly place: Place
  readonly served: Served
  readonly token: string
  /** Name of a machine that runs, and its app. */
  readonly machine: string
  readonly app: string
  readonly image: string
  /** What a command prints. */
  readonly say: (words: readonly string[]) => Promise<string>
  /** Another token, and what revokes it. */
  readonly mint: () => Promise<{ readonly token: string; readonly revoke: () => Promise<unknown> }>
}

const missing = reasonWithoutTerminal()

export function testShells(get: () => ShellPlace): void {
  const env = (url: string, token: string) => ({
    HALLPASS_API_URL: url,
    HALLPASS_API_TOKEN: token,
    FLY_APP: get().app,
  })
  const processes = () => get().say(['machine', 'exec', get().machine, 'ps'])
  /** Says which process it is, and afterwards what the terminal is like. */
  async function openBetween(words: string, { url = get().served.url, token = get().token } = {}): Promise<Terminal> {
    const { place } = get()
    const run = `sh -c 'echo pid $$; exec "$@"' sh ${process.execPath} ${inject('hallpass')} ${words}`
    await writeFile(join(place.directory, 'between.sh'), `${run}\necho "code $?"; stty -a\n`)
    return openProgram(place, ['sh', 'between.sh'], env(url, token))
  }
  /** As it was before: it shows what is typed, and its keys are of this machine. */
  async function expectRestored(terminal: Terminal, code: number): Promise<void> {
    await terminal.see(new RegExp(`code ${code}\\s`))
    await terminal.see(/isig icanon iexten echo /)
    await terminal.ended
  }

  describe.skipIf(missing !== undefined)(`a shell${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
    it('that is piped into what stops reading ends with it', async () => {
      const { place, served, token, machine } = get()
      const line = `${process.execPath} ${inject('hallpass')} machine exec -i ${machine} yes | head -1; echo over`
      await writeFile(join(place.directory, 'pipe.sh'), `${line}\n`)
      const pipe = openProgram(place, ['sh', 'pipe.sh'], env(served.url, token))
      await pipe.see(/y\s+over/)
      await pipe.ended
      await expect.poll(processes).not.toContain('yes')
    })

    it('has the size of this terminal and its keys, and hands on how it ended', async () => {
      const shell = openTerminal(get().place, ['machine', 'exec', '-it', get().machine, 'sh'], {
        ...env(get().served.url, get().token),
      })
      await shell.see(/[$#] $/)
      shell.type('stty size; echo of $((40+2))')
      await shell.see(/40 200/)
      await shell.see(/of 42/)
      // What runs in it is interrupted, and we are not.
      shell.type('sleep 600; echo no $((1+1))')
      await expect.poll(processes).toContain('sleep 600')
      shell.press('\u0003')
      await shell.see(/\^C/)
      shell.type('exit 7')
      expect(await shell.ended).toBe(7)
      expect(shell.shown()).not.toContain('no 2')
    })

    it('in a machine of its own lives as long as that', async () => {
      const shell = await openBetween(`machine run -it --rm -n brief ${get().image}`)
      const [, id = ''] = await shell.see(/Machine (\w{14}) is started/)
      await shell.see(/[$#] $/)
      shell.type('exit 3')
      await expectRestored(shell, 3)
      expect(shell.shown()).toContain(`Machine ${id} is destroyed`)
      expect(await get().say(['machine', 'list'])).not.toContain(id)

      // A Docker Engine before 23 gives a command its size when it runs already, which may be too late for its first look.
      const look = 'sh -c "until stty size | grep 40; do usleep 10000; done"'
      const other = await openBetween(`machine run -it -n lasting ${get().image} ${look}`)
      await other.see(/40 200/)
      await expectRestored(other, 0)
      expect(await get().say(['machine', 'list'])).toMatch(/lasting +stopped/)
      await get().say(['machine', 'destroy', '-y', 'lasting'])
    })

    it('takes its machine with it where it is killed before the shell, or says that it cannot', async () => {
      const early = await openBetween(`machine run -it --rm -n early ${get().image}`)
      const [, pid] = await early.see(/pid (\d+)/)
      const [, id = ''] = await early.see(/Machine (\w{14}) is /)
      process.kill(Number(pid), 'SIGTERM')
      await expectRestored(early, 143)
      expect(await get().say(['machine', 'list'])).not.toContain(id)

      const relay = await startRelay(get().served.url)
      const left = await openBetween(`machine run -it --rm -n left ${get().image}`, { url: relay.url })
      await left.see(/[$#] $/)
      await relay.stop()
      await left.see(/Machine \w{14} may still be there: `hallpass machine status/)
      await expectRestored(left, 1)
      await get().say(['machine', 'destroy', '-y', '--force', 'left'])
    })

    it('leaves the terminal as it was where it is killed, its token revoked, or the connection lost', async () => {
      const killed = await openBetween(`machine exec -it ${get().machine} sleep 601`)
      const [, pid] = await killed.see(/pid (\d+)/)
      await expect.poll(processes).toContain('sleep 601')
      process.kill(Number(pid), 'SIGTERM')
      await expectRestored(killed, 143)

      const { token, revoke } = await get().mint()
      const revoked = await openBetween(`machine exec -it ${get().machine} sleep 602`, { token })
      await expect.poll(processes).toContain('sleep 602')
      await revoke()
      await expectRestored(revoked, 1)
      expect(revoked.shown()).toMatch(/Error: .*revoked/)

      const relay = await startRelay(get().served.url)
      try {
        const lost = await openBetween(`machine exec -it ${get().machine} sleep 603`, { url: relay.url })
        await expect.poll(processes).toContain('sleep 603')
        relay.cut()
        await expectRestored(lost, 1)
        expect(lost.shown()).toContain('Error: the connection to the authority was lost')
      } finally {
        await relay.stop()
      }
      await expect.poll(processes).not.toMatch(/sleep 60[123]/)
    })

    it('takes a terminal', async () => {
      const { code, stderr } = await get().place.run(['machine', 'exec', '-it', get().machine, 'sh'], {
        env: env(get().served.url, get().token),
      })
      expect([code, stderr]).toEqual([2, expect.stringContaining('-t needs a terminal')])
    })
  })
}

/** What stands between, until it is cut. */
async function startRelay(url: string) {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(url).port), '127.0.0.1')
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}))
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    async stop() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
