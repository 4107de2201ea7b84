// Packs a few small files as a tar archive (POSIX ustar), which is how a Docker Engine takes files.
import type { FileSpec } from '../engine.ts'

/** Files of root, in the order given. Paths have at most 250 bytes, and a part of at most 100 at their end. */
export function packTar(files: readonly FileSpec[]): Buffer {
  const blocks = files.flatMap(({ path, content, mode = 0o644 }) => [
    headerOf(path.slice(1), content.length, mode),
    content,
    Buffer.alloc(-content.length & (blockBytes - 1)),
  ])
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

function headerOf(path: string, size: number, mode: number): Buffer {
  const header = Buffer.alloc(blockBytes)
  const [prefix, name] = splitPath(path)
  header.write(name, 0)
  header.write(octal(mode, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(0, 12), 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
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
