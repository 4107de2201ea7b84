// Reads and writes files of a root filesystem that is mounted and in which nothing runs. Links cannot lead out of it.
import { chmod, lchown, lstat, mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { EngineError } from '../engine-error.ts'
import type { FileSpec } from '../engine.ts'
import { firstUser } from './user-namespace.ts'

/** @param root on this machine. Folders on the way are made; a file that is there is replaced. */
export async function writeInside(root: string, { path, content, mode = 0o644 }: FileSpec): Promise<void> {
  const parts = partsOf(path)
  const name = parts.pop() ?? ''
  const file = join(await enter(root, parts, 'files'), name)
  if ((await lstat(file).catch(() => undefined))?.isDirectory() === true) {
    throw new EngineError('bad_spec', 'files must not take the place of folders of the image', { field: 'files' })
  }
  await rm(file, { force: true })
  await writeFile(file, content, { flag: 'wx', mode: 0o600 })
  await lchown(file, firstUser, firstUser)
  await chmod(file, mode)
}

/** The folder from the root on, without links. @param field of the spec that names it */
export async function makeFolder(root: string, path: string, field: string): Promise<string> {
  return (await enter(root, partsOf(path), field)).slice(root.length)
}

/** Empty where there is none, or it is no file of at most 1 MiB. */
export async function readInside(root: string, path: string): Promise<string> {
  const parts = partsOf(path)
  for (let step = 0; step < maxLinks; step += 1) {
    const name = parts.pop() ?? ''
    const folder = await enter(root, parts).catch(() => undefined)
    if (folder === undefined) return ''
    const file = join(folder, name)
    const found = await lstat(file).catch(() => undefined)
    if (found?.isFile() === true && found.size <= 2 ** 20) return readFile(file, 'utf8')
    if (found?.isSymbolicLink() !== true) return ''
    const target = await readlink(file)
    if (target.startsWith('/')) parts.length = 0
    parts.push(...partsOf(target))
  }
  return ''
}

/** The folder on this machine. @param field of the spec, where missing folders are to be made */
async function enter(root: string, parts: readonly string[], field?: string): Promise<string> {
  const rest = parts.toReversed()
  let inside: string[] = []
  let links = 0
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '..') {
      inside.pop()
      continue
    }
    const place = join(root, ...inside, part)
    const found = await lstat(place).catch(() => undefined)
    if (found?.isSymbolicLink() === true && (links += 1) <= maxLinks) {
      const target = await readlink(place)
      if (target.startsWith('/')) inside = []
      rest.push(...partsOf(target).toReversed())
    } else if (found?.isDirectory() === true) {
      inside.push(part)
    } else if (found === undefined && field !== undefined) {
      await mkdir(place, { mode: 0o755 })
      await lchown(place, firstUser, firstUser)
      inside.push(part)
    } else {
      throw new EngineError('bad_spec', `${field ?? 'path'} must lead through folders of the image`, {
        field: field ?? 'files',
      })
    }
  }
  return join(root, ...inside)
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

const maxLinks = 40
