// Disk space reserved for revocations: a file that is given up when the disk is full, and made again later.
import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { constants as system } from 'node:os'

import { refusalOf } from '../domain/errors.ts'

export class Reserve {
  readonly #path: string
  readonly #regained: () => void
  readonly #warn: (sentence: string) => void
  #retry: NodeJS.Timeout | undefined
  #isShort = false
  #isClosed = false
  #isRefused = false

  /**
   * @param regained called when there is room again
   * @param warn called with the reason if the file cannot be made, unless the disk is full
   */
  constructor(path: string, regained: () => void, warn: (sentence: string) => void) {
    this.#path = path
    this.#regained = regained
    this.#warn = warn
  }

  /** Whether only writes that take authority away are allowed. */
  get isShort(): boolean {
    return this.#isShort
  }

  /**
   * Makes the file if it is incomplete. If there is no room for it, the disk counts as full, and what there is stays.
   */
  async keep(): Promise<void> {
    if (sizeOf(this.#path) === reserveSize || (await this.#make()) !== 'full') return
    this.noteFull()
    if (sizeOf(this.#path) > 0) return
    for (let size = reserveSize / 2; size >= leastSize && (await this.#make(size)) === 'full'; size /= 2);
  }

  /** From now on there is no room, until there is enough for a whole reserve. */
  noteFull(): void {
    this.#isShort = true
    this.#retry ??= setTimeout(() => void this.#regain(), interval).unref()
  }

  /**
   * Whether a file as long as the longest of these can grow: limited by the disk, a quota, and the limit of the
   * process.
   */
  hasRoomBehind(paths: readonly string[]): boolean {
    const probe = `${this.#path}.probe`
    try {
      // A remote quota shows only in a flushed write.
      const file = openSync(probe, flushed, 0o600)
      try {
        // With a hole before it, so it takes no more room than this.
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

  /** Makes the file again, if there is room by now. */
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

  /** Makes another file even if one exists: only so much free space counts as room. */
  async #make(size = reserveSize): Promise<'made' | 'full' | 'refused'> {
    const draft = `${this.#path}.part`
    try {
      const file = await open(draft, flushed, 0o600)
      try {
        // Random bytes, which a compressing file system cannot shrink.
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
          `${this.#path} cannot be made: ${refusalOf(error, this.#path)}. ` +
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

// O_SYNC flushes each write, because Node.js under its permission model has no fsync.
const flushed = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_SYNC

// Each revocation takes about 40 KB of the log, which starts over after each of them.
const reserveSize = 2 * 2 ** 20

// Enough to open the database.
const leastSize = 64 * 2 ** 10

// Milliseconds between two checks for room.
const interval = 1000
