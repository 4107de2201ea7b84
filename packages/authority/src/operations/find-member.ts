// Finds a member of an organisation, and keeps it from losing its last admin.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../domain/errors.ts'
import type { Member, Organisation } from '../domain/organisation.ts'
import type { ReadTransaction } from '../domain/store.ts'
import { findOrganisation } from './find.ts'
import type { Intent, Scene } from './operation.ts'

export interface FoundMember {
  readonly organisation: Organisation
  readonly member: Member
}

/** What changing a membership takes: `membership` for writing, which admins alone have. */
export async function accessMember(
  scene: Scene<ReadTransaction>,
  { slug, email }: { readonly slug: string; readonly email: string },
  options: { readonly selfAllowed: boolean },
): Promise<Intent<FoundMember | undefined>> {
  const organisation = await findOrganisation(scene, slug)
  const user = await scene.tx.users.byEmail(email)
  const membership = user && (await scene.tx.memberships.find(organisation.id, user.id))
  const subject = user &&
    membership && {
      organisation,
      member: { userId: user.id, email: user.email, role: membership.role, joinedAt: membership.createdAt },
    }
  return {
    subject,
    requirement: {
      kind: 'access',
      organisation,
      access: { action: actions.write, feature: 'membership' },
      exempt: (credential) =>
        options.selfAllowed && credential.kind === 'user' && credential.user.id === membership?.userId,
    },
    target: `member ${email}`,
    organisationId: organisation.id,
  }
}

/** Who is not a member is told so only to those who may ask: after authorisation. */
export function requireMember(found: FoundMember | undefined, email: string): FoundMember {
  if (found === undefined) throw new DomainError('not_found', `${email} is not a member of this organisation`)
  return found
}

/** @throws DomainError `conflict` where the member is the only admin left */
export async function keepAnAdmin(tx: ReadTransaction, { organisation, member }: FoundMember): Promise<void> {
  if (member.role === 'admin' && (await tx.memberships.countAdmins(organisation.id)) <= 1) {
    throw new DomainError('conflict', `${member.email} is the last admin of organisation ${organisation.slug}`)
  }
}
