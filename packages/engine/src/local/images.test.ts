// Images of a local engine: from a registry, from archives, and malicious ones.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import type { PullProgress } from '../engine.ts'
import { packTar, type TarEntry } from '../tar.ts'
import { reasonWithoutLocalEngine, saveImage, startLocal, type LocalWorld } from '../testing/local.ts'
import { startRegistry, type Registry } from '../testing/registry.ts'

const missing = await reasonWithoutLocalEngine()
const content = Buffer.alloc(0)

describe.skipIf(missing !== undefined)(`a local engine${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let local: LocalWorld
  let registry: Registry
  let directory = ''
  let count = 0

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-engine-test-'))
    local = await startLocal()
    registry = await startRegistry(local.layer)
  })
  afterAll(async () => {
    await registry?.close()
    await local?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  /** What a script says in a run of the image. */
  async function say(image: string, script: string, spec: object = {}): Promise<string> {
    const engine = local.open()
    const runId = `run-${(count += 1)}`
    const limits = { memoryMb: 64, cpus: 1, processes: 16 }
    await engine.create({ runId, image, command: ['sh', '-c', script], limits, ...spec })
    await engine.start(runId)
    await engine.wait(runId)
    let text = ''
    for await (const line of engine.logs(runId)) text += `${line.text}\n`
    await engine.remove(runId)
    return text
  }

  async function importLayers(layers: readonly Uint8Array[], config?: object): Promise<string> {
    const [folder, name] = [join(directory, `image-${(count += 1)}`), `test/image:${count}`]
    await saveImage(folder, layers, config)
    await local.openWith({}).importImage(folder, name)
    return name
  }

  test('pulls an image once, says how far it is, and what came', async () => {
    const engine = local.open()
    const name = `${registry.host}/acme/busybox:1`
    const progress: PullProgress[] = []
    const image = await engine.pullImage(name, { onProgress: (step) => progress.push(step) })
    const wanted = { id: registry.id, registry: registry.host, repository: 'acme/busybox', digest: registry.digest }
    expect(image).toMatchObject({ ...wanted, labels: { team: 'red' }, command: ['sh'], env: ['PATH=/bin'] })
    expect(progress.at(-1)).toMatchObject({ phase: 'unpacking' })
    const asked = registry.asked.length
    expect(await engine.pullImage(name)).toEqual(image)
    expect(await engine.pullImage(`${registry.host}/acme/busybox@${registry.digest}`)).toMatchObject({ id: image.id })
    expect(registry.asked).toHaveLength(asked)
    await engine.pullImage(name, { always: true })
    expect(registry.asked.length).toBeGreaterThan(asked)
    expect(await say(image.id, 'echo fine')).toBe('fine\n')
  })

  test('says why an image does not come', async () => {
    const engine = local.openWith({ pullSilenceMs: 500 })
    const pull = (name: string) => engine.pullImage(`${registry.host}/${name}`)
    await expect(pull('acme/busybox:2')).rejects.toMatchObject({ code: 'image_not_found' })
    await expect(pull('other/busybox:1')).rejects.toMatchObject({ code: 'image_unusable' })
    const silent = { code: 'registry_unreachable', message: expect.stringContaining('Nothing came') }
    await expect(pull('slow/busybox:1')).rejects.toMatchObject(silent)
    await expect(pull('silent/busybox:1')).rejects.toMatchObject(silent)
    await expect(pull('endless/busybox:1')).rejects.toMatchObject({ code: 'image_unusable' })
    await expect(pull('moved/busybox:1')).rejects.toMatchObject({ code: 'registry_unreachable' })
    await expect(engine.pullImage('127.0.0.1:9/acme/web:1')).rejects.toMatchObject({ code: 'registry_unreachable' })
    const abort = new AbortController()
    const given = local.open().pullImage(`${registry.host}/slow/busybox:1`, { abort: abort.signal })
    abort.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')

    const shut = await startRegistry(local.layer, { user: 'ci', password: 'p:a ss' })
    onTestFinished(() => shut.close())
    const name = `${shut.host}/acme/busybox:1`
    await expect(engine.pullImage(name)).rejects.toMatchObject({ code: 'image_refused' })
    const known = local.openWith({ credentials: async () => ({ username: 'ci', password: 'p:a ss' }) })
    expect(await known.pullImage(name)).toMatchObject({ id: shut.id })
  })

  test('takes an OCI layout and an archive, and shows what upper layers leave of lower ones', async () => {
    const folder = { content, mode: 0o755, type: '5' } as const
    const lower: TarEntry[] = [
      { ...folder, path: '/kept' },
      { path: '/kept/a', content: Buffer.from('a') },
      { path: '/kept/b', content: Buffer.from('b') },
      { ...folder, path: '/emptied' },
      { path: '/emptied/c', content: Buffer.from('c') },
    ]
    const upper: TarEntry[] = [
      { path: '/kept/.wh.a', content },
      { ...folder, path: '/emptied', mode: 0o700, pax: { uid: '7', gid: '7' } },
      { path: '/emptied/.wh..wh..opq', content },
      { path: '/emptied/d', content: Buffer.from('d') },
    ]
    const image = await importLayers([local.layer, packTar(lower), packTar(upper)])
    const seen = await say(image, 'ls /kept /emptied; stat -c "%a %u" /emptied; cat /kept/b; mount | grep -c /tmp/')
    expect(seen).toBe('/emptied:\nd\n\n/kept:\nb\n700 7\nb0\n')
    const saved = join(directory, 'saved')
    await saveImage(saved, [local.layer])
    execFileSync('tar', ['--create', '--file', join(directory, 'saved.tar'), '--directory', saved, '.'])
    await local.openWith({}).importImage(join(directory, 'saved.tar'), 'test/saved:1')
    expect(await say('test/saved:1', 'echo fine')).toBe('fine\n')
  })

  test('runs as the user of the image, and finds other users that a spec names in it', async () => {
    const people = 'root:x:0:0::/root:/bin/sh\nweb:x:101:102::/home/web:/bin/sh\n'
    const groups = 'root:x:0:\nweb:x:102:\nlogs:x:103:web,other\n'
    const layer = packTar([
      { path: '/etc/passwd', content: Buffer.from(people) },
      { path: '/etc/group', content: Buffer.from(groups) },
    ])
    const image = await importLayers([local.layer, layer], { User: 'web', WorkingDir: '/srv/web' })
    const script =
      'echo $(id -u) $(id -g) $(id -G) $HOME; pwd; echo mine > /dev/stdout; touch /new 2>&1; grep CapEff /proc/self/status'
    expect(await say(image, script)).toBe(
      '101 102 102 103 /home/web\n/srv/web\nmine\ntouch: /new: Permission denied\nCapEff:\t0000000000000000\n',
    )
    expect(await say(image, 'id -u; id -g', { user: '0:logs' })).toBe('0\n103\n')
    await expect(say(image, 'true', { user: 'nobody-of-here' })).rejects.toMatchObject({
      code: 'bad_spec',
      field: 'user',
    })
  })

  test('confines malicious images, or refuses them', async () => {
    const outside = join(directory, 'outside')
    await mkdir(outside)
    const link = join(directory, 'link')
    await mkdir(join(link, 'in'), { recursive: true })
    await symlink(outside, join(link, 'in', 'out'))
    await writeFile(join(link, 'file'), 'written')
    const through = execFileSync('tar', [
      '--create',
      '--directory',
      link,
      '--transform=s,^file,in/out/file,',
      'in',
      'file',
    ])
    const climb = packTar([{ path: '/../../../../../../../../../../tmp/hallpass-climbed', content: Buffer.from('x') }])
    const device = packTar([{ path: '/disk', content, type: '3' }])
    // The first disk, as a device of blocks: 8, 0.
    device.write('4', 156)
    device.write('0000010', 329)
    device.write(
      `${device
        .subarray(0, 512)
        .reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    const wrong = join(directory, 'wrong')
    await saveImage(wrong, [packTar([{ path: '/one', content }])])
    await writeFile(join(wrong, 'layer-0.tar'), packTar([{ path: '/other', content }]))
    const far = join(directory, 'far')
    await saveImage(far, [local.layer])
    await writeFile(
      join(far, 'manifest.json'),
      JSON.stringify([{ Config: '../saved/config.json', Layers: ['layer-0.tar'] }]),
    )

    await expect(importLayers([local.layer, device])).rejects.toMatchObject({ code: 'image_unusable' })
    for (const layer of [through, climb]) await importLayers([local.layer, layer]).catch(() => {})
    expect([await readdir(outside), await stat('/tmp/hallpass-climbed').catch(() => 'none')]).toEqual([[], 'none'])
    for (const folder of [wrong, far]) {
      await expect(local.openWith({}).importImage(folder, 'test/wrong:1')).rejects.toMatchObject({
        code: 'image_unusable',
      })
    }
    const many = packTar(Array.from({ length: 200 }, (_, index) => ({ path: `/many/${index}`, content })))
    await saveImage(join(directory, 'many'), [many])
    for (const imageBounds of [
      { bytes: 50_000, files: 1000 },
      { bytes: 1e9, files: 100 },
    ]) {
      const small = local.openWith({ imageBounds })
      await expect(small.importImage(join(directory, 'many'), 'test/many:1')).rejects.toMatchObject({
        code: 'image_unusable',
      })
    }
    // Files of the run go where the image's links lead within it, and no further.
    const away = packTar([{ path: '/nothing', content }])
    const linked = execFileSync('tar', ['--create', '--directory', link, 'in'])
    const image = await importLayers([local.layer, away, linked])
    const files = [{ path: '/in/out/file', content: Buffer.from('hello') }]
    expect(await say(image, `cat /in/out/file; ls ${outside}`, { files })).toBe('hellofile\n')
    expect(await readdir(outside)).toEqual([])
    const shown = say(image, 'true', { sharedFolder: { folder: directory, path: '/in/out' } })
    await expect(shown).rejects.toMatchObject({ code: 'bad_spec', field: 'sharedFolder' })
    // A configuration whose words would be arguments of the sandbox.
    const bound = await importLayers([local.layer], { Env: ['A=b\0--bind\0/\0/host'] })
    await expect(say(bound, 'ls /host')).rejects.toMatchObject({ code: 'bad_spec' })
    expect((await readdir(join(local.directory, 'engine', 'staging'))).length).toBeLessThan(3)
  })
})
