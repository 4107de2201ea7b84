// Reads a text file that a person names, or that is in a usual place.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { getSystemErrorMap } from 'node:util'

import { CommandError } from './errors.ts'

export interface TextFile {
  readonly text: string
  /** Whether it began with a byte order mark, which is not in the text. */
  readonly hadMark: boolean
  /** Whether anyone but its owner may change it. */
  readonly othersMayWrite: boolean
  /** Whether everybody may read it. */
  readonly everybodyMayRead: boolean
}

/** Bytes; far more than any file here has. */
const longestFile = 1024 * 1024

/**
 * The whole of a file in UTF-8; undefined where there is none.
 * @param name the file as the person knows it, for the error
 * @throws CommandError if it is no regular file or cannot be read; a device might never end
 */
export async function readTextFile(path: string, name: string): Promise<TextFile | undefined> {
  try {
    const found = await stat(path)
    if (!found.isFile() && !(found.isFIFO() && isOpenAlready(path))) throw new Error(describeKind(found))
    const bytes = await readBytes(path)
    const text = decode(bytes)
    return {
      text: text.replace(/^\uFEFF/, ''),
      hadMark: text.startsWith('\uFEFF'),
      othersMayWrite: saysMode(found) && (found.mode & 0o022) !== 0,
      everybodyMayRead: saysMode(found) && (found.mode & 0o004) !== 0,
    }
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CommandError('failed', `cannot read ${name}: ${reasonOf(cause)}`, { cause })
  }
}

/** Whether the mode says who may do what: on Windows it does not. */
function saysMode(found: { isFile(): boolean }): boolean {
  return found.isFile() && process.platform !== 'win32'
}

/** The reason of a file error in words, without the system's code and the path. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const [, words] = ('errno' in cause ? getSystemErrorMap().get(Number(cause.errno)) : undefined) ?? []
  return fileReasons.get(codeOf(cause) ?? '') ?? words ?? cause.message
}

const fileReasons: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'it is larger than the system allows'],
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'a part of its path is no directory'],
  ['EISDIR', 'it is a directory'],
  ['EEXIST', 'there is a file of this name already'],
  ['ELOOP', 'its symbolic links lead nowhere'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['EPERM', 'the system does not permit it'],
  ['EMFILE', 'too many files are open: raise the limit that "ulimit -n" shows'],
  ['ENFILE', 'too many files are open on this machine'],
  ['EIO', 'the disk does not read or write as it should'],
  ['EBUSY', 'another program uses it'],
  ['EPIPE', 'nobody reads it'],
])

/** A pipe that a shell has opened, as for `<(command)`: other pipes may never have a writer. */
function isOpenAlready(path: string): boolean {
  return /^\/(?:dev|proc\/(?:self|\d+))\/(?:fd\/\d+|stdin)$/.test(path)
}

function describeKind(found: { isDirectory(): boolean; isFIFO(): boolean }): string {
  if (found.isDirectory()) return 'it is a directory'
  return found.isFIFO() ? 'it is a named pipe, and a file is wanted' : 'it is a device, and a file is wanted'
}

async function readBytes(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of createReadStream(path)) {
    length += (chunk as Buffer).length
    if (length > longestFile) throw new Error('it has more than 1 MiB')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

function decode(bytes: Buffer): string {
  const [first, second] = bytes
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  if (isMarked || bytes.includes(0)) throw new Error('it is text in UTF-16, or no text at all: save it as UTF-8')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Error('it is not text in UTF-8: save it as that')
  }
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
}
