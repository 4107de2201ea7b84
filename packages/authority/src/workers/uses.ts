// Writes down which credentials were used, in batches beside the requests: nothing waits for it, and its failure changes no
// answer.
import { setTimeout as pause } from 'node:timers/promises'

import { isUnavailable } from '../domain/errors.ts'
import type { Store } from '../domain/store.ts'
import type { HeldUses, UseLog } from '../domain/use-log.ts'
import type { Worker } from './worker.ts'

export interface UseWriterOptions {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly uses: UseLog
  /** Called when writing fails, once until it works again. */
  readonly report: (error: unknown) => void
  /** Called when uses were not noted, with their number. */
  readonly reportDropped: (count: number) => void
  /** Milliseconds between two writings; 20,000 by default. */
  readonly interval?: number | undefined
}

/** Writes now and then at intervals, and earlier if many are held. Its end writes the rest, for at most two seconds. */
export function startUseWriter(options: UseWriterOptions): Worker {
  const { store, uses, report, reportDropped, interval = 20_000 } = options
  const stopping = new AbortController()
  let waking = new AbortController()
  uses.onMany = () => waking.abort()
  let isReported = false
  let isSinceKept = false

  async function keepSince(patience: number): Promise<void> {
    if (isSinceKept) return
    const known = await store.read((tx) => tx.uses.knownSince(), { patience })
    if (known === undefined) await store.write((tx) => tx.uses.setKnownSince(uses.since), { patience })
    isSinceKept = true
  }

  /** Writes all that is noted, up to that time of the monotonic clock. What cannot be written now is kept for the next time. */
  async function writeDown(until: number): Promise<void> {
    const left = () => Math.min(patience, until - performance.now())
    const batches = inBatches(uses.take())
    let written = 0
    try {
      await keepSince(left())
      for (const batch of batches) {
        if (left() <= 0 || (until === Infinity && stopping.signal.aborted)) break
        const finished = uses.finish(batch)
        await store.write((tx) => tx.uses.record(finished), { isStep: true, patience: left() })
        written += 1
        await pause(restMilliseconds)
      }
      isReported = false
    } catch (error) {
      // The store reports its own trouble.
      if (!isUnavailable(error)) {
        if (!isReported) report(error)
        isReported = true
      }
    }
    const rest = batches.slice(written)
    uses.giveBack({ tokens: rest.flatMap(({ tokens }) => tokens), logins: rest.flatMap(({ logins }) => logins) })
    if (uses.dropped > 0) reportDropped(uses.dropped)
    uses.dropped = 0
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Before the writing: what is noted during it may be many again.
      waking = new AbortController()
      await writeDown(Infinity)
      const signal = AbortSignal.any([stopping.signal, waking.signal])
      await pause(interval, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  const working = work()
  return {
    async stop() {
      const until = performance.now() + closingTime
      stopping.abort()
      await working
      await writeDown(until)
    },
  }
}

/** Credentials in one transaction, which takes a few milliseconds. */
const batchSize = 100
const restMilliseconds = 10
/** Milliseconds for one transaction, and for all of the last writing: an authority must end in time. */
const patience = 2_000
const closingTime = 2_000

function inBatches({ tokens, logins }: HeldUses): HeldUses[] {
  const batches: HeldUses[] = []
  for (let at = 0; at < tokens.length; at += batchSize) {
    batches.push({ tokens: tokens.slice(at, at + batchSize), logins: [] })
  }
  for (let at = 0; at < logins.length; at += batchSize) {
    batches.push({ tokens: [], logins: logins.slice(at, at + batchSize) })
  }
  return batches
}
