// What one site has had looked at and verified in vain: whoever spends much of it is given less at a time.
import { siteOf } from './limits.ts'
import { createWeightedKeys } from './weighted-keys.ts'

/** What may be spent on one header. */
export interface HeaderAllowance {
  /** Hashes, blocks that are hashed and comparisons. */
  readonly steps: number
  /** Tokens that count for nothing. */
  readonly refused: number
  /** Of all kinds, and all characters of it. */
  readonly tokens: number
  readonly length: number
  /** Seconds until there is more; 0 where this is all that anybody has. */
  readonly wait: number
}

export interface WastedWork {
  /** For a header that comes from this address. */
  allowanceFor(address: string): HeaderAllowance
  count(address: string, steps: number): void
}

/**
 * Twenty milliseconds of work, one of them regained a second: sixty requests a second with two dead tokens each take as much.
 */
const bucket = { most: 20_000, perSecond: 1000 } as const
const mostSites = 20_000

/** Of one that has used up what it has: so much that neighbours of whoever did it hardly notice. */
const reduced = { steps: 250, refused: 8, tokens: 16, length: 16_384 } as const

/** `clock` in milliseconds, of one that nobody sets; `full` is what a header of anybody else may take. */
export function createWastedWork(clock: () => number, full: HeaderAllowance): WastedWork {
  const sites = createWeightedKeys<{ readonly used: number; readonly at: number }>(mostSites, clock)
  const usedBy = (site: string) => {
    const { used, at } = sites.get(site) ?? { used: 0, at: 0 }
    return Math.max(0, used - ((clock() - at) / 1000) * bucket.perSecond)
  }
  return {
    allowanceFor(address) {
      const excess = usedBy(siteOf(address)) - bucket.most
      return excess < 0 ? full : { ...reduced, wait: Math.max(1, Math.ceil(excess / bucket.perSecond)) }
    },
    count(address, steps) {
      if (steps === 0) return
      const site = siteOf(address)
      const used = Math.min(usedBy(site) + steps, 2 * bucket.most)
      sites.set(
        site,
        { used, at: clock() },
        Math.min(1, used / bucket.most),
        clock() + (used / bucket.perSecond) * 1000,
      )
    },
  }
}
