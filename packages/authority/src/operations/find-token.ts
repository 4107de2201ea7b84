// Finds a token by its id, and says what acting on it takes.
import type { Action } from '@hallpass/macaroon'

import { DomainError } from '../domain/errors.ts'
import type { Organisation } from '../domain/organisation.ts'
import type { ReadTransaction } from '../domain/store.ts'
import type { ListedToken } from '../domain/token.ts'
import type { Intent, Scene } from './operation.ts'

export interface FoundToken {
  readonly record: ListedToken
  readonly organisation: Organisation
}

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * What `action` on the token takes: its organisation, or its app where it is limited to one. The token itself and
 * the person who made it are exempt.
 * @throws DomainError `not_found`
 */
export async function accessToken(
  scene: Scene<ReadTransaction>,
  id: string,
  action: Action,
): Promise<Intent<FoundToken>> {
  const normalised = id.toLowerCase()
  // What is not an id is not repeated: people paste tokens where ids belong.
  if (!idPattern.test(normalised)) throw new DomainError('not_found', 'this is not the id of a token')
  const record = await scene.tx.tokens.byIdWithNames(normalised)
  const organisation = record && (await scene.tx.organisations.byId(record.organisationId))
  if (record === undefined || organisation === undefined) {
    throw new DomainError('not_found', `there is no token ${normalised}`)
  }
  return {
    subject: { record, organisation },
    requirement: {
      kind: 'access',
      organisation,
      access: record.appId === null ? { action } : { action, appId: BigInt(record.appId) },
      exempt: (credential) =>
        credential.kind === 'token'
          ? credential.record.id === record.id
          : record.createdBy !== null && credential.user.id === record.createdBy,
    },
    target: `token ${record.id}`,
    organisationId: organisation.id,
  }
}
