// Whose turn it is to drive machines: one authority of several on one database.
import { setTimeout as pause } from 'node:timers/promises'

import type { ReadTransaction, Store } from '../domain/store.ts'

export interface Turn {
  /** Whether it is this authority's, as far as it knows. */
  has(): boolean
  /** Whether it is, in the transaction that writes what the driver found: another may have taken it. */
  hasIn(tx: ReadTransaction): Promise<boolean>
  /** Whether the engine answers the authority whose turn it is, as that said last. */
  othersAnswers(): boolean
  /** Gives it away. */
  stop(): Promise<void>
}

const name = 'machine_driver'
const answered = 'answers'
const span = 6000
const interval = 2000

/**
 * `changed` is called when it is this authority's turn, and when it is no more. A database that only this process opens needs
 * no turns.
 */
export function takeTurns(options: {
  readonly store: Store
  /** Unique to this authority. */
  readonly id: string
  /** Milliseconds since 1970; and monotonic milliseconds. */
  readonly now: () => number
  readonly clock: () => number
  readonly changed: (isMine: boolean) => void
  /** Told to the others. */
  readonly engineAnswers: () => boolean
}): Turn {
  const { store, id, now, clock, changed, engineAnswers } = options
  if (!store.isRemote) {
    changed(true)
    return { has: () => true, hasIn: async () => true, othersAnswers: () => true, stop: async () => {} }
  }
  const stopping = new AbortController()
  let endsAt = -Infinity
  let isMine = false
  let isAnswered = true

  function tell(): void {
    const is = clock() < endsAt
    if (is !== isMine) {
      isMine = is
      changed(is)
    }
  }

  async function take(): Promise<void> {
    const asked = clock()
    const got = await store.write(async (tx) => {
      const [holder = '', end = '0', engine = answered] = (await tx.settings.get(name))?.split(' ') ?? []
      const left = Number(end) - now()
      // One that lasts longer than any should was given by a clock that was ahead.
      if (holder !== '' && holder !== id && left > 0 && left <= span) {
        isAnswered = engine === answered
        return false
      }
      await tx.settings.set(name, `${id} ${now() + span} ${engineAnswers() ? answered : 'away'}`)
      return true
    })
    endsAt = got ? asked + span : -Infinity
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      // The store reports its own trouble; without it the turn ends by itself.
      await take().catch(() => {})
      tell()
      await pause(interval, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      tell()
    }
  }

  const working = work()
  const hasIn = async (tx: ReadTransaction) => (await tx.settings.get(name))?.split(' ')[0] === id
  return {
    has: () => clock() < endsAt,
    hasIn,
    othersAnswers: () => isAnswered,
    async stop() {
      stopping.abort()
      await working
      await store
        .write(async (tx) => {
          if (await hasIn(tx)) await tx.settings.set(name, '')
        })
        .catch(() => {})
    },
  }
}
