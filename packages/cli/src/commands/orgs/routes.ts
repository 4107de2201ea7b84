// The grammar of `hallpass orgs`.
import { membershipDemands, roles } from '@hallpass/client/words'
import { buildCommand, buildRouteMap } from '@stricli/core'

import type { Context } from '../../context.ts'
import { globalAliases, globalFlags, jsonFlag, optionalWord, textFlag, word, yesFlag } from '../../flags.ts'
import { withContext, withoutInheritance } from '../../routes.ts'

const slug = word('Slug of the organization', 'org')
const email = word('Email address of the person', 'email')
const jsonAliases = { ...globalAliases, j: 'json' } as const
const yesAliases = { ...globalAliases, y: 'yes' } as const

const list = buildCommand({
  loader: async () => withContext((await import('./list.ts')).listOrganisations),
  parameters: { flags: { ...jsonFlag, ...globalFlags }, aliases: jsonAliases },
  docs: { brief: 'List the organizations that you reach, with their slugs' },
})

const create = buildCommand({
  loader: async () => withContext((await import('./create.ts')).createOrganisation),
  parameters: {
    flags: { slug: textFlag('Slug; made from the name where it is absent', 'slug'), ...jsonFlag, ...globalFlags },
    aliases: jsonAliases,
    positional: { kind: 'tuple', parameters: [word('Name of the organization', 'name')] },
  },
  docs: { brief: 'Create an organization' },
})

const show = buildCommand({
  loader: async () => withContext((await import('./show.ts')).showOrganisation),
  parameters: {
    flags: { ...jsonFlag, ...globalFlags },
    aliases: jsonAliases,
    positional: { kind: 'tuple', parameters: [slug] },
  },
  docs: { brief: 'Show an organization and its members' },
})

const update = buildCommand({
  loader: async () => withContext((await import('./update.ts')).updateOrganisation),
  parameters: {
    flags: {
      name: textFlag('New name', 'name'),
      requireMembership: {
        kind: 'enum',
        values: membershipDemands,
        optional: true,
        brief: 'What tokens made from now on ask about the person in whose name they were made',
      },
      tokensMayMint: {
        kind: 'boolean',
        optional: true,
        brief: 'Whether tokens of the organization make others: with --no-tokens-may-mint people alone do',
      },
      ...jsonFlag,
      ...globalFlags,
    },
    aliases: jsonAliases,
    positional: { kind: 'tuple', parameters: [slug] },
  },
  docs: {
    brief: 'Change the settings of an organization',
    fullDescription:
      'Change the settings of an organisation. With --require-membership member, tokens that are made from now on work\n' +
      'only while the person in whose name they were made is a member; with login, this person has to confirm their use in\n' +
      'a browser besides, every ten minutes. Tokens from before stay as they are.\n' +
      'With --no-tokens-may-mint, people alone make tokens, and a token that leaked makes no others.',
  },
})

const deleteCommand = buildCommand({
  loader: async () => withContext((await import('./delete.ts')).deleteOrganisation),
  parameters: {
    flags: { ...yesFlag, ...globalFlags },
    aliases: yesAliases,
    positional: { kind: 'tuple', parameters: [slug] },
  },
  docs: { brief: 'Delete an organization that has no apps, and with it its tokens' },
})

const invite = buildCommand({
  loader: async () => withContext((await import('./invite.ts')).inviteMember),
  parameters: {
    flags: {
      role: { kind: 'enum', values: roles, default: 'member', brief: 'Role of the new member' },
      ...jsonFlag,
      ...globalFlags,
    },
    aliases: jsonAliases,
    positional: { kind: 'tuple', parameters: [slug, email] },
  },
  docs: {
    brief: 'Invite a person to an organization',
    fullDescription:
      'Invite a person to an organisation. The code is printed once, and a link with it: hand one of them to the person\n' +
      'yourself. An authority that has a mail server sends the link besides.',
  },
})

const invitations = buildCommand({
  loader: async () => withContext((await import('./invitations.ts')).listInvitations),
  parameters: {
    flags: { ...jsonFlag, ...globalFlags },
    aliases: jsonAliases,
    positional: { kind: 'tuple', parameters: [optionalWord('Slug of the organization; your own without it', 'slug')] },
  },
  docs: {
    brief: 'List the invitations to an organization that are open, or your own',
    fullDescription:
      'List the invitations to an organization that are open. Without a slug, list your own: join with `hallpass orgs join ID`,\n' +
      'or say no with `hallpass orgs decline ID`. That takes an email address that is proven to be yours.',
  },
})

const withdraw = buildCommand({
  loader: async () => withContext((await import('./withdraw.ts')).withdrawInvitation),
  parameters: { flags: globalFlags, aliases: globalAliases, positional: { kind: 'tuple', parameters: [slug, email] } },
  docs: { brief: 'Withdraw the invitation of a person' },
})

const join = buildCommand({
  loader: async () => withContext((await import('./join.ts')).joinOrganisation),
  parameters: {
    flags: { ...jsonFlag, ...globalFlags },
    aliases: jsonAliases,
    positional: { kind: 'tuple', parameters: [word('Code of the invitation, or its id among your own', 'code')] },
  },
  docs: { brief: 'Join the organization that you are invited to' },
})

const decline = buildCommand({
  loader: async () => withContext((await import('./decline.ts')).declineInvitation),
  parameters: {
    flags: globalFlags,
    aliases: globalAliases,
    positional: { kind: 'tuple', parameters: [word('Id of the invitation among your own', 'id')] },
  },
  docs: { brief: 'Decline an invitation' },
})

const remove = buildCommand({
  loader: async () => withContext((await import('./remove.ts')).removeMember),
  parameters: {
    flags: { ...yesFlag, ...globalFlags },
    aliases: yesAliases,
    positional: { kind: 'tuple', parameters: [slug, email] },
  },
  docs: {
    brief: 'Remove a member',
    fullDescription: 'Remove a member. The tokens that the person made stay alive until they are revoked.',
  },
})

const role = buildCommand({
  loader: async () => withContext((await import('./role.ts')).changeRole),
  parameters: {
    flags: { ...jsonFlag, ...globalFlags },
    aliases: jsonAliases,
    positional: {
      kind: 'tuple',
      parameters: [slug, email, { ...word(roles.join(' or '), 'role'), proposeCompletions: () => [...roles] }],
    },
  },
  docs: { brief: "Change a member's role" },
})

const audit = buildCommand({
  loader: async () => withContext((await import('./audit.ts')).listAuditEvents),
  parameters: {
    flags: { ...jsonFlag, ...globalFlags },
    aliases: jsonAliases,
    positional: { kind: 'tuple', parameters: [slug] },
  },
  docs: { brief: 'List what happened in an organization, newest first' },
})

export const orgsRoutes = buildRouteMap<string, Context>({
  routes: withoutInheritance({
    list,
    create,
    show,
    update,
    delete: deleteCommand,
    invite,
    invitations,
    withdraw,
    join,
    decline,
    remove,
    role,
    audit,
  }),
  aliases: { ls: 'list' },
  docs: { brief: 'Manage organizations and their members' },
})
