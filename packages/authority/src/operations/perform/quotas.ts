// Limits the apps, machines, volumes, members and live tokens of an organisation, as the operator configured.
import { DomainError } from '../../domain/errors.ts'
import type { Organisation, Quota } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'

/** For each organisation; Infinity means no limit. */
export type QuotaLimits = Readonly<Record<Quota, number>>

export interface Quotas {
  /**
   * Checks that there is room for one more, or for so many. `now` in milliseconds.
   * @throws DomainError `conflict` if there is none
   */
  expectRoom(tx: ReadTransaction, organisation: Organisation, quota: Quota, now: number, more?: number): Promise<void>
}

/** Nobody needs more by accident; tokens have no limit unless the operator sets one. */
export const defaultQuotas: QuotaLimits = {
  apps: 10_000,
  machines: 10_000,
  volumes: 10_000,
  volumeGb: 10_000,
  members: 10_000,
  tokens: Infinity,
}

/**
 * A count costs more the more there is, and a mint must stay cheap. So a count is good for a hundredth of the room that
 * it found, and at least for a thousandth of the limit. A single authority never exceeds a limit. Each other one on the
 * same database may exceed it by what its last count was good for: a hundredth of the limit at most.
 */
export function createQuotas(limits: QuotaLimits): Quotas {
  const room = new Map<string, number>()
  return {
    async expectRoom(tx, organisation, quota, now, more = 1) {
      const limit = limits[quota]
      if (limit === Infinity) return
      const key = `${organisation.id} ${quota}`
      const left = room.get(key) ?? 0
      if (left >= more) {
        room.set(key, left - more)
        return
      }
      const count = await tx.organisations.countUpTo(organisation.id, quota, limit, now)
      if (count + more > limit) throw full(organisation, quota, limit)
      if (room.size >= mostKept) room.clear()
      const found = Math.max(Math.floor((limit - count) / 100), Math.min(limit - count, Math.floor(limit / 1000)))
      // Minus what the caller takes.
      room.set(key, found - more)
    },
  }
}

const mostKept = 10_000

function full({ slug }: Organisation, quota: Quota, limit: number): DomainError {
  const sentence =
    quota === 'volumeGb'
      ? `the volumes of organization ${slug} may have ${limit} GB in all, and this would be more`
      : `organization ${slug} has ${limit} ${quota === 'tokens' ? 'live tokens' : quota}, and the operator of this authority allows no more`
  return new DomainError('conflict', sentence)
}
