// Where a Docker Engine is looked for, by the variables that Docker's own command line knows.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createDockerEngine, endpointOfEnvironment } from './docker.ts'

test('the usual socket, another one, and loopback are found', () => {
  expect(endpointOfEnvironment({})).toEqual({ socketPath: '/var/run/docker.sock' })
  expect(endpointOfEnvironment({ DOCKER_HOST: 'unix:///run/podman/podman.sock' })).toEqual({
    socketPath: '/run/podman/podman.sock',
  })
  expect(endpointOfEnvironment({ DOCKER_HOST: 'tcp://127.0.0.1' })).toEqual({ host: '127.0.0.1', port: 2375 })
  expect(endpointOfEnvironment({ DOCKER_HOST: 'tcp://[::1]:99' })).toEqual({ host: '::1', port: 99 })
})

test('another machine is reached with TLS or not at all', async () => {
  const DOCKER_HOST = 'tcp://engine.example'
  const refused = { code: 'bad_spec', field: 'DOCKER_HOST' }
  expect(() => endpointOfEnvironment({ DOCKER_HOST })).toThrow(expect.objectContaining(refused))
  const open = (host: string) => () => createDockerEngine({ owner: 'acme', endpoint: { host, port: 2375 } })
  for (const host of ['engine.example', '10.0.0.1', '127.0.0.1.example'])
    expect(open(host)).toThrow(expect.objectContaining(refused))
  for (const wrong of ['ssh://a', 'nothing', 'tcp://']) {
    expect(() => endpointOfEnvironment({ DOCKER_HOST: wrong })).toThrow(expect.objectContaining(refused))
  }
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-engine-test-'))
  try {
    const env = { DOCKER_HOST, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: directory }
    expect(() => endpointOfEnvironment(env)).toThrow(
      expect.objectContaining({ code: 'bad_spec', field: 'DOCKER_CERT_PATH' }),
    )
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(directory, `${name}.pem`), name)
    const tls = { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key') }
    expect(endpointOfEnvironment(env)).toEqual({ host: 'engine.example', port: 2376, tls })
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('an owner is a short name', () => {
  for (const owner of ['', 'a.b', 'A', 'x'.repeat(33)]) {
    expect(() => createDockerEngine({ owner, env: {} })).toThrow(
      expect.objectContaining({ code: 'bad_spec', field: 'owner' }),
    )
  }
})
