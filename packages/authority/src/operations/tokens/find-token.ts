// Finds a token by id, and makes the access request for it.
import { actions, type Action } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { ListedToken } from '../../domain/token.ts'
import { refuseStray } from '../perform/authorise.ts'
import { judge, type Judged } from '../perform/blocks.ts'
import { usesKnownSince } from '../perform/note-uses.ts'
import type { OperationContext, AccessRequest } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'

export interface FoundToken {
  readonly record: Judged<ListedToken>
  readonly organisation: Organisation
  /** Milliseconds. */
  readonly usesKnownSince: number
}

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * The access request for `action` on the token: on its organisation, or on its app if it is limited to one. The token
 * itself is exempt as it was minted, and not when narrowed: the holder of a narrowed copy must not end it for the
 * others. Blocked, or from where it is not good, it may end itself and see nothing.
 * @throws DomainError `not_found`
 */
export async function accessToken(
  context: OperationContext<ReadTransaction>,
  id: string,
  action: Action,
): Promise<AccessRequest<FoundToken>> {
  const normalised = id.toLowerCase()
  // The error does not repeat text that is not an id, because people paste tokens where ids belong.
  if (!idPattern.test(normalised)) throw new DomainError('not_found', 'this is not the id of a token')
  const record = await context.tx.tokens.byIdWithNames(normalised)
  const organisation = record && (await context.tx.organisations.byId(record.organisationId))
  if (record === undefined || organisation === undefined) {
    throw new DomainError('not_found', `there is no token ${normalised}`)
  }
  const [judged = { ...record, block: undefined }] = await judge(context.tx, organisation, [record])
  return {
    subject: {
      record: judged,
      organisation,
      usesKnownSince: await usesKnownSince(context.tx, context.environment.uses),
    },
    requirement: {
      kind: 'access',
      organisation,
      access: record.appId === null ? { action } : { action, appId: BigInt(record.appId) },
      exempt: (credential) =>
        isAsMinted(credential, record) && (action === actions.write || refuseStray(credential, context) === undefined),
      ...(action === actions.write ? { isEnding: true } : {}),
    },
    target: `token ${record.id}`,
    organisationId: organisation.id,
  }
}

/**
 * Whether it is the token itself, with exactly the caveats it was minted with. Undecidable for tokens without stored
 * caveats, so false.
 */
function isAsMinted(credential: Credential, { id, caveats }: ListedToken): boolean {
  if (credential.kind !== 'token' || credential.record.id !== id || caveats === null) return false
  return Buffer.compare(encodeCaveats(credential.verified.macaroon.unsafeCaveats), caveats) === 0
}
