// Names and numbers of organisations and apps, from the authority, with any credential that may ask.
import { ApiError, type Client } from '@hallpass/client'
import type { Names } from '@hallpass/macaroon/explain'

import { createClientAt } from './connect.ts'
import type { Context } from './context.ts'
import { findLogin, isMeantElsewhere } from './credentials.ts'
import { CommandError } from './errors.ts'
import type { GlobalFlags } from './flags.ts'
import { adviseSlug } from './own-words.ts'

/** Milliseconds; these answers are optional. */
const patience = 10_000

/** Those who may ask: the token itself, then the login at that server. */
export interface Askers {
  readonly server: string
  /** Whether the token itself may be shown to that server. */
  readonly mayShow: boolean
  readonly clients: readonly Client[]
}

export async function findAskers(context: Context, flags: GlobalFlags, token: string): Promise<Askers> {
  const { server, login } = await findLogin(flags, context.environment)
  const mayShow = !isMeantElsewhere(token, context.environment, server)
  const credentials = new Set([...(mayShow ? [token] : []), ...(login === undefined ? [] : [login])])
  return { server, mayShow, clients: [...credentials].map((credential) => createAsker(context, server, credential)) }
}

export function createAsker(context: Context, server: string, credential: string): Client {
  return createClientAt(context, server, { token: credential, timeout: patience })
}

export interface FoundApp {
  readonly number: bigint
  /** The number of its organisation; undefined if the authority was not asked. */
  readonly organisation: bigint | undefined
}

/**
 * An app by its name. Digits are taken for its number without asking.
 * @throws the authority's last refusal, if no credential may see it
 */
export async function findApp(askers: () => Promise<Askers>, name: string): Promise<FoundApp> {
  const number = readNumber(name)
  if (number !== undefined) return { number, organisation: undefined }
  const app = await firstAnswer((await askers()).clients, (client) => client.showApp({ app_name: name }))
  return {
    number: BigInt(app.internal_numeric_id),
    organisation: BigInt(app.organization.internal_numeric_id),
  }
}

/** The number of an organisation, by its slug; digits are a number already. */
export async function findOrganisationNumber(askers: () => Promise<Askers>, slug: string): Promise<bigint> {
  const number = readNumber(slug)
  if (number !== undefined) return number
  const found = await firstAnswer((await askers()).clients, async (client) => {
    const { orgs } = await client.listOrganisations()
    const organisation = orgs.find((each) => each.slug === slug || each.raw_slug === slug)
    if (organisation !== undefined) return organisation
    const advice = adviseSlug(slug, orgs)
    throw new CommandError(
      'failed',
      `this credential reaches no organization ${slug}${advice === undefined ? '' : `: ${advice}`}`,
    )
  })
  return BigInt(found.internal_numeric_id)
}

/** A number as caveats carry it, of 64 bits and not 0, which would mean every one. */
function readNumber(text: string): bigint | undefined {
  if (!/^\d+$/.test(text)) return undefined
  const number = BigInt(text)
  if (number > 0n && number < 2n ** 64n) return number
  throw new CommandError('misused', `${text.slice(0, 24)} is not the number of an organization or an app`)
}

/**
 * The names for these numbers, as far as a credential may see them.
 * @throws ConnectionError where nobody answers
 */
export async function findNames(
  clients: readonly Client[],
  wanted: { readonly organizations: ReadonlySet<bigint>; readonly apps: ReadonlySet<bigint> },
): Promise<Names> {
  const organizations = new Map<bigint, string>()
  const apps = new Map<bigint, string>()
  const isMissing = () =>
    [...wanted.organizations].some((id) => !organizations.has(id)) || [...wanted.apps].some((id) => !apps.has(id))

  for (const client of clients) {
    if (!isMissing()) break
    const orgs = await unlessRefused(async () => (await client.listOrganisations()).orgs, [])
    for (const { internal_numeric_id, raw_slug } of orgs) organizations.set(BigInt(internal_numeric_id), raw_slug)
    if (![...wanted.apps].some((id) => !apps.has(id))) continue
    for (const { internal_numeric_id, slug } of orgs) {
      if (!wanted.organizations.has(BigInt(internal_numeric_id))) continue
      for (const app of await findApps(client, slug)) apps.set(BigInt(app.internal_numeric_id), app.name)
    }
  }
  return { organizations, apps }
}

/** The apps of an organisation. A token that is limited to some may not list them, and would only be refused, which the trail records. */
async function findApps(client: Client, slug: string) {
  const current = await unlessRefused(async () => (await client.showCurrentTokens()).tokens, [])
  const limits = new Set(current.flatMap(({ apps }) => apps))
  if (limits.size === 0) return unlessRefused(async () => (await client.listApps({ org_slug: slug })).apps, [])
  const found = []
  for (const name of [...limits].slice(0, mostShown)) {
    found.push(...(await unlessRefused(async () => [await client.showApp({ app_name: name })], [])))
  }
  return found
}

const mostShown = 20

async function firstAnswer<Answer>(
  clients: readonly Client[],
  ask: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  let refusal: unknown = new CommandError('failed', 'there is no credential to ask the authority with')
  for (const client of clients) {
    try {
      return await ask(client)
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof CommandError)) throw error
      refusal = error
    }
  }
  throw refusal
}

async function unlessRefused<Answer, Otherwise>(
  ask: () => Promise<Answer>,
  otherwise: Otherwise,
): Promise<Answer | Otherwise> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ApiError) return otherwise
    throw error
  }
}
