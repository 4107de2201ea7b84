// Whose turn it is to drive machines: one authority of several on one database.
import { setTimeout as pause } from 'node:timers/promises'

import type { Engine } from '@hallpass/engine'

import type { ReadTransaction, Store } from '../domain/store.ts'

/** It is another authority's turn: nothing is written, and nothing is done. */
export class TurnLost extends Error {}

export interface Turn {
  /** Whether it is this authority's, as far as it knows. */
  has(): boolean
  /** The same in the transaction of a write of the driver: another authority may have taken the turn. */
  hasIn(tx: ReadTransaction): Promise<boolean>
  /** Whether the engine answers the authority whose turn it is, by its last report. */
  othersAnswers(): boolean
  /** Gives it away. */
  stop(): Promise<void>
}

const name = 'machine_driver'
const answered = 'answers'
const span = 5000
const interval = 1500

/**
 * `changed` is called when it is this authority's turn, and when it is no more. A database that only this process opens needs
 * no turns.
 */
export function takeTurns(options: {
  readonly store: Pick<Store, 'isRemote' | 'write'>
  /** Unique to this authority. */
  readonly id: string
  /** Milliseconds since 1970; and monotonic milliseconds. */
  readonly now: () => number
  readonly clock: () => number
  readonly changed: (isMine: boolean) => void
  /** Reported to the others. */
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
  /** What another wrote last, and since when it is known here. */
  let seen = { text: '', at: -Infinity }
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
      const text = (await tx.settings.get(name)) ?? ''
      const [holder = '', , engine = answered] = text.split(' ')
      // The holder of the turn writes it again before it is over. The clocks of two machines may differ by more, so they are
      // never compared.
      if (text !== seen.text) seen = { text, at: clock() }
      if (holder !== '' && holder !== id && clock() - seen.at <= span) {
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
      // As soon as another's is over, it is taken.
      const left = seen.at + span - clock()
      await pause(!isMine && left > 0 ? Math.min(interval, left + 1) : interval, undefined, {
        signal: stopping.signal,
        ref: false,
      }).catch(() => {})
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

/**
 * The engine, which nobody changes whose turn it is not: a process that was stopped for a while, or waited long, does not go on
 * where it was. Such changes throw TurnLost.
 */
export function fence(engine: Engine, turn: () => Turn): Engine {
  return new Proxy(engine, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver)
      if (typeof method !== 'function' || !changing.has(name)) return method
      return async (...given: readonly unknown[]): Promise<unknown> => {
        if (!turn().has()) throw new TurnLost()
        return Reflect.apply(method, target, given)
      }
    },
  })
}

const changing: ReadonlySet<string | symbol> = new Set<keyof Engine>([
  'create',
  'start',
  'signal',
  'stop',
  'pause',
  'resume',
  'remove',
  'removeNetwork',
  'createVolume',
  'extendVolume',
  'removeVolume',
])
