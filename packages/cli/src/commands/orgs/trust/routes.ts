// The grammar of `hallpass orgs trust`.
import {
  globalFlags,
  jsonFlag,
  optionalWord,
  switchFlag,
  textFlag,
  textFlagWithDefault,
  word,
  yesFlag,
} from '../../../flags.ts'
import { command, group, words } from '../../../routes.ts'

const slug = word('Slug of the organization', 'org')

const list = command({
  load: async () => (await import('./list.ts')).listTrustPolicies,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(slug),
  brief: 'List the trust policies of an organization',
})

const add = command({
  load: async () => (await import('./add.ts')).addTrustPolicy,
  flags: {
    issuer: textFlag('github, gitlab, buildkite, or the address of another issuer', 'issuer'),
    claim: {
      ...textFlag('What a claim must be; give one more than once for several claims or values', 'name=value'),
      variadic: true,
    },
    audience: textFlag(
      'Audience of the identity tokens (default: the address of the authority, and /orgs/SLUG)',
      'text',
    ),
    app: textFlag('Give deploy tokens of this app instead of org tokens', 'name', 'a'),
    readOnly: switchFlag('Give tokens that only read'),
    file: textFlag('JSON of more caveats of the tokens, or - for standard input', 'file', 'f'),
    lifetime: textFlagWithDefault('How long the tokens are good, between 1m and 1h', 'duration', '15m'),
    ...jsonFlag,
    ...globalFlags,
  },
  positional: words(slug, word('Name of the policy', 'name')),
  brief: 'Exchange identity tokens of a CI service for short-lived tokens',
  description:
    'Let jobs of a CI service exchange their identity tokens for tokens of the organization, so that no secret is stored\n' +
    'there. The claims say which jobs: by an id that is never given to another (repository_id or repository_owner_id at\n' +
    'GitHub, project_id or namespace_id at GitLab, pipeline_id or organization_id at Buildkite, sub elsewhere), and\n' +
    'further by branch and environment. A value that ends with * stands for all that begin so.\n\n' +
    '  hallpass orgs trust add acme web --issuer github \\\n' +
    '    --claim repository_id=123456 --claim ref=refs/heads/main --claim environment=production\n\n' +
    'Jobs that pull_request_target or workflow_run started are refused unless a claim event_name names that event.',
})

const remove = command({
  load: async () => (await import('./remove.ts')).removeTrustPolicy,
  flags: { ...yesFlag, ...globalFlags },
  positional: words(slug, word('Name or id of the policy', 'policy')),
  brief: 'Remove a trust policy, and revoke the tokens that it gave',
})

const check = command({
  load: async () => (await import('./check.ts')).checkIdentityToken,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(slug, optionalWord('The identity token, or - for standard input, which is usual', 'token')),
  brief: 'Say which trust policies would accept an identity token, and which claims do not fit',
  description:
    'Say which trust policies would accept an identity token, and which claims do not fit. The token is not exchanged,\n' +
    'and still counts. Exit code 0 where a policy accepts it, 1 where none does.',
})

export const trustRoutes = group({
  brief: 'Manage which CI jobs get tokens without a stored secret',
  routes: { list, add, remove, check },
  aliases: { ls: 'list' },
})
