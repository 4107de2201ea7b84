// Writes down, step by step, what revocations left because it was much; it is dead already.
import type { Store } from '../domain/store.ts'
import type { DescendantsRevoked } from '../domain/token.ts'

/** At most so many steps, each a transaction between those of others. A store that fails leaves the rest for later. */
export async function finishRevocations(
  { store }: { readonly store: Store },
  steps: number,
): Promise<DescendantsRevoked> {
  let revoked = 0
  try {
    for (let step = 0; step < steps; step++) {
      const done = await store.write((tx) => tx.tokens.continueRevocations())
      revoked += done.revoked
      if (!done.more) return { revoked, more: false }
    }
  } catch {
    // Nothing lives for it.
  }
  return { revoked, more: true }
}

/** Carries on with what is left, now and from time to time. Returns what ends it. */
export function keepFinishingRevocations(store: Store): () => void {
  let busy = false
  async function look(): Promise<void> {
    if (busy) return
    busy = true
    try {
      if (await store.read((tx) => tx.tokens.revocationsAreUnfinished())) await finishRevocations({ store }, Infinity)
    } catch {
      // A store that does not answer is asked again.
    } finally {
      busy = false
    }
  }
  void look()
  const timer = setInterval(() => void look(), interval).unref()
  return () => clearInterval(timer)
}

// Milliseconds.
const interval = 10_000
