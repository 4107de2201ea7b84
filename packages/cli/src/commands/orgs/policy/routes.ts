// The grammar of `hallpass orgs policy`.
import { globalFlags, jsonFlag, textFlag, word } from '../../../flags.ts'
import { command, group, words } from '../../../routes.ts'

const slug = word('Slug of the organization', 'org')

/** On and off. */
function optionalSwitch(brief: string) {
  return { kind: 'boolean', optional: true, brief } as const
}

const show = command({
  load: async () => (await import('./show.ts')).showTokenPolicy,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(slug),
  brief: 'Show the limits that an organization sets for its tokens',
})

const set = command({
  load: async () => (await import('./set.ts')).setTokenPolicy,
  flags: {
    maxLifetime: textFlag('The longest that a token may be valid, as 90d; none for no limit', 'duration'),
    defaultLifetime: textFlag('How long a token is valid whose maker does not say, as 30d; none clears it', 'duration'),
    tokensMayMint: optionalSwitch('Whether tokens make others'),
    onlyAdminsMint: optionalSwitch('Whether only admins make tokens that are not limited to one app'),
    approval: optionalSwitch('Whether an admin must approve a token that no admin made'),
    networks: {
      ...textFlag('The networks from which alone tokens are good; none for everywhere', 'network,…'),
      variadic: true,
    },
    ...jsonFlag,
    ...globalFlags,
  },
  positional: words(slug),
  brief: 'Change the limits that an organization sets for its tokens',
  description:
    'Change the limits that an organization sets for its tokens; what is not given stays as it is. They count for new\n' +
    'tokens and at every use of the others. Tokens beyond a limit are blocked, and not revoked: `hallpass tokens list`\n' +
    'says which and why, and they are good again when the limit is loosened. A blocked token can still revoke itself.\n\n' +
    '  hallpass orgs policy set acme --max-lifetime 90d --default-lifetime 30d --no-tokens-may-mint\n' +
    '  hallpass orgs policy set acme --approval --networks 10.0.0.0/8,2001:db8::/32\n' +
    '  hallpass orgs policy set acme --max-lifetime none --networks none\n\n' +
    'With --approval, `hallpass tokens approve ID` lets a token be good that no admin made. Services in Go that ask the\n' +
    'authority which tokens are good refuse all tokens of an organization with --networks, because they do not know those.',
})

export const policyRoutes = group({
  brief: 'Manage the limits that an organization sets for its tokens',
  routes: { show, set },
})
