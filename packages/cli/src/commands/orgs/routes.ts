// The grammar of `hallpass orgs`.
import { membershipDemands, roles } from '@hallpass/client/words'
import { choiceFlag, globalFlags, jsonFlag, optionalWord, textFlag, word, yesFlag } from '../../flags.ts'
import { command, group, words } from '../../routes.ts'
import { policyRoutes } from './policy/routes.ts'
import { trustRoutes } from './trust/routes.ts'

const slug = word('Slug of the organization', 'org')
const email = word('Email address of the person', 'email')

const list = command({
  load: async () => (await import('./list.ts')).listOrganisations,
  flags: { ...jsonFlag, ...globalFlags },
  brief: 'List the organizations that you reach, with their slugs',
})

const create = command({
  load: async () => (await import('./create.ts')).createOrganisation,
  flags: { slug: textFlag('Slug; made from the name where it is absent', 'slug'), ...jsonFlag, ...globalFlags },
  positional: words(word('Name of the organization', 'name')),
  brief: 'Create an organization',
})

const show = command({
  load: async () => (await import('./show.ts')).showOrganisation,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(slug),
  brief: 'Show an organization and its members',
})

const update = command({
  load: async () => (await import('./update.ts')).updateOrganisation,
  flags: {
    name: textFlag('New name', 'name'),
    requireMembership: choiceFlag(
      'What new tokens require of the person in whose name they were made',
      membershipDemands,
    ),
    tokensMayMint: {
      kind: 'boolean',
      optional: true,
      brief: 'Whether tokens of the organization make others: with --no-tokens-may-mint people alone do',
    },
    ...jsonFlag,
    ...globalFlags,
  },
  positional: words(slug),
  brief: 'Change the settings of an organization',
  description:
    'Change the settings of an organization. With --require-membership member, tokens that are made from now on work\n' +
    'only while the person in whose name they were made is a member; with login, this person must also confirm their\n' +
    'use in a browser every ten minutes. Tokens from before stay as they are.\n' +
    'With --no-tokens-may-mint, people alone make tokens, and those that tokens made are blocked: `hallpass orgs policy set`\n' +
    'sets this and other limits of tokens.',
})

const deleteCommand = command({
  load: async () => (await import('./delete.ts')).deleteOrganisation,
  flags: { ...yesFlag, ...globalFlags },
  positional: words(slug),
  brief: 'Delete an organization that has no apps, and with it its tokens',
})

const invite = command({
  load: async () => (await import('./invite.ts')).inviteMember,
  flags: {
    role: { kind: 'enum', values: roles, default: 'member', brief: 'Role of the new member' },
    ...jsonFlag,
    ...globalFlags,
  },
  positional: words(slug, email),
  brief: 'Invite a person to an organization',
  description:
    'Invite a person to an organization. The code is printed once, and a link with it: hand one of them to the person\n' +
    'yourself. An authority that has a mail server also sends the link.',
})

const invitations = command({
  load: async () => (await import('./invitations.ts')).listInvitations,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(optionalWord('Slug of the organization; your own without it', 'slug')),
  brief: 'List the invitations to an organization that are open, or your own',
  description:
    'List the invitations to an organization that are open. Without a slug, list your own: join with `hallpass orgs join ID`,\n' +
    'or say no with `hallpass orgs decline ID`. That takes an email address that is proven to be yours.',
})

const withdraw = command({
  load: async () => (await import('./withdraw.ts')).withdrawInvitation,
  flags: globalFlags,
  positional: words(slug, email),
  brief: 'Withdraw the invitation of a person',
})

const join = command({
  load: async () => (await import('./join.ts')).joinOrganisation,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(word('Code of the invitation, or its id among your own', 'code')),
  brief: 'Join the organization that you are invited to',
})

const decline = command({
  load: async () => (await import('./decline.ts')).declineInvitation,
  flags: globalFlags,
  positional: words(word('Id of the invitation among your own', 'id')),
  brief: 'Decline an invitation',
})

const remove = command({
  load: async () => (await import('./remove.ts')).removeMember,
  flags: { ...yesFlag, ...globalFlags },
  positional: words(slug, email),
  brief: 'Remove a member',
  description: 'Remove a member. The tokens that the person made stay alive until they are revoked.',
})

const role = command({
  load: async () => (await import('./role.ts')).changeRole,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(slug, email, { ...word(roles.join(' or '), 'role'), proposeCompletions: () => [...roles] }),
  brief: "Change a member's role",
})

const audit = command({
  load: async () => (await import('./audit.ts')).listAuditEvents,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(slug),
  brief: 'List what happened in an organization, newest first',
})

export const orgsRoutes = group({
  brief: 'Manage organizations and their members',
  routes: {
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
    policy: policyRoutes,
    trust: trustRoutes,
    audit,
  },
  aliases: { ls: 'list' },
})
