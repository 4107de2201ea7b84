// Limits the work for forged and dead tokens of one site: a site that caused much of it gets less for each header.
import { siteOf } from './limits.ts'
import { createWeightedKeys } from './weighted-keys.ts'

/** The limits for one header. */
export interface HeaderAllowance {
  /** Hashes, hash blocks and comparisons. */
  readonly steps: number
  /** Tokens that do not count. */
  readonly refused: number
  /** The number of all tokens, and the characters of the header. */
  readonly tokens: number
  readonly length: number
  /** Seconds until there is more; 0 if nobody gets more. */
  readonly wait: number
}

export interface WastedWork {
  /** The limits for a header from this address. */
  allowanceFor(address: string): HeaderAllowance
  count(address: string, steps: number): void
}

/**
 * Twenty milliseconds of work, of which one is regained each second. Sixty requests a second with two dead tokens each
 * use as much.
 */
const bucket = { most: 20_000, perSecond: 1000 } as const
const mostSites = 20_000

/** The limits for a site that has used up its allowance: enough that its neighbours hardly notice. */
const reduced = { steps: 250, refused: 8, tokens: 16, length: 16_384 } as const

/** `clock` is monotonic, in milliseconds; `full` is the allowance of every other site. */
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
