// The handlers for org tokens and deploy tokens.
import { durationFromNanoseconds, parseDuration, parseGrace } from '@hallpass/client'

import type { ListedToken, TokenQuery } from '../../domain/token.ts'
import { countAppTokens, countOrganisationTokens, type CountedTokens } from '../../operations/tokens/count-tokens.ts'
import type { FilterOptions } from '../../operations/tokens/filter-tokens.ts'
import {
  listAppTokens,
  listOrganisationTokens,
  type ListedTokens,
  type ListOptions,
} from '../../operations/tokens/list-tokens.ts'
import { approveToken } from '../../operations/tokens/approve-token.ts'
import { mintToken } from '../../operations/tokens/mint-token.ts'
import { nameToken } from '../../operations/tokens/name-token.ts'
import { renameToken } from '../../operations/tokens/rename-token.ts'
import { readDerived } from '../../operations/tokens/read-derived.ts'
import { revokeDerivedToken } from '../../operations/tokens/revoke-derived-token.ts'
import { revokeToken } from '../../operations/tokens/revoke-token.ts'
import { rotateToken } from '../../operations/tokens/rotate-token.ts'
import { showCurrentTokens } from '../../operations/tokens/show-current-tokens.ts'
import { showToken } from '../../operations/tokens/show-token.ts'
import { showTokenHistory } from '../../operations/tokens/show-token-history.ts'
import { decodeEventCursor, decodeTokenCursor, encodeTokenCursor } from '../http/cursor.ts'
import {
  encodeAuditEvents,
  encodeInstant,
  encodeRevokedDerivedToken,
  encodeRevokedToken,
  encodeShownToken,
  encodeToken,
  nextCursor,
} from './encode.ts'
import type { Exchange } from '../http/exchange.ts'
import { encodeAll } from '../http/pieces.ts'
import type { Handlers } from '../http/handler.ts'

type Names =
  | 'createDeployToken'
  | 'createToken'
  | 'listOrganisationTokens'
  | 'listAppTokens'
  | 'countOrganisationTokens'
  | 'countAppTokens'
  | 'showCurrentTokens'
  | 'showToken'
  | 'showTokenHistory'
  | 'renameToken'
  | 'rotateToken'
  | 'approveToken'
  | 'revokeToken'
  | 'revokeTokenText'
  | 'revokeDerivedToken'

export const tokenHandlers: Handlers<Names> = {
  async createDeployToken({ params, body: { expiry } }, { perform }) {
    const { token } = await perform(mintToken, {
      slug: undefined,
      profile: 'deploy',
      appName: params.app_name,
      cluster: undefined,
      name: undefined,
      lifetime: typeof expiry === 'number' ? durationFromNanoseconds(expiry) : readLifetime(expiry),
      caveats: [],
    })
    return { token: token.reveal() }
  },

  async createToken({ params, body }, { perform, now }) {
    const { token, record, organisation } = await perform(mintToken, {
      slug: params.org_slug,
      profile: body.profile,
      appName: body.app,
      cluster: body.cluster,
      name: body.name,
      lifetime: readLifetime(body.expiry),
      caveats: body.caveats,
    })
    return { ...encodeToken({ record, organisation, usesKnownSince: 0 }, now()), token: token.reveal() }
  },

  async listOrganisationTokens({ params, query }, exchange) {
    const listing = readListing(query, params.org_slug)
    const page = await exchange.perform(listOrganisationTokens, { slug: params.org_slug, ...listing })
    return encodeTokens(page, listing, exchange)
  },

  async listAppTokens({ params, query }, exchange) {
    const listing = readListing(query, params.app_name)
    return encodeTokens(
      await exchange.perform(listAppTokens, { appName: params.app_name, ...listing }),
      listing,
      exchange,
    )
  },

  async countOrganisationTokens({ params, query }, { perform }) {
    return encodeCount(await perform(countOrganisationTokens, { slug: params.org_slug, ...readFilter(query) }))
  },

  async countAppTokens({ params, query }, { perform }) {
    return encodeCount(await perform(countAppTokens, { appName: params.app_name, ...readFilter(query) }))
  },

  async showCurrentTokens(_input, { perform }) {
    const current = await perform(showCurrentTokens, undefined)
    return {
      tokens: current.map(({ id, organisationSlug, apps, userEmail, machine, sourceMachine, expiresAt }) => ({
        token_id: id,
        org_slug: organisationSlug,
        organization: organisationSlug,
        apps: [...apps],
        user: userEmail,
        restricted_to_machine: machine,
        source_machine_id: sourceMachine,
        expires_at: new Date(expiresAt).toISOString(),
      })),
    }
  },

  async showToken({ params }, { perform, now }) {
    return encodeShownToken(await perform(showToken, { id: params.token_id }), now())
  },

  async showTokenHistory({ params, query: { limit, cursor } }, exchange) {
    const before = cursor === undefined ? undefined : decodeEventCursor(cursor)
    return encodeAuditEvents(await exchange.perform(showTokenHistory, { id: params.token_id, limit, before }), exchange)
  },

  async renameToken({ params, body: { name } }, { perform, now }) {
    return encodeToken(await perform(renameToken, { id: params.token_id, name }), now())
  },

  async rotateToken({ params, body: { grace, expiry } }, { perform, now }) {
    const { token, record, organisation, replaced, usesKnownSince } = await perform(rotateToken, {
      id: params.token_id,
      grace: parseGrace(grace),
      lifetime: readLifetime(expiry),
    })
    return {
      ...encodeToken({ record, organisation, usesKnownSince: 0 }, now()),
      token: token.reveal(),
      predecessor: encodeToken({ record: replaced, organisation, usesKnownSince }, now()),
    }
  },

  async approveToken({ params }, { perform, now }) {
    return encodeToken(await perform(approveToken, { id: params.token_id }), now())
  },

  async revokeToken({ params, body: { descendants } }, { perform, now }) {
    return encodeRevokedToken(await perform(revokeToken, { id: params.token_id, descendants }), now())
  },

  async revokeTokenText({ body: { token, descendants } }, { perform, now }) {
    return encodeRevokedToken(await perform(revokeToken, { id: nameToken(token), descendants }), now())
  },

  async revokeDerivedToken({ body: { derived } }, { perform }) {
    return encodeRevokedDerivedToken(await perform(revokeDerivedToken, readDerived(derived)))
  },
}

/** Seconds; undefined for what the organisation says. */
function readLifetime(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text)
}

interface Filter extends Pick<TokenQuery, 'state' | 'search' | 'profile'> {
  /** A duration. */
  readonly unused?: string | undefined
  /** A duration. */
  readonly ends_within?: string | undefined
  readonly created_by?: string | undefined
  readonly approval?: 'pending' | undefined
}

interface Listing extends Filter, Pick<TokenQuery, 'sort' | 'limit'> {
  readonly order?: TokenQuery['order'] | undefined
  readonly cursor?: string | undefined
}

function readFilter({ state, search, profile, unused, ends_within, created_by, approval }: Filter): FilterOptions {
  const milliseconds = (text: string | undefined) => (text === undefined ? undefined : parseDuration(text) * 1000)
  return {
    state,
    search,
    profile,
    unused: milliseconds(unused),
    endsWithin: milliseconds(ends_within),
    createdBy: created_by,
    isPending: approval === 'pending',
  }
}

function readListing(
  { cursor, sort, order, limit, ...filter }: Listing,
  owner: string,
): ListOptions & { readonly owner: string } {
  // Names are sorted from A to Z, times from the latest.
  const listing = { ...readFilter(filter), owner, sort, limit, order: order ?? (sort === 'name' ? 'asc' : 'desc') }
  return { ...listing, after: cursor === undefined ? undefined : decodeTokenCursor(cursor, listing) }
}

function encodeCount({ count, more }: CountedTokens) {
  return { count, more }
}

async function encodeTokens(
  page: ListedTokens,
  listing: ReturnType<typeof readListing>,
  { now, pause }: Pick<Exchange, 'now' | 'pause'>,
) {
  const { items, organisation, usesKnownSince } = page
  const at = now()
  // Encoding caveats takes longer than everything else, so a token with up to 48 KiB of them is encoded alone.
  const weigh = ({ caveats }: ListedToken) => 1 + (caveats?.length ?? 0) / 100
  return {
    tokens: await encodeAll(items, (record) => encodeToken({ record, organisation, usesKnownSince }, at), pause, weigh),
    uses_known_since: encodeInstant(usesKnownSince),
    ...nextCursor<string>(page, (place) => encodeTokenCursor(place, listing)),
  }
}
