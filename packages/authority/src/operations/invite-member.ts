// membership.invite: a code that makes whoever holds it, and the address it is for, a member.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../domain/errors.ts'
import type { Organisation, Role } from '../domain/organisation.ts'
import type { Secret } from '../domain/secret.ts'
import { createCode, hashCode, invitationLifetime } from '../domain/user.ts'
import { intendOnOrganisation } from './intend.ts'
import type { Writing } from './operation.ts'

export interface InviteMember {
  readonly slug: string
  readonly email: string
  readonly role: Role
}

export interface Invited {
  readonly id: number
  readonly organisation: Organisation
  readonly email: string
  readonly role: Role
  /** Shown once. */
  readonly code: Secret
  readonly expiresAt: number
}

export const inviteMember: Writing<InviteMember, Organisation, Invited> = {
  name: 'membership.invite',
  mode: 'write',

  async access(scene, { slug, email }) {
    const access = { action: actions.write, feature: 'membership' }
    return { ...(await intendOnOrganisation(scene, slug, access)), target: `member ${email}` }
  },

  async run({ tx, environment, now }, { input: { email, role }, subject: organisation, actor }) {
    if (organisation.personalOf !== null) {
      throw new DomainError('conflict', 'a personal organisation has one member: create a shared one to work together')
    }
    const user = await tx.users.byEmail(email)
    if (user !== undefined && (await tx.memberships.find(organisation.id, user.id)) !== undefined) {
      throw new DomainError('conflict', `${email} is a member of organisation ${organisation.slug} already`, {
        field: 'email',
      })
    }
    const code = createCode(environment.randomBytes)
    const { id, expiresAt } = await tx.invitations.insert({
      organisationId: organisation.id,
      email,
      role,
      codeHash: hashCode(code.reveal()),
      createdBy: actor.kind === 'user' ? actor.user.id : actor.record.createdBy,
      createdAt: now,
      expiresAt: now + invitationLifetime,
      acceptedAt: null,
    })
    return { id, organisation, email, role, code, expiresAt }
  },
}
