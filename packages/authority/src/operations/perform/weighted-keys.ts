// A bounded map by key: if there are too many keys, those that matter least are forgotten first.
import { hash } from 'node:crypto'

export interface WeightedKeys<T> {
  /** Undefined if it is unknown or has expired. */
  get(key: string): T | undefined
  /**
   * `weight` from 0 to 1: how much of its limit the key has used. It counts until `until`, in milliseconds of the
   * clock.
   */
  set(key: string, value: T, weight: number, until: number): void
}

interface Entry<T> {
  readonly value: T
  readonly level: number
  readonly until: number
}

const levels = 10

/**
 * Keeps `most` keys. Strangers with many keys push out each other's, of which each has used little, and not a key that
 * has used up its limit. Keys are stored as hashes, so that all take the same room.
 */
export function createWeightedKeys<T>(most: number, clock: () => number): WeightedKeys<T> {
  const entries = new Map<string, Entry<T>>()
  // The keys of each level, least recently set first.
  const ranks = Array.from({ length: levels + 1 }, () => new Set<string>())

  function forget(name: string): void {
    const entry = entries.get(name)
    if (entry === undefined) return
    ranks[entry.level]?.delete(name)
    entries.delete(name)
  }

  function makeRoom(): void {
    const now = clock()
    for (const rank of ranks) {
      for (const name of rank) {
        if ((entries.get(name)?.until ?? 0) > now) break
        forget(name)
      }
    }
    const [eldest] = entries.size <= most ? [] : (ranks.find(({ size }) => size > 0) ?? [])
    if (eldest !== undefined) forget(eldest)
  }

  return {
    get(key) {
      const entry = entries.get(nameOf(key))
      return entry !== undefined && entry.until > clock() ? entry.value : undefined
    },
    set(key, value, weight, until) {
      const name = nameOf(key)
      forget(name)
      const level = Math.min(levels, Math.max(0, Math.ceil(weight * levels)))
      entries.set(name, { value, level, until })
      ranks[level]?.add(name)
      if (entries.size > most) makeRoom()
    },
  }
}

function nameOf(key: string): string {
  return hash('sha256', key, 'base64url')
}
