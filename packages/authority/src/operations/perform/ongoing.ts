// Calls that go on for seconds after their transaction: each ends as soon as its caller may not make it any more.
import { DomainError } from '../../domain/errors.ts'
import type { ReadTransaction, Store } from '../../domain/store.ts'

/** A call that goes on, and what it counts for. */
export interface OngoingCall {
  /** The network of the client, and the person or token that asks. Each may have a number of calls at a time. */
  readonly network: string
  readonly owner: string
  /** Scarce places that it takes up, if any. */
  readonly places?: readonly Place[]
  /** Whether nobody waits for the answer any more. */
  readonly hasLeft: () => boolean
  /** Throws if the caller may not make this call at this moment. */
  readonly check: (tx: ReadTransaction) => Promise<void>
}

/** Something that only a few calls may take up at a time. */
export interface Place {
  /** For people, behind "there is room for": `16 commands of one token`. */
  readonly room: string
  /** Calls with the same key share it. */
  readonly key: string
  readonly most: number
}

export interface OngoingCalls {
  /**
   * Runs the work of a call. It ends with the error of `check` soon after that begins to fail, even if the work does not
   * listen to the signal.
   * @throws DomainError `rate_limited` if too many go on already
   */
  run<T>(call: OngoingCall, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Ends all calls, and refuses others from then on. */
  close(): void
}

/** How many calls may go on, together, from one network, and of one owner. */
export interface OngoingBounds {
  readonly all: number
  readonly network: number
  readonly owner: number
}

/** Milliseconds between two checks. With the check itself, a call ends within a second. */
const interval = 400
const defaultBounds: OngoingBounds = { all: 2000, network: 500, owner: 200 }

/** No calls yet. All are checked in one snapshot of the store. If it cannot be read, they end. */
export function createOngoingCalls(store: Pick<Store, 'read'>, bounds: OngoingBounds = defaultBounds): OngoingCalls {
  const calls = new Map<OngoingCall, (reason: unknown) => void>()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function expectRoom({ network, owner, places = [] }: OngoingCall): void {
    let [ofNetwork, ofOwner] = [0, 0]
    for (const call of calls.keys()) {
      if (call.network === network) ofNetwork += 1
      if (call.owner === owner) ofOwner += 1
    }
    for (const { room, key, most } of places) {
      const taken = [...calls.keys()].filter((call) => call.places?.some((place) => place.key === key))
      if (taken.length >= most) {
        throw new DomainError('rate_limited', `there is room for ${room}: try again when one has ended`, {
          retryAfter: 1,
        })
      }
    }
    if (calls.size < bounds.all && ofNetwork < bounds.network && ofOwner < bounds.owner) return
    throw new DomainError('rate_limited', 'too many requests wait or go on already: try again when one has ended', {
      retryAfter: 1,
    })
  }

  async function look(): Promise<void> {
    const open = [...calls]
    try {
      for (const [call, end] of open) if (call.hasLeft()) end(new DomainError('unavailable', 'the client has left'))
      const verdicts = await store.read((tx) => Promise.allSettled(open.map(([call]) => call.check(tx))))
      for (const [at, verdict] of verdicts.entries()) if (verdict.status === 'rejected') open[at]?.[1](verdict.reason)
    } catch (error) {
      for (const [, end] of open) end(error)
    }
    timer = undefined
    watch()
  }

  function watch(): void {
    if (calls.size > 0) timer ??= setTimeout(() => void look(), interval)
  }

  return {
    async run(call, work) {
      if (isClosed) throw closing()
      expectRoom(call)
      const ending = new AbortController()
      const ended = new Promise<never>((_resolve, reject) => {
        calls.set(call, reject)
      })
      watch()
      try {
        return await Promise.race([work(ending.signal), ended])
      } finally {
        calls.delete(call)
        ending.abort()
      }
    },

    close() {
      isClosed = true
      for (const end of calls.values()) end(closing())
    },
  }
}

function closing(): DomainError {
  return new DomainError('unavailable', 'the authority is stopping: try again in a moment')
}
