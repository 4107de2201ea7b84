// The handlers for the limits that an organisation sets for its tokens.
import { formatDuration, parseDuration, type TokenPolicy as TokenPolicyAnswer } from '@hallpass/client'

import { readNetworks, writeNetworks, type TokenPolicy } from '../../domain/token-policy.ts'
import { showTokenPolicy, updateTokenPolicy } from '../../operations/organisations/token-policy.ts'
import type { Handlers } from '../http/handler.ts'

export const tokenPolicyHandlers: Handlers<'showTokenPolicy' | 'updateTokenPolicy'> = {
  async showTokenPolicy({ params }, { perform }) {
    return encodePolicy(await perform(showTokenPolicy, { slug: params.org_slug }))
  },

  async updateTokenPolicy({ params, body }, { perform }) {
    const changed = await perform(updateTokenPolicy, {
      slug: params.org_slug,
      maxLifetime: readLifetime(body.max_token_lifetime),
      defaultLifetime: readLifetime(body.default_token_lifetime),
      tokensMayMint: body.tokens_may_mint,
      onlyAdminsMint: body.only_admins_mint,
      approval: body.approval,
      networks: body.networks === undefined ? undefined : readNetworks(body.networks),
    })
    return encodePolicy(changed.policy)
  },
}

function readLifetime(text: string | null | undefined): number | null | undefined {
  return typeof text === 'string' ? parseDuration(text) : text
}

function encodePolicy(policy: TokenPolicy): TokenPolicyAnswer {
  const { maxLifetime, defaultLifetime, tokensMayMint, onlyAdminsMint, approval, networks } = policy
  return {
    max_token_lifetime: maxLifetime === null ? null : formatDuration(maxLifetime),
    default_token_lifetime: defaultLifetime === null ? null : formatDuration(defaultLifetime),
    tokens_may_mint: tokensMayMint,
    only_admins_mint: onlyAdminsMint,
    approval,
    networks: writeNetworks(networks),
  }
}
