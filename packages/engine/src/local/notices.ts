// Notices changes of runs by any process: the kernel says which folder of a run was touched.
import { watch, type FSWatcher } from 'node:fs'
import { mkdir, utimes } from 'node:fs/promises'

export interface Notices {
  /** Once it has resolved, no change is missed. The result ends it. */
  listen(listener: (runId: string) => void): Promise<() => void>
}

/** @param folder of the owner's runs */
export function createNotices(folder: string): Notices {
  const listeners = new Set<(runId: string) => void>()
  let watcher: FSWatcher | undefined
  return {
    async listen(listener) {
      await mkdir(folder, { recursive: true })
      listeners.add(listener)
      // One for all listeners.
      watcher ??= watch(folder, (_kind, name) => {
        if (name !== null) for (const one of listeners) one(name)
      }).on('error', () => {})
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        watcher?.close()
        watcher = undefined
      }
    },
  }
}

/** @param folder of the run */
export async function giveNotice(folder: string): Promise<void> {
  const now = new Date()
  // The removal itself is a notice.
  await utimes(folder, now, now).catch(() => {})
}
