// A local engine for one test, with its data in a temporary directory.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { openControlGroups } from '../local/control-groups.ts'
import { foldersOf } from '../local/folders.ts'
import { removeSwitchboard } from '../local/networks.ts'
import { createLocalEngine, reasonWithoutLocal, type LocalEngine, type LocalOptions } from '../local/local.ts'
import { packBusybox, reasonWithoutBusybox } from './busybox.ts'
import type { Place } from './place.ts'
import { sweep } from './sweep.ts'

export interface LocalWorld extends Place {
  readonly directory: string
  /** The archive that the image was made of. */
  readonly layer: Buffer
  readonly openWith: (options: Partial<LocalOptions>) => LocalEngine
}

/** Why this machine cannot run one; undefined where it may be tried. */
export async function reasonWithoutLocalEngine(): Promise<string | undefined> {
  return (await reasonWithoutLocal()) ?? reasonWithoutBusybox()
}

/** @param given its directory, which an authority may open too. `stop` removes the folder around it. */
export async function startLocal(given?: string): Promise<LocalWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-engine-'))
  const place = given ?? join(directory, 'engine')
  const folders = foldersOf(place)
  const openWith: LocalWorld['openWith'] = (options) =>
    createLocalEngine({ owner: 'acme', directory: place, env: {}, ...options })
  const layer = await packBusybox()
  await saveImage(join(directory, 'image'), [layer])
  await openWith({}).importImage(join(directory, 'image'), 'test/busybox:1')
  return {
    directory,
    layer,
    openWith,
    open: (owner = 'acme') => openWith({ owner }),
    image: 'test/busybox:1',
    flood: 48_000_000,
    async stop() {
      for (const owner of await readdir(folders.runs)) {
        const engine = openWith({ owner })
        for (const { runId } of await engine.list()) await engine.remove(runId)
      }
      // The keeper names its folder, which lies in this one.
      await sweep(dirname(place))
      await rm(directory, { recursive: true, force: true })
      // The keeper was killed, so it has not cleaned up.
      await removeSwitchboard(folders)
      await (await openControlGroups(`hallpass-${folders.mark}`))?.disband()
    },
  }
}

/** Writes an image as `docker save` does. @param layers tar archives, the lowest first */
export async function saveImage(folder: string, layers: readonly Uint8Array[], config: object = {}): Promise<void> {
  await mkdir(folder, { recursive: true })
  const digests = layers.map((layer) => `sha256:${createHash('sha256').update(layer).digest('hex')}`)
  const described = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ['PATH=/bin'], ...config },
    rootfs: { type: 'layers', diff_ids: digests },
  }
  const names = layers.map((_layer, index) => `layer-${index}.tar`)
  await Promise.all(layers.map((layer, index) => writeFile(join(folder, `layer-${index}.tar`), layer)))
  await writeFile(join(folder, 'config.json'), JSON.stringify(described))
  await writeFile(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: names }]),
  )
}
