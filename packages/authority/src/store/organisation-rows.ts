// Converts rows of organisations to organisations.
import type { Organisation } from '../domain/organisation.ts'
import { openPolicy, readNetworks, writeNetworks, type TokenPolicy } from '../domain/token-policy.ts'
import type { Database } from './schema.ts'

export const policyColumns = [
  'organisations.token_minting as tokenMinting',
  'organisations.max_token_lifetime as maxLifetime',
  'organisations.default_token_lifetime as defaultLifetime',
  'organisations.only_admins_mint as onlyAdminsMint',
  'organisations.token_approval as approval',
  'organisations.token_networks as networks',
] as const

export const organisationColumns = [
  'organisations.id',
  'organisations.slug',
  'organisations.name',
  'organisations.personal_of as personalOf',
  'organisations.membership_discharge as membershipDischarge',
  'organisations.created_at as createdAt',
  ...policyColumns,
] as const

/** A policy as it is stored. */
export interface PolicyRow {
  readonly tokenMinting: Stored['token_minting']
  readonly maxLifetime: Stored['max_token_lifetime']
  readonly defaultLifetime: Stored['default_token_lifetime']
  readonly onlyAdminsMint: Stored['only_admins_mint']
  readonly approval: Stored['token_approval']
  readonly networks: Stored['token_networks']
}

type Stored = Database['organisations']

export function toOrganisation(row: Omit<Organisation, 'tokenPolicy'> & PolicyRow): Organisation {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    personalOf: row.personalOf,
    membershipDischarge: row.membershipDischarge,
    tokenPolicy: toPolicy(row),
    createdAt: row.createdAt,
  }
}

export function toPolicy(row: PolicyRow): TokenPolicy {
  const { tokenMinting, maxLifetime, defaultLifetime, onlyAdminsMint, approval, networks } = row
  const limits = maxLifetime ?? defaultLifetime ?? networks
  if (limits === null && tokenMinting === 'allowed' && onlyAdminsMint === 0 && approval === 0) return openPolicy
  return {
    maxLifetime,
    defaultLifetime,
    tokensMayMint: tokenMinting === 'allowed',
    onlyAdminsMint: onlyAdminsMint !== 0,
    approval: approval !== 0,
    networks: networks === null ? [] : readNetworks(networks.split(' ')),
  }
}

export function fromPolicy(policy: TokenPolicy): PolicyRow {
  const { maxLifetime, defaultLifetime, tokensMayMint, onlyAdminsMint, approval, networks } = policy
  return {
    tokenMinting: tokensMayMint ? 'allowed' : 'forbidden',
    maxLifetime,
    defaultLifetime,
    onlyAdminsMint: Number(onlyAdminsMint),
    approval: Number(approval),
    networks: networks.length === 0 ? null : writeNetworks(networks).join(' '),
  }
}
