// The authority's time: a browser's clock may be days wrong, and what ends or has ended is for the authority to say.

export interface Clock {
  /** Milliseconds since 1970, as the authority counts them once it has answered. */
  readonly now: () => number
  /** How far the authority's time is ahead of the browser's, in milliseconds. */
  readonly ahead: () => number
  /** Says when `ahead` changes. Call what it returns to hear no more. */
  readonly subscribe: (changed: () => void) => () => void
  /** Asks as `fetch` does, and learns the time from the `Date` of the answer. */
  readonly follow: (fetch: typeof globalThis.fetch) => typeof globalThis.fetch
}

/** A difference this small is not followed: else times on the page would move with each answer. */
const tolerance = 2000

/** @param browserNow the browser's clock, in milliseconds since 1970 */
export function createClock(browserNow: () => number = Date.now): Clock {
  let ahead = 0
  const listeners = new Set<() => void>()

  /** @param date of the answer, which was made after `asked` and before `answered`; it has whole seconds */
  function learn(date: number, asked: number, answered: number): void {
    const least = date - answered
    const most = date + 1000 - asked
    // A browser whose clock was set meanwhile has answers from before their questions: the next one says more.
    if (Number.isNaN(date) || least > most) return
    if (ahead >= least - tolerance && ahead <= most + tolerance) return
    ahead = Math.round((least + most) / 2)
    for (const changed of listeners) changed()
  }

  return {
    now: () => browserNow() + ahead,
    ahead: () => ahead,
    subscribe(changed) {
      listeners.add(changed)
      return () => void listeners.delete(changed)
    },
    follow:
      (fetch) =>
      async (...request) => {
        const asked = browserNow()
        const response = await fetch(...request)
        learn(Date.parse(response.headers.get('date') ?? ''), asked, browserNow())
        return response
      },
  }
}
