// Reads the log of a run from its files, and follows it.
import { watch } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

import type { LogLine, LogOptions } from '../engine.ts'
import { nanosecondsOf } from '../log-time.ts'
import { names } from './log-writer.ts'
import { readRecord } from './records.ts'

/** @param folder of a run that is there */
export async function* readLog(folder: string, options: LogOptions = {}): AsyncGenerator<LogLine> {
  const { after, tail, follow = false, abort } = options
  const limit = after === undefined ? 0n : nanosecondsOf(after)
  abort?.throwIfAborted()
  let wake = (): void => {}
  const watcher = follow ? watch(folder, () => wake()).on('error', () => wake()) : undefined
  const onAbort = (): void => wake()
  abort?.addEventListener('abort', onAbort)
  let last: string[] | undefined = tail === undefined ? undefined : []
  let file: OpenFile | undefined
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const isOver = !follow || (await isEnded(folder))
      for (;;) {
        abort?.throwIfAborted()
        file ??= await openNext(folder)
        const lines = file === undefined ? [] : await readLines(file)
        if (lines.length === 0) {
          if (file === undefined || !(await isReplaced(folder, file))) break
          // The lines written before it was replaced.
          for (const line of await readLines(file)) if (last !== undefined) last.push(line)
          const before = file
          await before.handle.close()
          file = await openNext(folder, before.inode)
          continue
        }
        for (const line of lines) {
          if (last !== undefined) {
            last.push(line)
            if (last.length > 2 * (tail ?? 0) + 1000) last = last.slice(-(tail ?? 0))
            continue
          }
          const parsed = parse(line)
          if (limit === 0n || nanosecondsOf(parsed.at) > limit) yield parsed
          abort?.throwIfAborted()
        }
      }
      if (last !== undefined) {
        for (const line of tail === 0 ? [] : last.slice(-(tail ?? 0))) {
          const parsed = parse(line)
          if (limit === 0n || nanosecondsOf(parsed.at) > limit) yield parsed
        }
        last = undefined
      }
      if (isOver) return
      await woken
      abort?.throwIfAborted()
    }
  } finally {
    watcher?.close()
    abort?.removeEventListener('abort', onAbort)
    await file?.handle.close().catch(() => {})
  }
}

interface OpenFile {
  readonly handle: FileHandle
  readonly inode: number
  readonly isOld: boolean
  at: number
  rest: Buffer
}

/** The older of the two; after a file its successor, or the oldest that is left. */
async function openNext(folder: string, before?: number): Promise<OpenFile | undefined> {
  for (const name of names) {
    const handle = await open(join(folder, name), 'r').catch(() => undefined)
    if (handle === undefined) continue
    const { ino: inode } = await handle.stat()
    const isOld = name === names[0]
    // The file that was read is now the old one: continue with the new one.
    if (inode !== before) return { handle, inode, isOld, at: 0, rest: Buffer.alloc(0) }
    await handle.close()
  }
  return undefined
}

async function isReplaced(folder: string, { inode, isOld }: OpenFile): Promise<boolean> {
  const now = await stat(join(folder, names[1])).catch(() => undefined)
  return isOld ? now !== undefined : now !== undefined && now.ino !== inode
}

/** The next whole lines; none at the end. */
async function readLines(file: OpenFile): Promise<string[]> {
  for (;;) {
    const { bytesRead, buffer } = await file.handle.read(Buffer.allocUnsafe(2 ** 17), 0, 2 ** 17, file.at)
    if (bytesRead === 0) return []
    file.at += bytesRead
    const bytes = Buffer.concat([file.rest, buffer.subarray(0, bytesRead)])
    const end = bytes.lastIndexOf(10) + 1
    file.rest = bytes.subarray(end)
    if (end > 0) return bytes.toString('utf8', 0, end - 1).split('\n')
  }
}

async function isEnded(folder: string): Promise<boolean> {
  return (await readRecord(folder, 'exit.json')) !== undefined || (await readRecord(folder, 'run.json')) === undefined
}

function parse(line: string): LogLine {
  const space = line.indexOf(' ')
  const letter = line[space + 1] ?? 'o'
  return {
    at: line.slice(0, space),
    stream: letter.toLowerCase() === 'e' ? 'stderr' : 'stdout',
    text: line.slice(space + 3),
    truncated: letter === 'O' || letter === 'E',
  }
}
