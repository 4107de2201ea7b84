// Images out of a registry, TLS, and a Docker Engine that hangs, or does not keep networks apart.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import type { PullProgress } from '../engine.ts'
import { reasonWithoutDockerd, startDockerd, type Dockerd } from '../testing/dockerd.ts'
import { startRegistry, type Registry } from '../testing/registry.ts'
import { credentialsOfDocker } from './docker.ts'
import { probeLabels, removeForgotten } from './probe.ts'

const missing = reasonWithoutDockerd()
const login = { user: 'ci', password: 'p:a ss' }

describe.skipIf(missing !== undefined)(`a Docker Engine${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let docker: Dockerd
  let registry: Registry
  let directory = ''

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-engine-test-'))
    docker = await startDockerd('host')
    registry = await startRegistry(docker.layer)
  })
  afterAll(async () => {
    await registry?.close()
    await docker?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test('that hangs while it is watched is noticed', async () => {
    const watching = docker.openWith({ timeoutMs: 500 }).watch()[Symbol.asyncIterator]()
    expect((await watching.next()).value).toMatchObject({ kind: 'all' })
    const goOn = docker.hang()
    try {
      await expect(watching.next()).rejects.toMatchObject({ code: 'unavailable' })
    } finally {
      goOn()
    }
  })

  test('pulls an image once, says how far it is, and what came', async () => {
    const engine = docker.open()
    const name = `${registry.host}/acme/busybox:1`
    const spec = { runId: 'pulled', limits: { memoryMb: 64, cpus: 1, processes: 8 }, command: ['true'] }
    await expect(engine.create({ ...spec, image: name })).rejects.toMatchObject({ code: 'image_not_found' })
    const progress: PullProgress[] = []
    const image = await engine.pullImage(name, { onProgress: (step) => progress.push(step) })
    expect(image).toEqual({
      id: registry.id,
      registry: registry.host,
      repository: 'acme/busybox',
      tag: '1',
      digest: registry.digest,
      labels: { team: 'red' },
      entrypoint: [],
      command: ['sh'],
      env: ['PATH=/bin'],
      user: '',
      workingDirectory: '',
    })
    expect(progress.at(-1)).toMatchObject({ phase: 'unpacking' })
    expect(progress.every(({ bytes, totalBytes }) => bytes <= totalBytes)).toBe(true)
    const count = registry.asked.length
    expect(await engine.pullImage(name)).toEqual(image)
    expect(registry.asked).toHaveLength(count)
    await engine.pullImage(name, { always: true })
    expect(registry.asked.length).toBeGreaterThan(count)
    const byDigest = await engine.pullImage(`${registry.host}/acme/busybox@${registry.digest}`)
    expect(byDigest).toMatchObject({ id: image.id, tag: undefined, digest: image.digest })

    expect(await engine.create({ ...spec, image: image.id })).toMatchObject({ image: image.id })
    await engine.start('pulled')
    expect((await engine.wait('pulled'))?.exit?.code).toBe(0)
    await engine.remove('pulled')
  })

  test('gives a registry the credentials that `docker login` has kept, or a helper knows', async () => {
    const shut = await startRegistry(docker.layer, login)
    onTestFinished(() => shut.close())
    const name = `${shut.host}/acme/busybox:1`
    const config = join(directory, 'config.json')
    const engine = docker.openWith({ credentials: credentialsOfDocker({ DOCKER_CONFIG: directory }) })
    await expect(engine.pullImage(name)).rejects.toMatchObject({ code: 'image_refused' })
    const auth = (password: string): string => Buffer.from(`${login.user}:${password}`).toString('base64')
    await writeFile(config, JSON.stringify({ auths: { [shut.host]: { auth: auth('wrong') } } }))
    const refused = engine.pullImage(name)
    await expect(refused).rejects.toMatchObject({ code: 'image_refused' })
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('wrong') })
    await writeFile(config, JSON.stringify({ auths: { [shut.host]: { auth: auth(login.password) } } }))
    expect(await engine.pullImage(name)).toMatchObject({ id: shut.id, repository: 'acme/busybox' })

    const answer = JSON.stringify({ Username: login.user, Secret: login.password })
    const script = `#!/bin/sh\nread -r host; [ "$1 $host" = "get ${shut.host}" ] && echo '${answer}' || exit 1\n`
    await writeFile(join(directory, 'docker-credential-mine'), script, { mode: 0o755 })
    const env = { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env['PATH']}` }
    await writeFile(config, JSON.stringify({ credHelpers: { [shut.host]: 'mine' } }))
    expect(await credentialsOfDocker(env)(shut.host)).toEqual({ username: login.user, password: login.password })
    await writeFile(config, JSON.stringify({ credsStore: 'none-such' }))
    await expect(credentialsOfDocker(env)(shut.host)).rejects.toMatchObject({ code: 'image_refused' })
    await writeFile(config, '{ "auths": { secret')
    const broken = credentialsOfDocker(env)(shut.host)
    await expect(broken).rejects.toMatchObject({
      code: 'image_refused',
      message: expect.not.stringContaining('secret'),
    })
  })

  test('says why an image does not come', async () => {
    const engine = docker.openWith({ pullSilenceMs: 1000 })
    const pull = (name: string) => engine.pullImage(`${registry.host}/${name}`)
    await expect(pull('acme/busybox:2')).rejects.toMatchObject({ code: 'image_not_found' })
    await expect(pull('other/busybox:1')).rejects.toMatchObject({ code: 'image_unusable' })
    await expect(pull('Public/Busybox')).rejects.toMatchObject({ code: 'image_unusable', field: 'image' })
    const silent = { code: 'registry_unreachable', message: expect.stringContaining('Nothing came') }
    await expect(pull('slow/busybox:1')).rejects.toMatchObject(silent)
    const hasty = docker.openWith({ pullSilenceMs: 1000, timeoutMs: 900 })
    await expect(hasty.pullImage(`${registry.host}/silent/busybox:1`)).rejects.toMatchObject(silent)
    await expect(engine.pullImage('127.0.0.1:9/acme/web:1')).rejects.toMatchObject({ code: 'registry_unreachable' })
    const abort = new AbortController()
    const given = docker.open().pullImage(`${registry.host}/slow/busybox:1`, { abort: abort.signal })
    abort.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
  })

  test('gives no run a network where networks reach each other, unless an option allows it', async () => {
    const spec = {
      runId: 'alone',
      image: docker.image,
      limits: { memoryMb: 64, cpus: 1, processes: 8 },
      command: ['true'],
    }
    const engine = docker.open()
    const { networks, remedies } = await engine.capabilities()
    expect([networks, remedies]).toEqual(['shared', expect.arrayContaining([expect.stringContaining('--iptables')])])
    await expect(engine.create({ ...spec, network: 'acme' })).rejects.toMatchObject({ code: 'not_isolated' })
    expect(await engine.create(spec)).toMatchObject({ state: 'created' })
    await engine.remove('alone')
    const willing = docker.openWith({ allowSharedNetworks: true })
    expect(await willing.create({ ...spec, network: 'acme' })).toMatchObject({ network: 'acme' })
    // Gone in between, as with the last run of others.
    const { value } = await docker.client.ask<readonly { Name: string }[]>({ path: ['networks'] })
    const made = value.find(({ Name }) => Name.endsWith('.acme'))
    await docker.client.ask({ method: 'DELETE', path: ['networks', made?.Name ?? ''] })
    await expect(willing.start('alone')).rejects.toMatchObject({ code: 'failed' })
    await willing.remove('alone')
    await willing.removeNetwork('acme')
    // A probe leaves nothing behind, and removes old remains of probes that were killed.
    expect(await probesLeft()).toBe(0)
    const json = { Image: docker.image, Cmd: ['true'], Labels: probeLabels, HostConfig: { NetworkMode: 'none' } }
    await docker.client.ask({ method: 'POST', path: ['containers', 'create'], json })
    const network = { Name: 'forgotten', Labels: probeLabels }
    await docker.client.ask({ method: 'POST', path: ['networks', 'create'], json: network })
    await removeForgotten(docker.client, 60_000)
    expect(await probesLeft()).toBe(2)
    await removeForgotten(docker.client, -60_000)
    expect(await probesLeft()).toBe(0)
  })

  async function probesLeft(): Promise<number> {
    const filters = JSON.stringify({ label: Object.keys(probeLabels) })
    const lists = [['containers', 'json'] as const, ['networks'] as const].map(async (path) => {
      const { value } = await docker.client.ask<readonly unknown[]>({ path, query: { all: true, filters } })
      return value.length
    })
    return (await Promise.all(lists)).reduce((sum, length) => sum + length)
  }

  const openssl = spawnSync('openssl', ['version']).status === 0
  test.skipIf(!openssl)('is reached by TLS, and only with a certificate', async () => {
    const files = await makeCertificates(directory)
    // Both sides may send everything before they get an answer.
    const half = { allowHalfOpen: true }
    const options = { ...half, ...files.server, ca: files.ca, requestCert: true, rejectUnauthorized: true }
    const server = createServer(options, (socket) => {
      const inside = connect({ ...half, path: docker.socketPath })
      socket.on('error', () => {}).on('close', () => inside.destroy())
      inside.on('error', () => {}).on('close', () => socket.destroy())
      socket.pipe(inside).pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      const endpoint = { host: '127.0.0.1', port, tls: { ca: files.ca, ...files.client } }
      const engine = docker.openWith({ endpoint })
      const spec = { runId: 'far', image: docker.image, limits: { memoryMb: 64, cpus: 1, processes: 8 } }
      await engine.create({ ...spec, command: ['sleep', '1000'] })
      await engine.start('far')
      const command = { argv: ['cat'], input: Buffer.from('through'), timeoutMs: 60_000, maxBytes: 100 }
      expect(Buffer.from((await engine.exec('far', command)).stdout).toString()).toBe('through')
      await engine.remove('far')
      const stranger = docker.openWith({
        endpoint: { ...endpoint, tls: { ...endpoint.tls, ...files.server, ca: files.other } },
      })
      await expect(stranger.list()).rejects.toMatchObject({ code: 'unavailable' })
    } finally {
      server.close()
    }
  })
})

/** A CA, what it signed for the engine and for us, and another CA. */
async function makeCertificates(directory: string) {
  const run = (...words: string[]): void => {
    execFileSync('openssl', words, { cwd: directory, stdio: 'ignore' })
  }
  const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8')
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  for (const ca of ['ca', 'other']) {
    run('req', '-x509', ...curve, '-keyout', `${ca}.key`, '-out', `${ca}.pem`, '-subj', `/CN=${ca}`, '-days', '2')
  }
  for (const name of ['server', 'client']) {
    await writeFile(join(directory, `${name}.ext`), 'subjectAltName=IP:127.0.0.1\n')
    run('req', '-new', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`]
    run('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed)
  }
  const pair = async (name: string) => ({ cert: await read(`${name}.pem`), key: await read(`${name}.key`) })
  return {
    ca: await read('ca.pem'),
    other: await read('other.pem'),
    server: await pair('server'),
    client: await pair('client'),
  }
}
