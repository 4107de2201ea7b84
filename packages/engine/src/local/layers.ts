// Unpacks the untrusted layers of images: into a fresh folder, as a user who owns nothing else, up to a limit.
import { createHash, randomUUID } from 'node:crypto'
import { lchown, lstat, mkdir, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'

import { EngineError } from '../engine-error.ts'
import { packTar, type TarEntry } from '../tar.ts'
import type { Folders } from './folders.ts'
import { unusable, type LayerSource } from './image-source.ts'
import { errorOfProgram, quote, run } from './programs.ts'
import { firstUser, holdUserNamespace } from './user-namespace.ts'

/** The most that an image may take on the disk. */
export interface Bounds {
  readonly bytes: number
  readonly files: number
}

export interface Unpacking {
  readonly folders: Folders
  /** `sha256:…` of the uncompressed layer. */
  readonly digest: string
  readonly layer: LayerSource
  readonly bounds: Bounds
  readonly onBytes: (count: number) => void
  readonly abort: AbortSignal | undefined
}

/** The name of its folder: short, because the names of all layers of an image must fit into one page for the kernel. */
export function layerFolder(digest: string): string {
  return digest.slice(7, 31)
}

/** What is left of the bounds. @throws EngineError `image_unusable` where it is not what its digest says, or too much */
export async function unpackLayer({ folders, digest, layer, bounds, onBytes, abort }: Unpacking): Promise<Bounds> {
  const target = join(folders.staging, randomUUID())
  await mkdir(target, { recursive: true })
  await lchown(target, firstUser, firstUser)
  try {
    const hash = createHash('sha256')
    const left = await unpack(await layer.open(), target, { bounds, onBytes, hash, abort })
    if (`sha256:${hash.digest('hex')}` !== digest) throw unusable('a layer is not what its digest says')
    await markRemoved(target)
    await rename(target, join(folders.layers, layerFolder(digest))).catch((error: unknown) => {
      // Another process was quicker with the same layer.
      if (!['ENOTEMPTY', 'EEXIST'].includes(String(Reflect.get(Object(error), 'code')))) throw error
    })
    return left
  } finally {
    await run('rm', ['-rf', target])
  }
}

/** Also an archive of an image, of which it needs no hash. */
export async function unpack(
  source: AsyncIterable<Uint8Array>,
  target: string,
  options: {
    readonly bounds: Bounds
    readonly onBytes?: (count: number) => void
    readonly hash?: ReturnType<typeof createHash>
    readonly abort?: AbortSignal | undefined
  },
): Promise<Bounds> {
  let { bytes, files } = options.bounds
  const tooMuch = new AbortController()
  const spend = (): void => {
    if (bytes < 0 || files < 0) tooMuch.abort(unusable('it is larger than this engine takes'))
  }
  const plain = new PassThrough()
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      options.hash?.update(chunk)
      bytes -= chunk.length
      spend()
      done(null, chunk)
    },
  })
  const signal = AbortSignal.any([tooMuch.signal, ...(options.abort === undefined ? [] : [options.abort])])
  const holder = await holdUserNamespace()
  const reading = pipeline(decompress(source, options.onBytes ?? (() => {})), meter, plain, { signal })
  try {
    // A user namespace cannot make devices, and no image needs those of /dev.
    const tar = `tar --extract --verbose --preserve-permissions --numeric-owner --anchored --exclude='dev/*' --exclude='./dev/*' --directory=/mnt`
    const enter = `nsenter --user=/proc/${holder.pid}/ns/user --setuid 0 --setgid 0`
    const script = `mount --bind ${quote(target)} /mnt; exec ${enter} ${tar}`
    const countFile = (): void => {
      files -= 1
      spend()
    }
    const unpacking = run('unshare', ['--mount', '--net', 'sh', '-ec', script], plain, countFile)
    await reading.catch((error: unknown) => {
      signal.throwIfAborted()
      if (error instanceof EngineError) throw error
      throw unusable('a layer could not be read to its end')
    })
    const { code, stderr } = await unpacking
    signal.throwIfAborted()
    if (code === 0) return { bytes, files }
    const error = errorOfProgram('tar', stderr)
    throw error.code === 'no_space' ? error : unusable(`a layer cannot be unpacked: ${stderr.trim().slice(0, 200)}`)
  } finally {
    holder.release()
  }
}

/** By its first bytes, because the declared type is often wrong. */
async function* decompress(
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]()
  let next = await iterator.next()
  if (next.done === true) return
  const first = Buffer.from(next.value)
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      for (; next.done !== true; next = await iterator.next()) {
        onBytes(next.value.length)
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }
  const isZstd = first.length > 3 && first.readUInt32LE(0) === 0xfd2f_b528
  const unzip = first[0] === 0x1f ? createGunzip() : isZstd ? createZstdDecompress() : new PassThrough()
  // The reader gets the error.
  pipeline(Readable.from(all()), unzip).catch(() => {})
  for await (const chunk of unzip) yield chunk as Buffer
}

/** Turns the whiteout files of a layer into those of an overlay. */
async function markRemoved(target: string): Promise<void> {
  const marks: TarEntry[] = []
  const content = Buffer.alloc(0)
  const look = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(target, path), { withFileTypes: true })) {
      const inner = join(path, entry.name)
      if (entry.isDirectory()) await look(inner)
      if (!entry.name.startsWith('.wh.')) continue
      await rm(join(target, inner), { recursive: true })
      if (entry.name === '.wh..wh..opq') {
        const { mode, uid, gid } = await lstat(join(target, path))
        const pax = { path: `.${path}`, uid: `${uid}`, gid: `${gid}`, 'SCHILY.xattr.trusted.overlay.opaque': 'y' }
        marks.push({ path, content, mode: mode & 0o7777, type: '5', pax })
      } else if (!entry.name.startsWith('.wh..wh.')) {
        const gone = join(path, entry.name.slice(4))
        await unlink(join(target, gone)).catch(() => {})
        marks.push({ path: gone, content, mode: 0, type: '3', pax: { path: `.${gone}` } })
      }
    }
  }
  await look('/')
  if (marks.length === 0) return
  const words = [
    '--extract',
    '--preserve-permissions',
    '--xattrs',
    '--xattrs-include=trusted.overlay.*',
    '--directory',
    target,
  ]
  const { code, stderr } = await run('tar', words, packTar(marks))
  if (code !== 0) throw errorOfProgram('tar', stderr)
}
