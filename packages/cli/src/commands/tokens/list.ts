// `hallpass tokens list`: the tokens of an app or of an organisation.
import type { Client, ListQuery, Token, TokenList } from '@hallpass/client'

import { chooseApp, chooseOrganisation } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { endsSoon, sayLeft } from '../../ends-soon.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, AppFlags, JsonFlag, OrganisationFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { readDuration } from '../../mint.ts'
import { tell, writeTable, wroteJson } from '../../output.ts'
import { readPages } from '../../pages.ts'
import { sayPerson } from '../../say-person.ts'
import { sayLastUse } from './last-use.ts'

interface ListFlags extends GlobalFlags, JsonFlag, AppFlags, OrganisationFlag {
  readonly scope?: 'app' | 'org' | undefined
  readonly all?: boolean | undefined
  readonly search?: string | undefined
  readonly sort?: keyof typeof sorts | undefined
  readonly state?: NonNullable<ListQuery['state']> | undefined
  readonly unused?: string | undefined
  readonly blocked?: boolean | undefined
  readonly pending?: boolean | undefined
  readonly createdBy?: string | undefined
  readonly kind?: keyof typeof kinds | undefined
  readonly endsWithin?: string | undefined
}

const kinds = { org: 'deploy_organization', deploy: 'deploy', 'litefs-cloud': 'litefs_cloud' } as const

const sorts = { expires: 'expires_at', created: 'created_at', name: 'name', 'last-used': 'last_used_at' } as const

/** Prints the live tokens, or those in the state that is asked for; the one that ends last first, or as `--sort` says. */
export async function listTokens(context: Context, flags: ListFlags, word?: string): Promise<void> {
  const scope = chooseScope(flags)
  if (scope === 'app' && word !== undefined) {
    throw new CommandError('misused', `to list the tokens of the organization ${word}, add --scope org`)
  }
  const state = chooseState(flags)
  const { createdBy, kind, endsWithin } = flags
  if (endsWithin !== undefined) {
    readDuration(endsWithin, '--ends-within')
    if (state !== 'live') throw new CommandError('misused', '--ends-within is for live tokens alone')
  }
  const order = flags.sort === undefined ? {} : { sort: sorts[flags.sort] }
  const filter = {
    ...(createdBy === undefined ? {} : { created_by: createdBy }),
    ...(kind === undefined ? {} : { profile: kinds[kind] }),
    ...(endsWithin === undefined ? {} : { ends_within: endsWithin }),
    ...(flags.pending === true ? { approval: 'pending' as const } : {}),
  }
  const client = await connect(context, flags)
  const readPage =
    scope === 'app' ? await listOfApp(context, client, flags) : await listOfOrganisation(context, client, flags, word)
  const { unused } = flags
  const unusedSeconds = unused === undefined ? 0 : readDuration(unused, '--unused')
  let knownSince = ''
  const found = await readPages<Token>(async (cursor) => {
    const page = await readPage({ state, ...order, ...filter, search: flags.search, unused, limit: 1000, cursor })
    knownSince = page.uses_known_since
    return { items: page.tokens, next: page.next_cursor }
  })
  const tokens = flags.blocked === true ? found.filter((token) => token.blocked !== null) : found
  if (unused !== undefined && Date.parse(knownSince) > Date.now() - unusedSeconds * 1000) {
    const since = formatGoTime(knownSince)
    tell(context, `the authority knows since ${since} which tokens are used: it cannot look ${unused} back yet`)
  }
  if (wroteJson(context, flags, { tokens })) return
  const now = context.now().getTime()
  const revoked = state === 'all' || state === 'revoked'
  const minted = tokens.some(({ minted_by }) => minted_by !== null)
  const blocked = tokens.some(({ blocked: block }) => block !== null)
  const replaced = tokens.some(({ successor_id }) => successor_id !== null)
  writeTable(
    context,
    [
      'ID',
      'NAME',
      'CREATED BY',
      'EXPIRES AT',
      'LAST USED',
      ...(revoked ? ['REVOKED AT'] : []),
      ...(minted ? ['MADE BY TOKEN'] : []),
      ...(replaced ? ['REPLACED BY'] : []),
      ...(blocked ? ['BLOCKED BY'] : []),
    ],
    tokens.map((token) => [
      token.id,
      token.name,
      sayPerson(token.created_by, token.created_by_proven),
      sayExpiry(token, now),
      sayLastUse(token),
      ...(revoked ? [token.revoked_at === null ? '' : formatGoTime(token.revoked_at)] : []),
      ...(minted ? [token.minted_by ?? ''] : []),
      ...(replaced ? [token.successor_id ?? ''] : []),
      ...(blocked ? [token.blocked?.reason ?? ''] : []),
    ]),
  )
}

/** What ends soon is marked. */
function sayExpiry({ expires_at, state }: Token, now: number): string {
  const endsAt = Date.parse(expires_at)
  const isMarked = state === 'live' && endsSoon(endsAt, now)
  return formatGoTime(expires_at) + (isMarked ? ` (ends in ${sayLeft(endsAt, now)})` : '')
}

type ReadPage = (query: ListQuery) => Promise<TokenList>

/** An app is narrower than an organisation, so it decides if both are named. */
export function chooseScope(flags: Pick<ListFlags, 'app' | 'config' | 'org' | 'scope'>): 'app' | 'org' {
  if (flags.app !== undefined || flags.config !== undefined || flags.scope === 'app') return 'app'
  return flags.org !== undefined || flags.scope === 'org' ? 'org' : 'app'
}

/** `--all` is the short word for every state. */
export function chooseState({ all, state }: Pick<ListFlags, 'all' | 'state'>): NonNullable<ListQuery['state']> {
  if (all !== true) return state ?? 'live'
  if (state === undefined || state === 'all') return 'all'
  throw new CommandError('misused', '--all and --state name different tokens: give one of them')
}

async function listOfApp(context: Context, client: Client, flags: ListFlags): Promise<ReadPage> {
  const name = await chooseApp(context, flags)
  if (flags.org !== undefined) {
    const [app, organisation] = [
      await client.showApp({ app_name: name }),
      await client.showOrganisation({ org_slug: flags.org }),
    ]
    if (app.organization.internal_numeric_id !== organisation.internal_numeric_id) {
      throw new CommandError('failed', `the app ${name} does not belong to the organization ${flags.org}`)
    }
  }
  return (query) => client.listAppTokens({ app_name: name, ...query })
}

async function listOfOrganisation(
  context: Context,
  client: Client,
  flags: ListFlags,
  word: string | undefined,
): Promise<ReadPage> {
  const slug = await chooseOrganisation(context, client, flags, word)
  return (query) => client.listOrganisationTokens({ org_slug: slug, ...query })
}
