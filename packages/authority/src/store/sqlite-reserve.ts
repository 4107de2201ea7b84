// Room on the disk that is kept for revocations: a file that is given up when the disk is full, and made anew later.
import { existsSync, rmSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'

export class Reserve {
  readonly #path: string
  readonly #regained: () => void
  #retry: NodeJS.Timeout | undefined
  #isShort = false
  #isClosed = false

  /** @param regained told when there is room again */
  constructor(path: string, regained: () => void) {
    this.#path = path
    this.#regained = regained
  }

  /** Whether only what takes authority away is to be written. */
  get isShort(): boolean {
    return this.#isShort
  }

  /** Makes the file where it is missing. Without the room for it, the disk counts as full. */
  async keep(): Promise<void> {
    if (existsSync(this.#path) || (await this.#make())) return
    this.noteFull()
  }

  /** From now on there is no room, until there is some for a whole reserve. */
  noteFull(): void {
    this.#isShort = true
    this.#retry ??= setTimeout(() => void this.#regain(), interval).unref()
  }

  /** Returns whether there was anything to give up. */
  giveUp(): boolean {
    if (!existsSync(this.#path)) return false
    rmSync(this.#path, { force: true })
    return true
  }

  /** Makes the file again, where there is room for it by now. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    if (this.#isShort && !existsSync(this.#path)) await this.#make()
  }

  async #regain(): Promise<void> {
    const made = await this.#make()
    this.#retry = undefined
    if (this.#isClosed) return
    if (!made) return this.noteFull()
    this.#isShort = false
    this.#regained()
  }

  /** One more, also where there is one: only so much room is room. */
  async #make(): Promise<boolean> {
    const draft = `${this.#path}.part`
    try {
      const file = await open(draft, 'w', 0o600)
      try {
        // What a file system that packs cannot pack.
        await file.writeFile(randomBytes(reserveSize))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, this.#path)
      return true
    } catch {
      await rm(draft, { force: true }).catch(() => {})
      return false
    }
  }
}

// Each revocation takes some 40 KB of the log, which starts over after each of them.
const reserveSize = 2 * 2 ** 20

// Milliseconds between two looks for room.
const interval = 1000
