// membership.invite: makes a code that lets the person with this address join.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { mostPendingInvitations, type Organisation, type Role } from '../../domain/organisation.ts'
import type { Posted } from '../../domain/mail.ts'
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
  /** The page with the code. */
  readonly url: Secret
  readonly expiresAt: number
  readonly organisation: Organisation
  /** The mail with its own code; undefined if none is sent. */
  readonly posted: Posted | undefined
  /** The person in whose name the invitation is. */
  readonly invitedBy: User
  /** Whether it replaced an open invitation of this address, whose code is now void. */
  readonly replaced: boolean
  /** Whether a mail server took it; if not, it is retried. */
  readonly mailed: boolean
}

export const inviteMember: WriteOperation<InviteMember, Organisation, Invited> = {
  name: 'membership.invite',
  mode: 'write',

  async access(context, { slug, email }) {
    const access = { action: actions.write, feature: 'membership' }
    return { ...(await accessOrganisation(context, slug, access)), namedTarget: `member ${email}` }
  },

  async run({ tx, environment, caller: { requestId }, now }, { input: { email, role }, subject: organisation, actor }) {
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
    // The mail has its own code: only a reader of the mail has it, while the inviter sees the other.
    const mailCode = environment.postbox && createCode(environment.randomBytes)
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
    const post = async (mailed: Secret) => {
      const link = invitationUrl(environment, mailed).reveal()
      const words = { invitedBy: describeUser(invitedBy), organisation: organisation.name, role, url: link, expiresAt }
      const about = { requestId, expiresAt: now + mailLifetime, codeHash: hashCode(mailed.reveal()) }
      return environment.postbox?.post(tx, writeInvitation({ to: email, ...words }), about)
    }
    const posted = mailCode && (await post(mailCode))
    return { id, email, role, code, url, posted, expiresAt, organisation, invitedBy, replaced, mailed: false }
  },

  async afterCommit(context, invited) {
    const { posted, invitedBy } = invited
    if (posted === undefined) return invited
    // A person over the mail limit still gets the link to pass on.
    const wait = await context.environment.tryLimits.take([['mail', invitedBy.email]], context).catch(() => undefined)
    if (wait === 0) return { ...invited, mailed: await posted.send() }
    await context.write((tx) => tx.outbox.delete(posted.id)).catch(() => undefined)
    return invited
  },
}

// For two days the mail is retried until a server takes it.
const mailLifetime = 2 * 24 * 60 * 60 * 1000

/** After the #, which browsers send to no server, so it is in no log. */
function invitationUrl({ publicUrl }: Services, code: Secret): Secret {
  return code.map((text) => `${publicUrl()}/invite#${text}`)
}
