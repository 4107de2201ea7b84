// Reads an image from a folder or a tar archive: the OCI layout, or what `docker save` writes.
import { createReadStream } from 'node:fs'
import { chown, lstat, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { EngineError } from '../engine-error.ts'
import { parseJson, platform, unusable, type ImageSource } from './image-source.ts'
import { unpack, type Bounds } from './layers.ts'
import { run } from './programs.ts'
import { firstUser } from './user-namespace.ts'

/** @param staged a folder to create, into which an archive is unpacked; `close` removes it */
export async function openArchive(path: string, staged: string, bounds: Bounds) {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) throw new EngineError('image_not_found', `There is no ${path}`)
  const close = async (): Promise<void> => {
    await run('rm', ['-rf', staged])
  }
  if (found.isDirectory()) return { source: await read(path), close }
  try {
    await mkdir(staged)
    await chown(staged, firstUser, firstUser)
    await unpack(createReadStream(path), staged, { bounds })
    return { source: await read(staged), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function read(folder: string): Promise<ImageSource> {
  const index = await readPart(folder, 'index.json').catch(() => undefined)
  if (index !== undefined) return readLayout(folder, parseJson(index) as Index)
  const [first] = parseJson(await readPart(folder, 'manifest.json')) as readonly DockerManifest[]
  if (first === undefined) throw unusable('it is empty')
  return {
    digest: undefined,
    config: await readPart(folder, first.Config),
    layers: await Promise.all(first.Layers.map((path) => layerAt(folder, path))),
  }
}

async function readLayout(folder: string, index: Index): Promise<ImageSource> {
  const all = index.manifests ?? []
  const entry = all.find(({ platform: one }) => one?.architecture === platform && one.os === 'linux') ?? all[0]
  const value = parseJson(await readPart(folder, blobPath(entry?.digest))) as Index & Manifest
  if (value.manifests !== undefined) return readLayout(folder, value)
  return {
    digest: entry?.digest,
    config: await readPart(folder, blobPath(value.config?.digest)),
    layers: await Promise.all((value.layers ?? []).map(({ digest }) => layerAt(folder, blobPath(digest)))),
  }
}

async function layerAt(folder: string, path: string) {
  const file = await fileAt(folder, path)
  const { size } = await lstat(file)
  return { size, open: async () => createReadStream(file) }
}

async function readPart(folder: string, path: string): Promise<Buffer> {
  const file = await fileAt(folder, path)
  if ((await lstat(file)).size > maxPart) throw unusable('what describes it is too large')
  return readFile(file)
}

/** A file of the image, and never one that a link in it leads to. */
async function fileAt(folder: string, path: string): Promise<string> {
  const parts = path.split('/')
  if (parts.some((part) => ['', '.', '..'].includes(part))) throw unusable('it names a file outside of itself')
  let file = folder
  for (const [index, part] of parts.entries()) {
    file = join(file, part)
    const found = await lstat(file).catch(() => undefined)
    const isRight = index === parts.length - 1 ? found?.isFile() : found?.isDirectory()
    if (isRight !== true) throw unusable(`it has no file ${path}`)
  }
  return file
}

function blobPath(digest = ''): string {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? []
  if (hex === undefined) throw unusable('it names a part by something that is no digest')
  return `blobs/sha256/${hex}`
}

interface Described {
  readonly digest: string
  readonly platform?: { readonly architecture?: string; readonly os?: string }
}

interface Index {
  readonly manifests?: readonly Described[]
}

interface Manifest {
  readonly config?: Described
  readonly layers?: readonly Described[]
}

interface DockerManifest {
  readonly Config: string
  readonly Layers: readonly string[]
}

const maxPart = 2 ** 22
