// Packs a few small files as a tar archive (POSIX ustar): for a Docker Engine, and for tar to make devices.
import type { FileSpec } from './engine.ts'

export interface TarEntry extends FileSpec {
  /** `0` for a file, `3` for a device with the number 0, `5` for a folder. */
  readonly type?: '0' | '3' | '5'
  /** POSIX pax fields for what the header has no room for; they go before the header's. */
  readonly pax?: Readonly<Record<string, string>>
}

/** Of root, in the order given. Paths have at most 250 bytes, and a part of at most 100 at their end; or `pax` has them. */
export function packTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content, mode = 0o644, type = '0', pax }) => {
    const more = Buffer.concat(Object.entries(pax ?? {}).map(([key, value]) => recordOf(key, value)))
    return [
      ...(pax === undefined ? [] : [headerOf('pax', more.length, 0o644, 'x'), more, paddingOf(more)]),
      headerOf(pax?.['path'] === undefined ? path.slice(1) : 'long', content.length, mode, type),
      content,
      paddingOf(content),
    ]
  })
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

/** `LENGTH KEY=VALUE` and the end of a line; the length counts itself. */
function recordOf(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`)
  const length = [1, 2, 3, 4, 5]
    .map((digits) => rest.length + digits)
    .find((size, index) => `${size}`.length === index + 1)
  return Buffer.concat([Buffer.from(`${length}`), rest])
}

function paddingOf(content: Uint8Array): Buffer {
  return Buffer.alloc(-content.length & (blockBytes - 1))
}

function headerOf(path: string, size: number, mode: number, type: string): Buffer {
  const header = Buffer.alloc(blockBytes)
  const [prefix, name] = splitPath(path)
  header.write(name, 0)
  header.write(octal(mode, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(0, 12), 136)
  header.write(' '.repeat(8), 148)
  header.write(type, 156)
  header.write('ustar\u000000', 257)
  if (type === '3') {
    header.write(octal(0, 8), 329)
    header.write(octal(0, 8), 337)
  }
  header.write(prefix, 345)
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  )
  return header
}

/** A name has 100 bytes, and 155 more for the folders before it. */
function splitPath(path: string): readonly [string, string] {
  if (Buffer.byteLength(path) <= 100) return ['', path]
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)]
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return [prefix, name]
  }
  return ['', path]
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`
}

const blockBytes = 512
