// organisation.policy, organisation.limit: the limits that an organisation sets for its tokens. Both they and their change count at
// every use from the commit on.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import { saySeconds, writeNetworks, type TokenPolicy } from '../../domain/token-policy.ts'
import type { ReadOperation, WriteOperation } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'
import { accessOrganisation } from './find-organisation.ts'

export const showTokenPolicy: ReadOperation<{ readonly slug: string }, Organisation, TokenPolicy> = {
  name: 'organisation.policy',
  mode: 'read',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read }),

  async run(_context, { subject }) {
    return subject.tokenPolicy
  },
}

/** A limit that is undefined does not change. */
export type UpdateTokenPolicy = { readonly slug: string } & {
  readonly [Limit in keyof TokenPolicy]: TokenPolicy[Limit] | undefined
}

export interface UpdatedTokenPolicy {
  readonly policy: TokenPolicy
  /** Each limit that changed, with its old and its new value. */
  readonly changes: readonly string[]
}

export const updateTokenPolicy: WriteOperation<UpdateTokenPolicy, Organisation, UpdatedTokenPolicy> = {
  name: 'organisation.limit',
  mode: 'write',

  async access(context, { slug }) {
    const request = await accessOrganisation(context, slug, { action: actions.write, feature: 'settings' })
    if (request.requirement.kind !== 'access') return request
    // What a limit holds back must not lift it.
    const refuse = ({ kind }: Credential) => (kind === 'token' ? personNeeded : undefined)
    return { ...request, requirement: { ...request.requirement, refuse } }
  },

  async run({ tx }, { input, subject: { id, tokenPolicy: old } }) {
    const policy: TokenPolicy = {
      maxLifetime: input.maxLifetime === undefined ? old.maxLifetime : input.maxLifetime,
      defaultLifetime: input.defaultLifetime === undefined ? old.defaultLifetime : input.defaultLifetime,
      tokensMayMint: input.tokensMayMint ?? old.tokensMayMint,
      onlyAdminsMint: input.onlyAdminsMint ?? old.onlyAdminsMint,
      approval: input.approval ?? old.approval,
      networks: input.networks ?? old.networks,
    }
    const { maxLifetime, defaultLifetime } = policy
    if (maxLifetime !== null && defaultLifetime !== null && defaultLifetime > maxLifetime) {
      const longer = `default_token_lifetime is ${saySeconds(defaultLifetime)}, longer than the longest lifetime of ${saySeconds(maxLifetime)}`
      throw new DomainError('invalid', longer, { field: 'default_token_lifetime' })
    }
    const changes = changesOf(old, policy)
    if (changes.length > 0) await tx.organisations.setTokenPolicy(id, policy)
    return { policy, changes }
  },

  auditDetails: ({ changes }) => (changes.length === 0 ? undefined : { reason: changes.join('; ') }),
}

const personNeeded = 'only a person who is logged in may change the limits of tokens; a token may not'

/** For the audit trail: each limit that changed, with its old and its new value. */
export function changesOf(old: TokenPolicy, policy: TokenPolicy): readonly string[] {
  const before = describe(old)
  return describe(policy).flatMap(([name, value], at) => {
    const was = before[at]?.[1] ?? ''
    return was === value ? [] : [`${name}: ${was} → ${value}`]
  })
}

/** The limits by name, as people read them. */
function describe(policy: TokenPolicy): readonly (readonly [name: string, value: string])[] {
  const { maxLifetime, defaultLifetime, tokensMayMint, onlyAdminsMint, approval, networks } = policy
  const say = (seconds: number | null) => (seconds === null ? 'none' : saySeconds(seconds))
  const sayWhether = (is: boolean) => (is ? 'yes' : 'no')
  return [
    ['max_token_lifetime', say(maxLifetime)],
    ['default_token_lifetime', say(defaultLifetime)],
    ['tokens_may_mint', sayWhether(tokensMayMint)],
    ['only_admins_mint', sayWhether(onlyAdminsMint)],
    ['approval', sayWhether(approval)],
    ['networks', networks.length === 0 ? 'none' : writeNetworks(networks).join(', ')],
  ]
}
