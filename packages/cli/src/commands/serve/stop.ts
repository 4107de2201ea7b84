// When a server stops: on the first signal cleanly, on a second one at once.
import { constants } from 'node:os'
import process from 'node:process'

import { exitCodes } from '../../errors.ts'

/** A terminal sends Ctrl-C to npm and to us, and npm passes it on: a second one within this time is the same. */
const sameSignal = 300

/** How long all of it may take once nothing is answered any more, in milliseconds. */
const patience = 10_000

/**
 * Ends the process at a signal, until the returned function is called: an interrupted start loses nothing. The first
 * process of a container ignores signals without a listener.
 */
export function stopAtOnce(): () => void {
  const end = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal])
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  return () => {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
  }
}

interface Stoppable {
  readonly failed: Promise<Error>
  readonly drain: () => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Ends when a signal has come, and then `drain` and `close` are done; ends the process where closing takes too long.
 * @throws what `failed` resolves with, once `close` is done then too
 */
export async function waitForStop({ failed, drain, close }: Stoppable): Promise<void> {
  let failure: Error | undefined
  await new Promise<void>((resolve) => {
    void failed.then((error) => {
      failure = error
      resolve()
    })
    let first: number | undefined
    const handle = () => {
      if (first === undefined) {
        first = performance.now()
        resolve()
      } else if (performance.now() - first > sameSignal) {
        process.exit(exitCodes.failed)
      }
    }
    process.on('SIGINT', handle)
    process.on('SIGTERM', handle)
  })
  if (failure === undefined) await Promise.race([drain(), failed])
  const deadline = performance.now() + patience
  const late = setTimeout(() => process.exit(exitCodes.failed), patience)
  await close()
  clearTimeout(late)
  // Do not wait for what is left open, as a pipe that nobody reads.
  setTimeout(() => process.exit(), Math.min(2000, deadline - performance.now())).unref()
  if (failure !== undefined) throw failure
}
