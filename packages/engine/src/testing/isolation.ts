// What a run cannot do to the machine, to other runs, and to other organizations.
import { describe, expect, test } from 'vitest'

import type { World } from './world.ts'

export function testIsolation(get: () => World): void {
  describe('a run stays within', () => {
    test('its memory: what fills it is killed', async () => {
      const { engine, run } = get()
      // Not so little that the engine's own program, which begins the run within the limit, is read again and again.
      const runId = await run('exec tail /dev/zero', { limits: { memoryMb: 64, cpus: 1, processes: 8 } })
      const ended = await engine.wait(runId)
      const { oomReported } = await engine.capabilities()
      expect(ended?.exit).toMatchObject({ code: 137, signal: 'SIGKILL', oomKilled: oomReported })
    })

    test('its number of processes: a fork bomb takes nothing from others', async () => {
      const { engine, run, say } = get()
      if (!(await engine.capabilities()).processLimit) return
      const bomb = 'f() { f | f; }; while :; do f; done'
      const runId = await run(bomb, { limits: { memoryMb: 64, cpus: 0.5, processes: 20 } })
      const neighbour = await run('exec sleep 1000')
      for await (const { text } of engine.logs(runId, { follow: true })) if (/can't fork/.test(text)) break
      expect(await say(neighbour, 'echo', 'fine')).toBe('fine\n')
      expect((await engine.stop(runId, { signal: 'SIGTERM', timeoutMs: 0 })).state).toBe('exited')
      await engine.remove(neighbour)
    })

    test('its rights: only the usual ones, no way to gain more, no way to the host', async () => {
      const { engine, place, run, say } = get()
      const { processLimit } = await engine.capabilities()
      const runId = await run('exec sleep 1000', { limits: { memoryMb: 32, cpus: 0.25, processes: 17 } })
      const status = await say(runId, 'cat', '/proc/self/status')
      expect(status).toMatch(/^NoNewPrivs:\s1$/m)
      const [, bounding = ''] = /^CapBnd:\s*(\w+)$/m.exec(status) ?? []
      // CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_TIME, CAP_MKNOD.
      const forbidden = [12, 13, 16, 17, 19, 21, 25, 27].filter((bit) => (BigInt(`0x${bounding}`) >> BigInt(bit)) & 1n)
      expect(forbidden).toEqual([])
      const read = (...files: string[]): Promise<string> => say(runId, 'sh', '-c', `cat ${files.join(' ')} 2>/dev/null`)
      const group = '/sys/fs/cgroup'
      expect(await read(`${group}/memory.max`, `${group}/memory/memory.limit_in_bytes`)).toBe(`${32 * 2 ** 20}\n`)
      if (processLimit) expect(await read(`${group}/pids.max`, `${group}/pids/pids.max`)).toBe('17\n')
      expect(await read(`${group}/cpu.max`, `${group}/cpu/cpu.cfs_quota_us`)).toMatch(/^25000\b/)
      // Only its files for name resolution are in the host's filesystem.
      const mounts = (await say(runId, 'cat', '/proc/self/mountinfo'))
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
      const places = mounts.filter(([, , , , , , ...rest]) =>
        /^(?:ext4|xfs|btrfs|zfs|overlay)$/.test(rest.at(-3) ?? ''),
      )
      const usual =
        /^\/(?:$|etc\/(?:hosts|hostname|resolv\.conf)$|sbin\/docker-init$|run\/(?:podman-init|\.containerenv)$|dev\/termination-log$|\.hallpass$)/
      expect(places.map((mount) => mount[4]).filter((path) => !usual.test(path ?? ''))).toEqual([])
      const isAlwaysConnected = place.networks === 'shared' || place.networks === 'either'
      const devices = isAlwaysConnected ? /^(?:\S+:\n)?(?:eth0\n)?lo\n$/ : /^(?:\S+:\n)?lo\n$/
      const look = 'ls /var/run/docker.sock /sys/class/net 2>/dev/null'
      expect(await say(runId, 'sh', '-c', look)).toMatch(devices)
    })

    test('its private network, in which names are found', async () => {
      const { engine, place, run, say } = get()
      const { networks, remedies } = await engine.capabilities()
      const hasNames = place.networks !== 'either'
      expect(hasNames ? [place.networks ?? 'isolated'] : ['isolated', 'shared']).toContain(networks)
      if (networks === 'shared') return expect(remedies.join()).toMatch(/reach each other/)
      const serve = 'mkdir /www && echo hello > /www/index.html && exec httpd -f -p 80 -h /www'
      // Small, so that a machine of two processors has room for all.
      const limits = { memoryMb: 64, cpus: 0.1, processes: 64 }
      const web = await run(serve, { network: 'acme', names: ['web', 'web.internal'], hostname: 'web-1', limits })
      const [beside, across, alone] = await Promise.all([
        run('exec sleep 1000', { network: 'acme', limits }),
        run('exec sleep 1000', { network: 'rival', limits }),
        run('exec sleep 1000', { limits }),
      ])
      const { address = '', network } = (await engine.inspect(web)) ?? {}
      expect([network, address]).toEqual(['acme', expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/)])
      const fetch = ['sh', '-c', `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${address} 80`] as const
      await expect.poll(() => say(beside, ...fetch)).toContain('hello')
      expect([await say(across, ...fetch), await say(alone, ...fetch)]).toEqual(['', ''])
      const answer = `Address: ${address}\n`
      for (const name of hasNames ? ['web', 'web.internal'] : []) {
        expect(await say(beside, 'nslookup', name)).toContain(answer)
        expect(await say(across, 'timeout', '1', 'nslookup', name)).not.toContain(answer)
      }
      for (const runId of [web, beside, across, alone]) await engine.remove(runId)
      expect([await engine.removeNetwork('acme'), await engine.removeNetwork('rival')]).toEqual([true, true])
    })

    test('the size of its disk, or is refused', async () => {
      const { engine, specOf } = get()
      const { diskLimit } = await engine.capabilities()
      const limits = { memoryMb: 64, cpus: 1, processes: 8, diskMb: 100 }
      const made = engine.create(specOf({ limits }))
      if (diskLimit) await made
      else await expect(made).rejects.toMatchObject({ code: 'unsupported', field: 'limits.diskMb' })
    })
  })
}
