// How far an image is, in words.
import type { Machine } from './contract/machine-answers.ts'

/** As `pulling 12 of 40 MB`; undefined where it waits for none, or nobody knows. */
export function describePull({ pull }: Pick<Machine, 'pull'>): string | undefined {
  if (pull === undefined) return undefined
  const [done, all] = [pull.bytes, pull.total_bytes].map((bytes) => Math.ceil(bytes / 1e6))
  return pull.phase === 'unpacking' ? 'unpacking its image' : `pulling ${done} of ${all} MB`
}
