// For tests: answers as the contract has them, for the command line takes no others.
import type { App, CurrentUser, Organisation, SessionAnswer, Token } from '@hallpass/client'

const moment = '2026-01-02T03:04:05.000Z'

export const acme: Organisation = {
  slug: 'acme',
  raw_slug: 'acme',
  name: 'Acme',
  type: 'SHARED',
  internal_numeric_id: 2,
  role: 'admin',
  require_membership_discharge: 'none',
  tokens_may_mint: true,
  created_at: moment,
}

/** An app of the organisation acme. */
export function app(name: string, number: number, organisationNumber = 2): App {
  return {
    id: `app-${number}`,
    name,
    status: 'deployed',
    internal_numeric_id: number,
    network: 'default',
    machine_count: 0,
    volume_count: 0,
    cname_target: '',
    app_role: '',
    organization: { name: 'Acme', slug: 'acme', internal_numeric_id: organisationNumber },
  }
}

/** `11111111-…` for `1`. */
export function tokenNumber(digit: number): string {
  const times = (count: number) => String(digit).repeat(count)
  return `${times(8)}-${times(4)}-4${times(3)}-8${times(3)}-${times(12)}`
}

/** What is remembered of the token {@link tokenNumber}. */
export function listed(digit: number): Token {
  return {
    id: tokenNumber(digit),
    name: `token ${digit}`,
    profile: 'deploy_organization',
    org_slug: 'acme',
    app: null,
    machine: null,
    created_by: 'ada@example.com',
    created_by_proven: true,
    minted_by: null,
    trust_policy: null,
    blocked: null,
    successor_id: null,
    predecessor_id: null,
    created_at: moment,
    expires_at: '2124-04-23T05:39:39.000Z',
    revoked_at: null,
    revoked_by: null,
    state: 'live',
    caveats: null,
    last_used_at: null,
    last_used_ip: null,
    last_used_operation: null,
    last_used_agent: null,
    last_use_known_since: moment,
  }
}

export const session: SessionAnswer = {
  access_token: 'fo1_session',
  expires_at: '2027-01-01T00:00:00.000Z',
  user: { id: 1, email: 'ada@example.com' },
}

export const currentUser: CurrentUser = { ...session.user, email_proven: true, has_password: true }

/** What `GET /v1/tokens/current` says of one token. */
export function currentToken(apps: readonly string[]) {
  return {
    token_id: tokenNumber(1),
    org_slug: 'acme',
    organization: 'Acme',
    apps,
    user: null,
    restricted_to_machine: '',
    source_machine_id: '',
    expires_at: '2124-04-23T05:39:39.000Z',
  }
}
