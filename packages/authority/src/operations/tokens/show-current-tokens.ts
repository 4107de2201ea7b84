// token.current: the tokens in the request.
import { getCaveats, type VerifiedMacaroon } from '@hallpass/macaroon'

import type { ReadTransaction } from '../../domain/store.ts'
import { endOf } from '../perform/authenticate.ts'
import type { ReadOperation } from '../perform/operation.ts'

export interface CurrentToken {
  readonly id: string
  readonly organisationSlug: string
  /** Names of the apps that a caveat limits the token to; empty if none does. */
  readonly apps: readonly string[]
  readonly userEmail: string | null
  /** The one machine that the token is limited to; empty if there is no such limit. */
  readonly machine: string
  /** The machine that asks, through its own socket; empty if it came another way. */
  readonly sourceMachine: string
  /** When it ends as it is narrowed, in milliseconds. */
  readonly expiresAt: number
}

export const showCurrentTokens: ReadOperation<undefined, undefined, readonly CurrentToken[]> = {
  name: 'token.current',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'credential' }, target: 'token', organisationId: null }
  },

  async run({ tx, principal, caller }) {
    const current: CurrentToken[] = []
    for (const credential of principal.credentials) {
      if (credential.kind !== 'token') continue
      const { record, verified } = credential
      const organisation = await tx.organisations.byId(record.organisationId)
      const creator = record.createdBy === null ? undefined : await tx.users.byId(record.createdBy)
      current.push({
        id: record.id,
        organisationSlug: organisation?.slug ?? '',
        apps: await appsOf(tx, record.organisationId, verified),
        userEmail: creator?.email ?? null,
        machine: machineOf(verified),
        sourceMachine: caller.source?.sourceMachine ?? '',
        expiresAt: Math.min(record.expiresAt, endOf(verified.macaroon)),
      })
    }
    return current
  },
}

async function appsOf(
  tx: ReadTransaction,
  organisationId: number,
  verified: VerifiedMacaroon,
): Promise<readonly string[]> {
  const ids = new Set(getCaveats(verified.caveats, 'Apps').flatMap(({ apps }) => [...(apps?.keys() ?? [])]))
  const names: string[] = []
  for (const id of ids) {
    // Ids come from the token, which may name any number; ours fit 32 bits. Only apps of the token's own organisation
    // are named, so that nobody learns others' app names by narrowing a token of their own to them.
    const app = id < 2n ** 31n ? await tx.apps.byId(Number(id)) : undefined
    if (app?.organisationId === organisationId) names.push(app.name)
  }
  return names.sort()
}

function machineOf(verified: VerifiedMacaroon): string {
  const [machines] = getCaveats(verified.caveats, 'Machines')
  const ids = [...(machines?.machines?.keys() ?? [])]
  return ids.length === 1 ? (ids[0] ?? '') : ''
}
