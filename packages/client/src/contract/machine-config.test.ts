// The configuration of a machine: what is taken, what is kept, and what is refused with the key that is wrong.
import { describe, expect, test } from 'vitest'

import { machineConfig, signal } from './machine-config.ts'

const smallest = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 }

function problemsOf(config: unknown): readonly string[] {
  const { error } = machineConfig.safeParse(config)
  return error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? []
}

describe('a configuration', () => {
  test('keeps what it does not know, at every level, and gets a guest', () => {
    const config = {
      image: 'registry.example:5000/a/b:c@sha256:00',
      env: { A: '1' },
      init: { exec: ['sleep', '9'], later: { x: [1] } },
      services: [{ internal_port: 80, autostop: 'suspend', ports: [{ port: 80, tls_options: { alpn: ['h2'] } }] }],
      brand_new: { deep: [{ x: null }] },
    }
    expect(machineConfig.parse(config)).toEqual({ ...config, guest: smallest })
  })

  test('reads durations as Go does, and writes them as texts; what is null is not there', () => {
    const config = {
      image: 'a',
      stop_config: { signal: 15, timeout: 5_000_000_000 },
      checks: { up: { type: 'tcp', port: 1, interval: '1m30s', timeout: 1_500_000_000, grace_period: null } },
      services: null,
      mounts: [],
    }
    expect(machineConfig.parse(config)).toEqual({
      image: 'a',
      stop_config: { signal: 'SIGTERM', timeout: '5s' },
      checks: { up: { type: 'tcp', port: 1, interval: '1m30s', timeout: '1500ms' } },
      mounts: [],
      guest: smallest,
    })
  })

  test.each([
    [{ size: 'performance-2x' }, { cpu_kind: 'performance', cpus: 2, memory_mb: 4096 }],
    [{ guest: { cpus: 4 } }, { cpu_kind: 'shared', cpus: 4, memory_mb: 1024 }],
    [{ guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 2048, host_dedication_id: '' } }, { memory_mb: 2048 }],
  ])('%j is a guest', (given, guest) => {
    const whole = machineConfig.parse({ image: 'a', ...given })
    expect(whole.guest).toMatchObject(guest)
    expect(whole).not.toHaveProperty('size')
  })

  test.each([
    [{}, 'image is missing'],
    [{ image: 7 }, 'image Invalid input: expected string, received number'],
    [{ image: 'a b' }, 'image is no reference of an image'],
    [{ image: 'a', init: { exec: 'sleep' } }, 'init.exec Invalid input: expected array, received string'],
    [{ image: 'a', env: { 'A=B': '' } }, 'env.A=B Invalid key in record'],
    [{ image: 'a', stop_config: { timeout: 'soon' } }, 'stop_config.timeout is not a duration'],
    [{ image: 'a', stop_config: { signal: 'SIGWINCH' } }, 'stop_config.signal is no signal'],
    [{ image: 'a', mounts: [{ path: '/data' }] }, 'mounts.0 needs a volume or a name'],
    [{ image: 'a', mounts: [{ volume: '../x', path: '/data' }] }, 'mounts.0.volume is no id'],
    [{ image: 'a', mounts: [{ name: 'data', path: '/.fly/x' }] }, 'mounts.0.path is not for volumes'],
    [{ image: 'a', mounts: [{ name: 'data', path: '/a', add_size_gb: 1 }] }, 'mounts.0.add_size_gb is not served'],
    [{ image: 'a', mounts: ['/a', '/b'].map((path) => ({ name: 'data', path })) }, 'mounts has more than one'],
    [{ image: 'a', schedule: 'daily' }, 'schedule is not served'],
    [{ image: 'a', rootfs: { persist: 'always' } }, 'rootfs.persist is not served'],
    [{ image: 'a', guest: { gpu_kind: 'a10' } }, 'guest.gpu_kind is not served'],
    [{ image: 'a', files: [{ raw_value: '' }] }, 'files.0.guest_path is missing'],
    [{ image: 'a', files: [{ guest_path: '/..a/b.', raw_value: '', mode: 0o4755 }] }, 'files.0.mode Too big'],
    [{ image: 'a', files: [{ guest_path: '/.fly/token', raw_value: '' }] }, 'files.0.guest_path is not for files'],
    [{ image: 'a', files: [{ guest_path: '/a' }] }, 'files.0 needs either raw_value or secret_name'],
    [{ image: 'a', size: 'huge' }, 'guest is not given, and size is none of'],
    [{ image: 'a', size: 'shared-cpu-1x', guest: { cpus: 1 } }, 'guest and size are two ways'],
    [{ image: 'a', guest: { cpus: 3 } }, 'guest has cpus of which there are not so many'],
    [{ image: 'a', guest: { cpus: 1, memory_mb: 300 } }, 'guest has another memory_mb'],
    [{ image: 'a', guest: { cpus: 1, memory_mb: 4096 } }, 'guest has another memory_mb'],
    [{ image: 'a', strange: 'a\0' }, ' has text with a NUL'],
    [{ image: 'a', strange: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown }, ' has more than 16 levels'],
  ])('%j is refused', (config, problem) => {
    expect(problemsOf(config)).toEqual([expect.stringContaining(problem)])
  })

  test.each(['/a/../b', '/..', '/./a', '/a//b', '/a/', '/', 'a'])('%s is no place of a file', (path) => {
    expect(problemsOf({ image: 'a', files: [{ guest_path: path, raw_value: '' }] })).toEqual([
      'files.0.guest_path is no absolute path without "." and ".."',
    ])
  })
})

test('signals have a name, with or without SIG, or a number', () => {
  expect(['SIGINT', 'int', 9, 15, 'SIGUSR1'].map((given) => signal.parse(given))).toEqual([
    'SIGINT',
    'SIGINT',
    'SIGKILL',
    'SIGTERM',
    'SIGUSR1',
  ])
  for (const wrong of ['', 0, 99, 'SIGSTOP']) expect(signal.safeParse(wrong).success).toBe(false)
})
