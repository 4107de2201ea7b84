// The images of a local engine: what each one is, under which names, and of which unpacked layers.
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { FindCredentials } from '../credentials.ts'
import { EngineError } from '../engine-error.ts'
import type { Image, PullOptions, PullProgress } from '../engine.ts'
import { parseImageReference, type ImageReference } from '../image-reference.ts'
import { openArchive } from './archive.ts'
import type { Folders } from './folders.ts'
import { parseJson, platform, unusable, type ImageSource } from './image-source.ts'
import { layerFolder, unpackLayer, type Bounds } from './layers.ts'
import { openRegistry } from './registry.ts'

interface LocalImage extends Image {
  /** Names of folders, the lowest first. */
  readonly layers: readonly string[]
}

export interface Images {
  /** @throws EngineError `image_not_found` */
  demand(text: string): Promise<LocalImage>
  pull(text: string, options: PullOptions): Promise<LocalImage>
  /** From a folder or tar archive in the OCI layout, or as `docker save` writes it. */
  importArchive(path: string, name: string): Promise<LocalImage>
}

export interface ImageOptions {
  readonly credentials: FindCredentials
  readonly bounds: Bounds
  /** How long a registry may say nothing. */
  readonly silenceMs: number
}

export function createImages(folders: Folders, { credentials, bounds, silenceMs }: ImageOptions): Images {
  const { images, references, staging } = folders

  async function find(text: string): Promise<LocalImage | undefined> {
    if (/^sha256:[0-9a-f]{64}$/.test(text)) return readJson<LocalImage>(join(images, text.slice(7)))
    const found = await readJson<ReferenceRecord>(join(references, keyOf(parseImageReference(text))))
    const image = found && (await readJson<LocalImage>(join(images, found.id.slice(7))))
    return image && found && { ...image, ...nameOf(parseImageReference(text), found.digest) }
  }

  async function keep(
    source: ImageSource,
    reference: ImageReference,
    onProgress: (progress: PullProgress) => void,
    abort?: AbortSignal,
  ): Promise<LocalImage> {
    const config = parseConfig(source.config)
    if (config.rootfs.diff_ids.length !== source.layers.length)
      throw unusable('its layers and its configuration differ')
    const layers: string[] = []
    const totalBytes = source.layers.reduce((sum, { size }) => sum + (size ?? 0), 0)
    let [bytes, left] = [0, bounds]
    for (const [index, digest] of config.rootfs.diff_ids.entries()) {
      const name = layerFolder(digest)
      const layer = source.layers[index]
      if (!(await isThere(join(folders.layers, name))) && layer !== undefined) {
        const onBytes = (count: number): void => {
          bytes += count
          onProgress({
            phase: 'downloading',
            bytes: Math.min(bytes, totalBytes || bytes),
            totalBytes: totalBytes || bytes,
          })
        }
        left = await unpackLayer({ folders, digest, layer, bounds: left, onBytes, abort })
      } else bytes += layer?.size ?? 0
      layers.push(name)
    }
    onProgress({ phase: 'unpacking', bytes, totalBytes: Math.max(bytes, totalBytes) })
    const id = `sha256:${createHash('sha256').update(source.config).digest('hex')}`
    const {
      Labels: labels,
      Entrypoint: entrypoint,
      Cmd: command,
      Env: env,
      User: user,
      WorkingDir: folder,
    } = config.config ?? {}
    const image: LocalImage = {
      ...nameOf(reference, source.digest),
      id,
      labels: labels ?? {},
      entrypoint: entrypoint ?? [],
      command: command ?? [],
      env: env ?? [],
      user: user ?? '',
      workingDirectory: folder ?? '',
      layers,
    }
    await writeJson(join(images, id.slice(7)), image)
    const found: ReferenceRecord = { id, digest: source.digest }
    await writeJson(join(references, keyOf(reference)), found)
    if (source.digest !== undefined) {
      await writeJson(join(references, keyOf({ ...reference, tag: undefined, digest: source.digest })), found)
    }
    return image
  }

  /** Readers see the whole file or none. */
  async function writeJson(path: string, value: object): Promise<void> {
    const staged = join(staging, randomUUID())
    await writeFile(staged, JSON.stringify(value), { mode: 0o600 })
    await rename(staged, path)
  }

  return {
    async demand(text) {
      const image = await find(text)
      if (image !== undefined) return image
      throw new EngineError('image_not_found', 'The image is not in the engine: pull it first', { field: 'image' })
    },

    async pull(text, { always = false, onProgress = () => {}, abort }) {
      const reference = parseImageReference(text)
      const here = await find(text)
      if (here !== undefined && !always) return here
      const source = await openRegistry({ reference, credentials, silenceMs, abort })
      return keep(source, reference, onProgress, abort)
    },

    async importArchive(path, name) {
      await mkdir(staging, { recursive: true })
      const archive = await openArchive(path, join(staging, randomUUID()), bounds)
      try {
        return await keep(archive.source, parseImageReference(name), () => {})
      } finally {
        await archive.close()
      }
    },
  }
}

interface ReferenceRecord {
  readonly id: string
  readonly digest: string | undefined
}

function keyOf({ registry, repository, tag, digest }: ImageReference): string {
  return createHash('sha256')
    .update(`${registry}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`)
    .digest('hex')
}

function nameOf({ registry, repository, tag, digest }: ImageReference, found: string | undefined) {
  return { registry, repository, tag, digest: digest ?? found }
}

interface Config {
  readonly architecture?: string
  readonly os?: string
  readonly config?: {
    readonly Labels?: Readonly<Record<string, string>> | null
    readonly Entrypoint?: readonly string[] | null
    readonly Cmd?: readonly string[] | null
    readonly Env?: readonly string[] | null
    readonly User?: string
    readonly WorkingDir?: string
  }
  readonly rootfs: { readonly diff_ids: readonly string[] }
}

/** @throws EngineError `image_unusable` */
function parseConfig(bytes: Buffer): Config {
  const config = parseJson(bytes) as Config
  const layers: unknown = config.rootfs?.diff_ids
  const isKnown = Array.isArray(layers) && layers.every((one) => /^sha256:[0-9a-f]{64}$/.test(String(one)))
  if (!isKnown || layers.length === 0 || layers.length > 127) throw unusable('it names no layers')
  if ((config.os ?? 'linux') !== 'linux' || (config.architecture ?? platform) !== platform) {
    throw unusable(`it is for ${String(config.os)}/${String(config.architecture)}, and not for this machine`)
  }
  return config
}

async function readJson<Value>(path: string): Promise<Value | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text === '' ? undefined : (JSON.parse(text) as Value)
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
