// Organisations, their settings, members and audit events.
import { z } from 'zod'

import { routesOf } from './route.ts'
import { runLabelFields } from './run-labels.ts'
import { cursor, emailAddress, label, line, pageLimit, part, pathName, timestamp } from './text.ts'
import { membershipDemands, roles } from './words.ts'

export const role = z.enum(roles)
export type Role = z.infer<typeof role>

export const organisationParams = z.object({ org_slug: pathName })

const membershipDemand = z
  .enum(membershipDemands)
  .describe(
    'What tokens minted from then on demand when they are used: that the person in whose name they were made is still a member, or also confirms it.',
  )
export type MembershipDemand = z.infer<typeof membershipDemand>

export const organisation = z
  .object({
    slug: z.string().describe("`personal` for the caller's own personal organization."),
    raw_slug: z.string(),
    name: z.string(),
    type: z.enum(['PERSONAL', 'SHARED']),
    internal_numeric_id: z.number().int().describe('The id that Organization caveats carry.'),
    role: role.nullable().describe("The caller's role; null for a token."),
    require_membership_discharge: membershipDemand,
    tokens_may_mint: z.boolean().describe('Whether its tokens mint others; false where people alone do.'),
    created_at: timestamp,
  })
  .meta({ id: 'Organisation' })
export type Organisation = z.infer<typeof organisation>

const member = z
  .object({
    id: z.number().int(),
    email: z.string(),
    email_proven: z.boolean().describe('False where nobody has shown that the address is theirs.'),
    role,
    joined_at: timestamp,
  })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof member>

const organisationDetails = organisation
  .extend({ members: z.array(member), app_count: z.number().int() })
  .meta({ id: 'OrganisationDetails' })
export type OrganisationDetails = z.infer<typeof organisationDetails>

const memberParams = z.object({ org_slug: pathName, email: emailAddress })

const auditEvent = z
  .object({
    id: z.number().int(),
    at: timestamp,
    operation: z.string(),
    outcome: z.enum(['allowed', 'denied']),
    actor: z.object({
      kind: z.enum(['user', 'token', 'nobody']),
      id: z.string(),
      label: z.string(),
      derived: z
        .string()
        .optional()
        .describe('The name `dt_…` of the token as a holder had narrowed it; absent for one as it was minted.'),
      ...runLabelFields,
    }),
    target: z.string(),
    reason: z.string(),
    request_id: z.string(),
  })
  .meta({ id: 'AuditEvent' })
export type AuditEvent = z.infer<typeof auditEvent>

export const auditQuery = z.strictObject({ limit: pageLimit.default(100), cursor: cursor.optional() })
export const auditEvents = z.object({ events: z.array(auditEvent), next_cursor: z.string().optional() })
export type AuditEvents = z.infer<typeof auditEvents>

export const organisationRoutes = routesOf('organisations', {
  listOrganisations: {
    summary: 'The organizations that the caller reaches, by name; a token sees its own',
    query: z.strictObject({
      search: part(80).default('').describe('Part of the name or the slug, in any case.'),
      limit: pageLimit.optional().describe('All where it is absent.'),
      cursor: cursor.optional(),
    }),
    answer: z.object({ orgs: z.array(organisation), next_cursor: z.string().optional() }),
  },

  createOrganisation: {
    summary: 'Create a shared organization; the caller becomes its admin',
    body: z.strictObject({
      name: line(80),
      slug: label.optional().describe('Made from the name where it is absent.'),
    }),
    status: 201,
    answer: organisation,
  },

  showOrganisation: {
    summary: 'One organization and its members',
    params: organisationParams,
    answer: organisationDetails,
  },

  updateOrganisation: {
    summary: "Change an organization's settings; what is absent stays as it is",
    params: organisationParams,
    body: z
      .strictObject({
        name: line(80).optional(),
        require_membership_discharge: membershipDemand.optional(),
        tokens_may_mint: z.boolean().optional(),
      })
      .refine((body) => Object.keys(body).length > 0, { error: 'is missing a field to change' }),
    answer: organisation,
  },

  deleteOrganisation: {
    summary: 'Delete an organization that has no apps; its tokens are dead from now on',
    params: organisationParams,
  },

  changeRole: {
    summary: "Change a member's role",
    params: memberParams,
    body: z.strictObject({ role }),
    answer: member,
  },

  removeMember: {
    summary: 'Remove a member; the tokens that they made stay until they are revoked',
    params: memberParams,
  },

  listAuditEvents: {
    summary: 'What happened in the organization, newest first',
    params: organisationParams,
    query: auditQuery,
    answer: auditEvents,
  },
})
