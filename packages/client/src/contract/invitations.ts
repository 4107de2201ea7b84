// Invitations to an organisation: a code, a link that carries it, and mail where the authority sends any.
import { z } from 'zod'

import { organisation, organisationParams, role } from './organisations.ts'
import { route } from './route.ts'
import { emailAddress, oneTimeCode, pathName, timestamp } from './text.ts'

const pendingInvitation = z
  .object({
    id: z.number().int(),
    email: z.string(),
    role,
    created_by: z
      .string()
      .nullable()
      .describe('Email address of who invited; null for a membership from before the address was proven.'),
    created_by_proven: z.boolean().describe('Whether who invited has shown that their address is theirs.'),
    created_at: timestamp,
    expires_at: timestamp,
  })
  .meta({ id: 'PendingInvitation' })
export type PendingInvitation = z.infer<typeof pendingInvitation>

const ownInvitation = pendingInvitation
  .omit({ email: true })
  .extend({ org_name: z.string() })
  .meta({ id: 'OwnInvitation' })
export type OwnInvitation = z.infer<typeof ownInvitation>

const invitation = z
  .object({
    id: z.number().int(),
    email: z.string(),
    role,
    code: z.string().describe('Shown once: hand it to the person invited.'),
    url: z.string().describe('A page that takes the code; it stands behind the #, which browsers do not send.'),
    mailed: z
      .boolean()
      .describe(
        'Whether a mail server took a message with the link within ten seconds. If not, it is retried for two days, unless ' +
          'the server refuses it for good.',
      ),
    replaced: z.boolean().describe('Whether it takes the place of an earlier one, whose code admits nobody now.'),
    expires_at: timestamp,
  })
  .meta({ id: 'Invitation' })
export type Invitation = z.infer<typeof invitation>

const invitationPreview = z
  .object({
    org_name: z.string(),
    email: z.string(),
    role,
    expires_at: timestamp,
    invited_by: z.string().nullable(),
    invited_by_proven: z.boolean().describe('Whether who invites has shown that their address is theirs.'),
    has_account: z
      .boolean()
      .describe(
        'Whether to log in, or to sign up: also over an account that nobody has proven, with a code that came by mail.',
      ),
  })
  .meta({ id: 'InvitationPreview' })
export type InvitationPreview = z.infer<typeof invitationPreview>

export const inviteMember = route('inviteMember', {
  summary: 'Invite a person to an organisation, in the place of an earlier invitation',
  tag: 'organisations',
  authenticated: true,
  params: organisationParams,
  body: z.strictObject({ email: emailAddress, role: role.default('member') }),
  status: 201,
  answer: invitation,
})

export const listInvitations = route('listInvitations', {
  summary: 'The invitations that can still be accepted, the newest first; never their codes',
  tag: 'organisations',
  authenticated: true,
  params: organisationParams,
  status: 200,
  answer: z.object({ invitations: z.array(pendingInvitation) }),
})

export const withdrawInvitation = route('withdrawInvitation', {
  summary: 'Withdraw an invitation: its code admits nobody from now on',
  tag: 'organisations',
  authenticated: true,
  params: organisationParams.extend({ invitation_id: pathName }),
  status: 204,
})

const invitationBody = z.strictObject({ invitation: oneTimeCode })

export const previewInvitation = route('previewInvitation', {
  summary: 'What an invitation is to, for whoever holds its code',
  tag: 'organisations',
  authenticated: false,
  body: invitationBody,
  status: 200,
  answer: invitationPreview,
})

export const acceptInvitation = route('acceptInvitation', {
  summary: 'Join the organisation that an invitation names',
  tag: 'organisations',
  authenticated: true,
  body: invitationBody,
  status: 200,
  answer: organisation,
})

export const listOwnInvitations = route('listOwnInvitations', {
  summary: "The invitations of the caller's address, once it is proven",
  tag: 'organisations',
  authenticated: true,
  status: 200,
  answer: z.object({ invitations: z.array(ownInvitation) }),
})

const ownParams = z.object({ invitation_id: pathName })

export const acceptOwnInvitation = route('acceptOwnInvitation', {
  summary: "Join the organisation that an invitation of the caller's proven address names",
  tag: 'organisations',
  authenticated: true,
  params: ownParams,
  status: 200,
  answer: organisation,
})

export const declineInvitation = route('declineInvitation', {
  summary: "Decline an invitation of the caller's proven address",
  tag: 'organisations',
  authenticated: true,
  params: ownParams,
  status: 204,
})
