// membership.invite: a code that makes whoever holds it, and the address it is for, a member.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { mostPendingInvitations, type Organisation, type Role } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import { createCode, describeUser, hashCode, invitationLifetime, type User } from '../../domain/user.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import { writeInvitation } from './invitation-mail.ts'
import type { Services, WriteOperation } from '../perform/operation.ts'

export interface InviteMember {
  readonly slug: string
  readonly email: string
  readonly role: Role
}

export interface Invited {
  readonly id: number
  readonly email: string
  readonly role: Role
  /** Shown once. */
  readonly code: Secret
  /** The page that takes the code. */
  readonly url: Secret
  readonly expiresAt: number
  readonly organisation: Organisation
  /** The page with the code that stands in the mail alone; undefined where no mail is sent. */
  readonly mailUrl: Secret | undefined
  /** The person in whose name it is. */
  readonly invitedBy: User
  /** Whether an earlier invitation of this address was open, whose code admits nobody now. */
  readonly replaced: boolean
  /** Whether a mail server took a message with the link. */
  readonly mailed: boolean
}

export const inviteMember: WriteOperation<InviteMember, Organisation, Invited> = {
  name: 'membership.invite',
  mode: 'write',

  async access(context, { slug, email }) {
    const access = { action: actions.write, feature: 'membership' }
    return { ...(await accessOrganisation(context, slug, access)), namedTarget: `member ${email}` }
  },

  async run({ tx, environment, now }, { input: { email, role }, subject: organisation, actor }) {
    if (organisation.personalOf !== null) {
      throw new DomainError('conflict', 'a personal organization has one member: create a shared one to work together')
    }
    const user = await tx.users.byEmail(email)
    if (user !== undefined && (await tx.memberships.find(organisation.id, user.id)) !== undefined) {
      throw new DomainError('conflict', `${email} is a member of organization ${organisation.slug} already`, {
        field: 'email',
      })
    }
    const replaced = await tx.invitations.closeOf(organisation.id, email)
    if ((await tx.invitations.pending(organisation.id, now)).length >= mostPendingInvitations) {
      throw new DomainError('conflict', `${mostPendingInvitations} invitations are open already: withdraw some first`)
    }
    const createdBy = actor.kind === 'user' ? actor.user.id : actor.record.createdBy
    const invitedBy = createdBy === null ? undefined : await tx.users.byId(createdBy)
    if (invitedBy === undefined) {
      throw new DomainError('forbidden', 'the person in whose name this token would invite has no account any more')
    }
    const code = createCode(environment.randomBytes)
    // One of its own: who shows up with it has read the mail, which who shows up with the other need not have.
    const mailCode = environment.mailer && createCode(environment.randomBytes)
    const { id, expiresAt } = await tx.invitations.insert({
      organisationId: organisation.id,
      email,
      role,
      codeHash: hashCode(code.reveal()),
      mailCodeHash: mailCode === undefined ? null : hashCode(mailCode.reveal()),
      createdBy: invitedBy.id,
      createdAt: now,
      expiresAt: now + invitationLifetime,
      acceptedAt: null,
    })
    const url = invitationUrl(environment, code)
    const mailUrl = mailCode && invitationUrl(environment, mailCode)
    return { id, email, role, code, url, mailUrl, expiresAt, organisation, invitedBy, replaced, mailed: false }
  },

  async afterCommit({ environment: { mailer, mailLimit }, caller: { requestId } }, invited) {
    const { email, role, mailUrl, expiresAt, organisation, invitedBy } = invited
    // Whoever has sent a lot still has the link to hand over.
    if (mailer === undefined || mailUrl === undefined || mailLimit.take(invitedBy.email) > 0) return invited
    const mail = writeInvitation({
      to: email,
      invitedBy: describeUser(invitedBy),
      organisation: organisation.name,
      role,
      url: mailUrl.reveal(),
      expiresAt,
    })
    return { ...invited, mailed: await mailer.send(mail, requestId) }
  },
}

/** Behind the #: browsers send it to nobody, so it stands in no log. */
function invitationUrl({ publicUrl }: Services, code: Secret): Secret {
  return code.map((text) => `${publicUrl()}/invite#${text}`)
}
