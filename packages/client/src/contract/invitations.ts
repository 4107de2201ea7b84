// Invitations to an organisation: a code, a link that carries it, and mail where the authority sends any.
import { z } from 'zod'

import { organisation, organisationParams, role } from './organisations.ts'
import { routesOf } from './route.ts'
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

const invitationBody = z.strictObject({ invitation: oneTimeCode })

const ownParams = z.object({ invitation_id: pathName })

export const invitationRoutes = routesOf('organisations', {
  inviteMember: {
    summary: 'Invite a person to an organization, in the place of an earlier invitation',
    params: organisationParams,
    body: z.strictObject({ email: emailAddress, role: role.default('member') }),
    status: 201,
    answer: invitation,
  },

  listInvitations: {
    summary: 'The invitations that can still be accepted, the newest first; never their codes',
    params: organisationParams,
    answer: z.object({ invitations: z.array(pendingInvitation) }),
  },

  withdrawInvitation: {
    summary: 'Withdraw an invitation: its code admits nobody from now on',
    params: organisationParams.extend({ invitation_id: pathName }),
  },

  previewInvitation: {
    summary: 'What an invitation is to, for the holder of its code',
    authenticated: false,
    body: invitationBody,
    answer: invitationPreview,
  },

  acceptInvitation: {
    summary: 'Join the organization that an invitation names',
    body: invitationBody,
    answer: organisation,
  },

  listOwnInvitations: {
    summary: "The invitations of the caller's address, once it is proven",
    answer: z.object({ invitations: z.array(ownInvitation) }),
  },

  acceptOwnInvitation: {
    summary: "Join the organization that an invitation of the caller's proven address names",
    params: ownParams,
    answer: organisation,
  },

  declineInvitation: { summary: "Decline an invitation of the caller's proven address", params: ownParams },
})
