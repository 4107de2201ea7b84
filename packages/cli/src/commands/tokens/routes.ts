// The grammar of `hallpass tokens`.
import { defaultExpiry, listStates } from '@hallpass/client/words'
import { buildCommand, buildRouteMap } from '@stricli/core'

import type { Context } from '../../context.ts'
import {
  appFlags,
  globalAliases,
  globalFlags,
  jsonFlag,
  optionalWord,
  organisationFlag,
  switchFlag,
  textFlag,
  textFlagWithDefault,
  word,
} from '../../flags.ts'
import { withContext, withoutInheritance } from '../../routes.ts'
import { attenuateCommand, debugCommand, explainCommand, thirdPartyRoutes } from './holder-routes.ts'

const expiryBrief = 'The duration that the token will be valid'

const mintAliases = { ...globalAliases, j: 'json', n: 'name', x: 'expiry' } as const
const organisationWord = { kind: 'tuple', parameters: [optionalWord('Slug of the organization', 'org')] } as const
const mintFlags = (name: string) =>
  ({
    expiry: textFlagWithDefault(expiryBrief, 'duration', defaultExpiry),
    name: textFlagWithDefault('Token name', 'name', name),
    ...jsonFlag,
    ...globalFlags,
  }) as const

const org = buildCommand({
  loader: async () => withContext((await import('./create-org.ts')).createOrgToken),
  parameters: {
    flags: { ...organisationFlag, ...mintFlags('Org deploy token') },
    aliases: { ...mintAliases, o: 'org' },
    positional: organisationWord,
  },
  docs: {
    brief: 'Create org tokens',
    fullDescription:
      'Create a token that controls every app of one organization, and nothing outside it.\n' +
      'It is valid for 20 years unless you say otherwise: a shorter expiry is wiser where it is practical.',
  },
})

const deploy = buildCommand({
  loader: async () => withContext((await import('./create-deploy.ts')).createDeployToken),
  parameters: {
    flags: { ...appFlags, ...mintFlags('Deploy token') },
    aliases: { ...mintAliases, a: 'app', c: 'config' },
  },
  docs: { brief: 'Create deploy tokens', fullDescription: 'Create a token that controls one app.' },
})

const readonlyCommand = buildCommand({
  loader: async () => withContext((await import('./create-readonly.ts')).createReadonlyToken),
  parameters: {
    flags: {
      ...organisationFlag,
      ...mintFlags('Read-only org token'),
      expiry: textFlag(`${expiryBrief} (default ${defaultExpiry})`, 'duration'),
      fromExisting: switchFlag('Narrow the token in use, without asking the authority'),
    },
    aliases: { ...mintAliases, o: 'org' },
    positional: organisationWord,
  },
  docs: {
    brief: 'Create read-only org tokens',
    fullDescription: 'Create a token that may look at one organization and its apps, and change nothing.',
  },
})

const ssh = buildCommand({
  loader: async () => withContext((await import('./create-ssh.ts')).createSshToken),
  parameters: {
    flags: { ...appFlags, ...mintFlags('SSH token') },
    aliases: { ...mintAliases, a: 'app', c: 'config' },
  },
  docs: { brief: 'Create tokens for SSH to the machines of one app' },
})

const machineExec = buildCommand({
  loader: async () => withContext((await import('./create-machine-exec.ts')).createMachineExecToken),
  parameters: {
    flags: {
      ...appFlags,
      command: {
        ...textFlag('An allowed command with its arguments, and no others', 'command'),
        variadic: true,
      },
      commandPrefix: {
        ...textFlag('An allowed command with its first arguments', 'command'),
        variadic: true,
      },
      ...mintFlags('Machine exec token'),
    },
    aliases: { ...mintAliases, a: 'app', c: 'config', C: 'command', p: 'commandPrefix' },
    positional: { kind: 'array', parameter: word('An allowed command and its arguments', 'command') },
  },
  docs: {
    brief: 'Create tokens that run some commands on the machines of one app',
    fullDescription:
      'Create a token that may run the given commands on the machines of one app. Without any, every command is allowed.\n' +
      'Write -- before a command that has flags of its own.',
  },
})

const wireguard = buildCommand({
  loader: async () => withContext((await import('./create-wireguard.ts')).createWireGuardToken),
  parameters: {
    flags: { ...organisationFlag, ...mintFlags('WireGuard token') },
    aliases: { ...mintAliases, o: 'org' },
    positional: organisationWord,
  },
  docs: { brief: 'Create tokens that manage the WireGuard peers of one organization' },
})

const litefsCloud = buildCommand({
  loader: async () => withContext((await import('./create-litefs-cloud.ts')).createLitefsCloudToken),
  parameters: {
    flags: {
      ...organisationFlag,
      cluster: textFlag('Name of the cluster', 'name'),
      ...mintFlags('LiteFS Cloud token'),
    },
    aliases: { ...mintAliases, o: 'org', c: 'cluster' },
  },
  docs: { brief: 'Create tokens for one LiteFS Cloud cluster' },
})

const create = buildRouteMap<string, Context>({
  routes: withoutInheritance({
    org,
    deploy,
    readonly: readonlyCommand,
    ssh,
    'machine-exec': machineExec,
    wireguard,
    'litefs-cloud': litefsCloud,
  }),
  docs: { brief: 'Create tokens' },
})

const list = buildCommand({
  loader: async () => withContext((await import('./list.ts')).listTokens),
  parameters: {
    flags: {
      ...appFlags,
      scope: { kind: 'enum', values: ['app', 'org'], optional: true, brief: "Either 'app' or 'org' (default app)" },
      ...organisationFlag,
      all: switchFlag('Revoked and expired tokens too'),
      search: textFlag('A part of the name, in any case', 'text'),
      sort: {
        kind: 'enum',
        values: ['expires', 'created', 'name'],
        optional: true,
        brief: 'What the list is sorted by (default expires)',
      },
      state: {
        kind: 'enum',
        values: listStates,
        optional: true,
        brief: 'Which tokens are listed (default live)',
      },
      ...jsonFlag,
      ...globalFlags,
    },
    aliases: { ...globalAliases, a: 'app', c: 'config', s: 'scope', o: 'org', j: 'json' },
    positional: organisationWord,
  },
  docs: {
    brief: 'List tokens',
    fullDescription:
      'List the live tokens of one app, or with --scope org all of an organisation. Tokens themselves are never shown.',
  },
})

const revoke = buildCommand({
  loader: async () => withContext((await import('./revoke.ts')).revokeTokens),
  parameters: {
    flags: {
      only: switchFlag('Spare the tokens that these have made'),
      ...jsonFlag,
      ...globalFlags,
    },
    aliases: { ...globalAliases, j: 'json' },
    positional: {
      kind: 'array',
      parameter: word(
        'Id of a token, as `tokens list` shows it, or the token itself; - reads it from standard input',
        'token',
      ),
      minimum: 1,
    },
  },
  docs: {
    brief: 'Revoke tokens',
    fullDescription:
      'Revoke tokens, and with each all that were narrowed from it, all that it made, and all that those made. They are\n' +
      'dead at once. With --only, the tokens that it made live on, but not those that were narrowed from it.\n' +
      'A token that leaked can be given itself, also where it is cut off or damaged: it is named by its id, and your own\n' +
      'login says whether you may. Better than as an argument, which every program here can read, it comes from a pipe:\n' +
      '`pbpaste | hallpass tokens revoke -`.',
  },
})

export const tokensRoutes = buildRouteMap<string, Context>({
  routes: withoutInheritance({
    create,
    list,
    revoke,
    attenuate: attenuateCommand,
    explain: explainCommand,
    debug: debugCommand,
    '3p': thirdPartyRoutes,
    deploy,
    org,
  }),
  aliases: { ls: 'list', 'third-party': '3p' },
  docs: { brief: 'Create, list, revoke, narrow and explain tokens', hideRoute: { deploy: true, org: true } },
})
