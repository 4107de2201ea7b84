// The grammar of what a holder does with a token: `hallpass tokens attenuate`, `debug`, `explain` and `3p`.
import { globalFlags, jsonFlag, networksFlag, switchFlag, textFlag, textFlagWithDefault, word } from '../../flags.ts'
import { command, group } from '../../routes.ts'

const commonFlags = { ...jsonFlag, ...globalFlags } as const
const location = textFlag('URL that the third party is known by', 'url', 'l')
const secretFlags = {
  secret: textFlag('Shared secret, base64: every program here can read it', 'base64', 'S'),
  secretFile: textFlag('File with the shared secret, base64', 'file', 's'),
} as const

/** A header that a shell split at its space is two words. */
const token = {
  kind: 'array',
  parameter: word('The token, or - for standard input (else the credential in use)', 'token'),
  maximum: 8,
} as const

/** A flag that may be given more than once. */
function listFlag(brief: string, placeholder: string) {
  return { ...textFlag(brief, placeholder), variadic: true } as const
}

export const attenuateCommand = command({
  load: async () => (await import('./attenuate.ts')).attenuateToken,
  flags: {
    readOnly: switchFlag('Only reading'),
    actions: textFlag('Only these actions: letters of rwcdC', 'letters'),
    org: textFlag('Only this organization', 'slug|number'),
    app: listFlag('Only these apps', 'name|number,…'),
    machine: listFlag('Only these machines', 'id,…'),
    volume: listFlag('Only these volumes', 'id,…'),
    feature: listFlag('Only these features of the organization', 'name[:actions],…'),
    command: listFlag('Only this command, and no arguments but its own', 'command'),
    commandPrefix: listFlag('Only commands that begin so', 'command'),
    mutation: listFlag('Only these GraphQL mutations', 'name,…'),
    from: networksFlag,
    for: textFlag('Until so long from now, like 2h or 30d', 'duration'),
    until: textFlag('Until then, like 2026-12-01T00:00Z', 'instant'),
    agent: textFlag('Run label: which agent uses it', 'name'),
    run: textFlag('Run label: in which run', 'id'),
    onBehalfOf: textFlag('Run label: on behalf of whom', 'who'),
    file: textFlag('JSON of caveats, [{"type":…,"body":…}], or - for standard input', 'file', 'f'),
    location: { ...textFlag('Location of the permission tokens', 'url', 'l'), hidden: true },
    ...commonFlags,
  },
  positional: token,
  brief: 'Narrow a token, without asking anyone',
  description:
    'Add caveats to a token: the new token can do less, and is revoked with the old one. Nobody is asked, except for the\n' +
    'number of an app or an organization that is given by its name; digits are taken for a number.\n\n' +
    'Every flag narrows further. The actions of --read-only or --actions hold for all that the others name:\n' +
    '  --read-only                    everything as before, but only to read (Action r)\n' +
    '  --app web --read-only          reading app web and what is in it, nothing else (Apps {web: r})\n' +
    '  --app web --machine ID         that machine of app web, nothing else (Apps, Machines)\n' +
    '  --app web --feature wg         app web, or the feature wg, nothing else (IfPresent [Apps, FeatureSet])\n' +
    '  --command "ls -l"              that command; everything else only to read (IfPresent [Commands], else r)\n' +
    '  --mutation NAME                through that GraphQL mutation only (Mutations)\n' +
    '  --from 10.0.0.0/8,2001:db8::/32  as before, from these networks only (Networks)\n' +
    '  --for 2h                       as before, for two hours (ValidityWindow)\n' +
    '--agent, --run and --on-behalf-of add a run label, which narrows nothing: the audit trail and the lists of machines show\n' +
    'who used the token. Its next holder can add another label, but can neither drop nor change one. Services that\n' +
    'verify with superfly/macaroon refuse a token with a run label or with --from, because they do not know the caveats.\n' +
    'Without any of them the caveats are read from --file, else from standard input.',
})

export const debugCommand = command({
  load: async () => (await import('./debug.ts')).debugToken,
  flags: { file: textFlag('File with the token, or - for standard input', 'file', 'f'), ...commonFlags },
  positional: token,
  brief: 'Print what is in a token, as JSON',
  description: 'Print the location and the caveats of every macaroon in a token. Nobody is asked, nothing is verified.',
})

export const checkCommand = command({
  load: async () => (await import('./check.ts')).checkToken,
  flags: {
    within: textFlagWithDefault('How soon an end is too soon', 'duration', '7d'),
    offline: switchFlag('Ask nobody: read the end in the token, with no word on revocation and rotation'),
    ...commonFlags,
  },
  positional: token,
  brief: 'Say whether a token is good, and when it ends',
  description:
    'Ask the authority whether the token is good, and print when it ends: of several, the one that ends first. For CI:\n' +
    'exit code 0 where it is good and ends later, 3 where it ends --within so long, 1 where it is not good or nobody\n' +
    'can be asked, 2 for a wrong flag. The end counts what narrows the token, and that it was replaced.',
})

export const explainCommand = command({
  load: async () => (await import('./explain.ts')).explainToken,
  flags: {
    access: textFlag('Say whether this is allowed, and if not, which caveat forbids it', 'json'),
    offline: switchFlag('Ask nobody: numbers instead of names, and no word on revocation'),
    ...commonFlags,
  },
  positional: token,
  brief: 'Say what a token can do, in sentences',
  description:
    'Say what a token can do, and what the authority says of it: the token is shown to the authority, unless --offline.\n\n' +
    'With --access, hold the caveats against one access, like {"org":"acme","app":"web","action":"w"}: exit code 0 where\n' +
    'it is allowed, 1 where not. Fields: action, org (slug) or orgid, app (name) or appid, feature, app_feature, machine,\n' +
    'machine_feature, volume, command, mutation, cluster, storage_object, sourceMachine, sourceApp, sourceOrganization,\n' +
    'sourceAddress.',
})

const add = command({
  load: async () => (await import('./3p-add.ts')).addThirdParty,
  flags: { location, ...secretFlags, ...commonFlags },
  positional: token,
  brief: 'Make a token depend on a third party',
  description:
    'Add a caveat that only the third party at --location can answer: without its discharge the token is refused.',
})

const ticket = command({
  load: async () => (await import('./3p-ticket.ts')).showTicket,
  flags: { location, ...commonFlags },
  positional: token,
  brief: 'Print the ticket to hand to a third party',
})

const discharge = command({
  load: async () => (await import('./3p-discharge.ts')).dischargeThirdParty,
  flags: {
    location,
    ticket: textFlag('The ticket, as `tokens 3p ticket` prints it', 'base64'),
    ...secretFlags,
    ...commonFlags,
  },
  brief: 'Answer a ticket, as the third party',
  description: 'Make the discharge for a ticket. A ticket that demands something takes the service of the third party.',
})

const addDischarge = command({
  load: async () => (await import('./3p-add-discharge.ts')).addDischarge,
  flags: { discharge: textFlag('The discharge, as `tokens 3p discharge` prints it', 'base64', 'd'), ...commonFlags },
  positional: token,
  brief: 'Put a discharge beside a token',
})

const list = command({
  load: async () => (await import('./3p-list.ts')).listThirdParties,
  flags: commonFlags,
  positional: token,
  brief: 'List the third parties of a token, and the discharges that are missing',
})

const fetch = command({
  load: async () => (await import('./3p-fetch.ts')).fetchThirdParties,
  flags: commonFlags,
  positional: token,
  brief: 'Fetch the discharges that a token needs',
  description:
    'Take the tickets of a token to its third parties, and print the token with their discharges. Where a person has to\n' +
    'confirm something in a browser, the address is printed, and waited for up to five minutes. Other commands fetch what\n' +
    'they need by themselves, but for what needs a person, where nobody sits at a terminal.',
})

export const thirdPartyRoutes = group({
  brief: 'Make tokens depend on third parties, and answer for them',
  description:
    'A third party shares a secret of 32 bytes with those who add the caveat. Give it as base64, in a file with\n' +
    '--secret-file, or in the environment as TOKEN_3P_SHARED_SECRET.',
  routes: { list, fetch, add, ticket, discharge, 'add-discharge': addDischarge },
})
