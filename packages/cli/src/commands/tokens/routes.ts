// The grammar of `hallpass tokens`.
import { defaultExpiry, defaultGrace, listStates } from '@hallpass/client/words'
import {
  appFlags,
  choiceFlag,
  globalFlags,
  jsonFlag,
  networksFlag,
  optionalWord,
  organisationFlag,
  switchFlag,
  textFlag,
  textFlagWithDefault,
  word,
} from '../../flags.ts'
import { command, group, words } from '../../routes.ts'
import { attenuateCommand, checkCommand, debugCommand, explainCommand, thirdPartyRoutes } from './holder-routes.ts'

const expiryBrief = 'The duration that the token will be valid'

const organisationWord = { kind: 'tuple', parameters: [optionalWord('Slug of the organization', 'org')] } as const
const mintFlags = (name: string) =>
  ({
    expiry: textFlag(`${expiryBrief} (default: as the organization says, or ${defaultExpiry})`, 'duration', 'x'),
    name: textFlagWithDefault('Token name', 'name', name, 'n'),
    from: networksFlag,
    ...jsonFlag,
    ...globalFlags,
  }) as const

const org = command({
  load: async () => (await import('./create-org.ts')).createOrgToken,
  flags: { ...organisationFlag, ...mintFlags('Org deploy token') },
  positional: organisationWord,
  brief: 'Create org tokens',
  description:
    'Create a token that controls every app of one organization, and nothing outside it.\n' +
    'It is valid for 20 years unless you or the organization say otherwise: a shorter expiry is wiser where it is practical.',
})

const deploy = command({
  load: async () => (await import('./create-deploy.ts')).createDeployToken,
  flags: { ...appFlags, ...mintFlags('Deploy token') },
  brief: 'Create deploy tokens',
  description: 'Create a token that controls one app.',
})

const readonlyCommand = command({
  load: async () => (await import('./create-readonly.ts')).createReadonlyToken,
  flags: {
    ...organisationFlag,
    ...mintFlags('Read-only org token'),
    fromExisting: switchFlag('Narrow the token in use, without asking the authority'),
  },
  positional: organisationWord,
  brief: 'Create read-only org tokens',
  description: 'Create a token that may look at one organization and its apps, and change nothing.',
})

const ssh = command({
  load: async () => (await import('./create-ssh.ts')).createSshToken,
  flags: { ...appFlags, ...mintFlags('SSH token') },
  brief: 'Create tokens for SSH to the machines of one app',
})

const machineExec = command({
  load: async () => (await import('./create-machine-exec.ts')).createMachineExecToken,
  flags: {
    ...appFlags,
    command: {
      ...textFlag('An allowed command with its arguments, and no others', 'command', 'C'),
      variadic: true,
    },
    commandPrefix: {
      ...textFlag('An allowed command with its first arguments', 'command', 'p'),
      variadic: true,
    },
    ...mintFlags('Machine exec token'),
  },
  positional: { kind: 'array', parameter: word('An allowed command and its arguments', 'command') },
  brief: 'Create tokens that run some commands on the machines of one app',
  description:
    'Create a token that may run the given commands on the machines of one app. Without any, every command is allowed.\n' +
    'Write -- before a command that has flags of its own.',
})

const wireguard = command({
  load: async () => (await import('./create-wireguard.ts')).createWireGuardToken,
  flags: { ...organisationFlag, ...mintFlags('WireGuard token') },
  positional: organisationWord,
  brief: 'Create tokens that manage the WireGuard peers of one organization',
})

const litefsCloud = command({
  load: async () => (await import('./create-litefs-cloud.ts')).createLitefsCloudToken,
  flags: {
    ...organisationFlag,
    cluster: textFlag('Name of the cluster', 'name', 'c'),
    ...mintFlags('LiteFS Cloud token'),
  },
  brief: 'Create tokens for one LiteFS Cloud cluster',
})

const create = group({
  brief: 'Create tokens',
  routes: {
    org,
    deploy,
    readonly: readonlyCommand,
    ssh,
    'machine-exec': machineExec,
    wireguard,
    'litefs-cloud': litefsCloud,
  },
})

const list = command({
  load: async () => (await import('./list.ts')).listTokens,
  flags: {
    ...appFlags,
    scope: choiceFlag("Either 'app' or 'org' (default app)", ['app', 'org'], 's'),
    ...organisationFlag,
    all: switchFlag('Revoked and expired tokens too'),
    search: textFlag('A part of the name, in any case, or the first eight digits of the id or more', 'text'),
    createdBy: textFlag('Only tokens made in the name of this person', 'email'),
    kind: choiceFlag('Only tokens of one kind', ['org', 'deploy', 'litefs-cloud']),
    blocked: switchFlag('Only tokens that a limit of the organization blocks, or that wait for an admin'),
    pending: switchFlag('Only tokens that no admin has approved'),
    endsWithin: textFlag('Only live tokens that end within so long, as 7d', 'duration'),
    sort: choiceFlag('What the list is sorted by (default expires)', ['expires', 'created', 'name', 'last-used']),
    state: choiceFlag('Which tokens are listed (default live)', listStates),
    unused: textFlag('Only tokens that were not used for so long, as 90d, and are as old', 'duration'),
    ...jsonFlag,
    ...globalFlags,
  },
  positional: organisationWord,
  brief: 'List tokens',
  description:
    'List the live tokens of one app, or with --scope org all of an organization. Tokens themselves are never shown.',
})

const show = command({
  load: async () => (await import('./show.ts')).showToken,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(word('Id of a token, as `tokens list` shows it', 'token')),
  brief: 'Show a token, and where it was used',
  description:
    'Show what is remembered of a token: who made it, until when it is good, and when, from where and for what it was\n' +
    'last used. The token itself is never shown.',
})

const revoke = command({
  load: async () => (await import('./revoke.ts')).revokeTokens,
  flags: {
    only: switchFlag('Keep the tokens that these have made'),
    derived: switchFlag('Only these narrowed tokens: what they come from lives on'),
    ...jsonFlag,
    ...globalFlags,
  },
  positional: {
    kind: 'array',
    parameter: word(
      'Id of a token, as `tokens list` shows it, or the token itself; - reads it from standard input',
      'token',
    ),
    minimum: 1,
  },
  brief: 'Revoke tokens',
  description:
    'Revoke tokens, and with each all that were narrowed from it, all that it made, and all that those made. They are\n' +
    'dead at once. With --only, the tokens that it made live on, but not those that were narrowed from it.\n' +
    'A token that leaked can be given itself, also where it is cut off or damaged: its id names it, and your own\n' +
    'login says whether you may. Better than as an argument, which every program here can read, it comes from a pipe:\n' +
    '`pbpaste | hallpass tokens revoke -`.\n' +
    'With --derived, one token dies of those that somebody narrowed, with those that were narrowed from it and all that\n' +
    'these made. The token that it comes from lives on, as do the others. It is given itself, whole, or by its name\n' +
    '`dt_…`, which `orgs audit` shows with everything that it did.',
})

const rename = command({
  load: async () => (await import('./rename.ts')).renameToken,
  flags: { ...jsonFlag, ...globalFlags },
  positional: { kind: 'tuple', parameters: [word('Id of the token', 'id'), word('Its new name', 'name')] },
  brief: 'Give a token another name',
})

const approve = command({
  load: async () => (await import('./approve.ts')).approveToken,
  flags: { ...jsonFlag, ...globalFlags },
  positional: { kind: 'tuple', parameters: [word('Id of the token', 'id')] },
  brief: 'Approve a token that waits for an admin',
  description:
    'Let a token be good that no admin made, where the organization wants that (`hallpass orgs policy set --approval`).\n' +
    'What the token makes waits for an approval of its own.',
})

const rotate = command({
  load: async () => (await import('./rotate.ts')).rotateToken,
  flags: {
    grace: textFlagWithDefault('How long the old token lives on; 0 revokes it at once', 'duration', defaultGrace),
    expiry: textFlag('How long the new token will be valid (default: as the old one)', 'duration', 'x'),
    ...jsonFlag,
    ...globalFlags,
  },
  positional: { kind: 'tuple', parameters: [word('Id of the token', 'id')] },
  brief: 'Replace a token by a new one',
  description:
    'Make a token with the same caveats, name and app, and end the old one after the grace. What the old token made is\n' +
    'kept: it is revoked with the new one. Until then the old token works as before, but makes no more tokens.\n' +
    'The new token alone goes to stdout. Replace the old one wherever it is used, before its grace is over.',
})

export const tokensRoutes = group({
  brief: 'Create, list, show, rename, approve, rotate, revoke, check, narrow and explain tokens',
  routes: {
    create,
    list,
    show,
    rename,
    approve,
    rotate,
    revoke,
    check: checkCommand,
    attenuate: attenuateCommand,
    explain: explainCommand,
    debug: debugCommand,
    '3p': thirdPartyRoutes,
    deploy,
    org,
  },
  aliases: { ls: 'list', 'third-party': '3p' },
  hidden: ['deploy', 'org'],
})
