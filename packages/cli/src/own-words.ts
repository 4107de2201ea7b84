// Rewrites refusals of the authority with the person's flag, variable or file instead of the API's field names.
import { ApiError, type Organisation } from '@hallpass/client'

import type { Context } from './context.ts'
import { CommandError } from './errors.ts'

/** The error with the person's own word for the field that is wrong. `findOrganisations` asks which there are. */
export async function inOwnWords(
  error: ApiError,
  { givenBy }: Context,
  path: string,
  findOrganisations: () => Promise<readonly Organisation[]>,
): Promise<Error> {
  const { code, field, message } = error
  const [, asked] = /^\/v1\/orgs\/([^/]+)/.exec(path) ?? []
  const given = asked === undefined ? givenBy.get('org_slug')?.value : decodeURIComponent(asked)
  if (given !== undefined && (field === 'org_slug' || (code === 'not_found' && asked !== undefined))) {
    const by = givenBy.get('org_slug')?.by ?? 'the organization'
    const advice = adviseSlug(given, await orNone(findOrganisations))
    if (advice !== undefined) return new CommandError('misused', `${by} takes a slug: ${advice}`, { cause: error })
    if (field === 'org_slug') {
      const sentence = `${by} takes a slug, as acme-staging, and not a name: \`hallpass orgs list\` shows the slugs`
      return new CommandError('misused', sentence, { cause: error })
    }
  }
  const missing = code === 'not_found' ? /^there is no (organization|app) /.exec(message)?.[1] : undefined
  const by = givenBy.get(missing === 'app' ? 'app_name' : 'org_slug')?.by
  // A person looks for a mistake in a variable or a file only if it is named.
  if (missing !== undefined && by !== undefined) return new ApiError(code, `${by}: ${message}`, error)
  const own = field === undefined ? undefined : (givenBy.get(field)?.by ?? words.get(field))
  if (field === undefined || own === undefined || !message.startsWith(`${field} `)) return error
  const sentence = own + message.slice(field.length)
  return places.has(field)
    ? new CommandError('misused', sentence, { cause: error })
    : new ApiError(code, sentence, error)
}

/** Without the list, if the credential may not list them. */
async function orNone(find: () => Promise<readonly Organisation[]>): Promise<readonly Organisation[]> {
  try {
    return await find()
  } catch {
    return []
  }
}

/** If the text is the name of organisations, or their slug in another spelling, says the slug. */
export function adviseSlug(given: string, organisations: readonly Organisation[]): string | undefined {
  if (organisations.some(({ slug, raw_slug }) => slug === given || raw_slug === given)) return undefined
  const same = (text: string) => text.trim().toLowerCase() === given.trim().toLowerCase()
  const found = organisations.filter(({ name, raw_slug }) => same(name) || same(raw_slug))
  if (found.length === 0) return undefined
  return `the slug of ${given.trim()} is ${found.map(({ slug }) => slug).join(' or ')}`
}

/** Names for people of the API's path parameters. */
const places: ReadonlySet<string> = new Set(['org_slug', 'app_name', 'token_id'])

const words: ReadonlyMap<string, string> = new Map([
  ['org_slug', 'the organization'],
  ['app_name', 'the app'],
  ['token_id', 'the id of the token'],
  ['setup_code', '--setup-code'],
  ['name', 'the name'],
  ['slug', '--slug'],
  ['expiry', '--expiry'],
  ['max_token_lifetime', '--max-lifetime'],
  ['default_token_lifetime', '--default-lifetime'],
  ['networks', '--networks'],
  ['search', '--search'],
  ['cluster', '--cluster'],
  ['email', 'the email address'],
  ['invitation', 'the invitation'],
  ['password', 'the password'],
  ['new_password', 'the new password'],
  ['config.guest', 'the machine'],
  ['config.image', 'the image'],
  ['config.stop_config.signal', '--stop-signal'],
  ['config.token.caveats', '--token-caveats'],
  ['config.token', '--token'],
  ['region', '--region'],
  ['cmd', 'the command'],
  ['signal', '--signal'],
])
