// Room on the disk that is kept for revocations: a file that is given up when the disk is full, and made anew later.
import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { constants as system } from 'node:os'

import { denialOf } from '../domain/errors.ts'

export class Reserve {
  readonly #path: string
  readonly #regained: () => void
  readonly #warn: (sentence: string) => void
  #retry: NodeJS.Timeout | undefined
  #isShort = false
  #isClosed = false
  #isRefused = false

  /**
   * @param regained told when there is room again
   * @param warn told why the file cannot be made, where that is not for want of room
   */
  constructor(path: string, regained: () => void, warn: (sentence: string) => void) {
    this.#path = path
    this.#regained = regained
    this.#warn = warn
  }

  /** Whether only what takes authority away is to be written. */
  get isShort(): boolean {
    return this.#isShort
  }

  /** Makes the file where it is not whole. Without the room for it the disk counts as full, and what there is is kept. */
  async keep(): Promise<void> {
    if (sizeOf(this.#path) === reserveSize || (await this.#make()) !== 'full') return
    this.noteFull()
    if (sizeOf(this.#path) > 0) return
    for (let size = reserveSize / 2; size >= leastSize && (await this.#make(size)) === 'full'; size /= 2);
  }

  /** From now on there is no room, until there is some for a whole reserve. */
  noteFull(): void {
    this.#isShort = true
    this.#retry ??= setTimeout(() => void this.#regain(), interval).unref()
  }

  /** Whether a file that is as long as the longest of these can grow: by the disk, a quota, and the limit of a process. */
  hasRoomBehind(paths: readonly string[]): boolean {
    const probe = `${this.#path}.probe`
    try {
      // Where a quota is kept elsewhere, it is told by a write that is flushed.
      const file = openSync(probe, flushed, 0o600)
      try {
        // With a hole before it: it takes no more room than this.
        writeSync(file, randomBytes(leastSize), 0, leastSize, Math.max(0, ...paths.map(sizeOf)))
      } finally {
        closeSync(file)
        rmSync(probe, { force: true })
      }
      return true
    } catch (error) {
      return !isOfRoom(error)
    }
  }

  /** Gives up half of it. Returns whether there was any: the last part is for the next start. */
  giveUp(): boolean {
    const size = sizeOf(this.#path)
    if (size <= leastSize) return false
    truncateSync(this.#path, size / 2)
    return true
  }

  /** Makes the file again, where there is room for it by now. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    if (this.#isShort) await this.#make()
  }

  async #regain(): Promise<void> {
    const made = await this.#make()
    this.#retry = undefined
    if (this.#isClosed) return
    if (made === 'full') return this.noteFull()
    this.#isShort = false
    this.#regained()
  }

  /** One more, also where there is one: only so much room is room. */
  async #make(size = reserveSize): Promise<'made' | 'full' | 'refused'> {
    const draft = `${this.#path}.part`
    try {
      const file = await open(draft, flushed, 0o600)
      try {
        // What a file system that packs cannot pack.
        await file.writeFile(randomBytes(size))
      } finally {
        await file.close()
      }
      await rename(draft, this.#path)
      this.#isRefused = false
      return 'made'
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {})
      if (isOfRoom(error)) return 'full'
      if (!this.#isRefused)
        this.#warn(
          `${this.#path} cannot be made: ${denialOf(error) ?? (error instanceof Error ? error.message : String(error))}. ` +
            'Without it a full disk leaves no room for revocations',
        )
      this.#isRefused = true
      return 'refused'
    }
  }
}

/** Removes the file. Returns whether there was one. */
export function giveUpReserve(path: string): boolean {
  if (sizeOf(path) === 0) return false
  rmSync(path)
  return true
}

/** By number: Node has no name for EDQUOT. */
function isOfRoom(error: unknown): boolean {
  const { ENOSPC, EDQUOT, EFBIG } = system.errno
  return [ENOSPC, EDQUOT, EFBIG].includes(-Number(Reflect.get(Object(error), 'errno')))
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

// Under its permission model Node.js flushes nothing for a program: the system does, with each write.
const flushed = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_SYNC

// Each revocation takes some 40 KB of the log, which starts over after each of them.
const reserveSize = 2 * 2 ** 20

// As much as it takes to open the database.
const leastSize = 64 * 2 ** 10

// Milliseconds between two looks for room.
const interval = 1000
