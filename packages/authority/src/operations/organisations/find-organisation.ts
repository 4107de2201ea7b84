// Finds an organisation by slug, and makes the access request for it.
import type { Access } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { personalAlias, slugPattern, type Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { OperationContext, AccessRequest } from '../perform/operation.ts'
import { findUser } from '../perform/principal.ts'

/**
 * The organisation with this slug; `personal` is the caller's own.
 * @throws DomainError `not_found`
 */
export async function findOrganisation(
  context: OperationContext<ReadTransaction>,
  slug: string,
): Promise<Organisation> {
  const found = slug === personalAlias ? await findPersonal(context) : await context.tx.organisations.bySlug(slug)
  if (found === undefined) throw noneOfName('organization', slug)
  return found
}

/**
 * The access request for the organisation with this slug.
 * @throws DomainError `not_found`
 */
export async function accessOrganisation(
  context: OperationContext<ReadTransaction>,
  slug: string,
  access: Omit<Access, 'now' | 'orgId'>,
): Promise<AccessRequest<Organisation>> {
  const organisation = await findOrganisation(context, slug)
  return {
    subject: organisation,
    requirement: { kind: 'access', organisation, access },
    target: `organisation ${organisation.slug}`,
    organisationId: organisation.id,
  }
}

/** The error for an unknown name. */
export function noneOfName(kind: 'organization' | 'app', name: string): DomainError {
  return new DomainError('not_found', `there is no ${kind}${echo(name)}`)
}

async function findPersonal({ tx, principal }: OperationContext<ReadTransaction>): Promise<Organisation | undefined> {
  const user = findUser(principal)
  if (user !== undefined) return tx.organisations.personalOf(user.id)
  for (const credential of principal.credentials) {
    if (credential.kind !== 'token') continue
    const organisation = await tx.organisations.byId(credential.record.organisationId)
    if (organisation?.personalOf != null) return organisation
  }
  return undefined
}

const codePattern = /^[a-z0-9]{8}(?:-[a-z0-9]{8}){3}$/

/** Repeats only text that can be a name and cannot be a code, because people paste secrets where names belong. */
function echo(name: string): string {
  return slugPattern.test(name) && !codePattern.test(name) ? ` ${name}` : ' of this name'
}
