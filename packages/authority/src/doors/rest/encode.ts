// Encodes the domain's nouns as the contract's JSON. Fields that are not named here are not sent.
import type {
  App,
  AuditEvent,
  CreatedApp,
  ListedSession as ListedSessionAnswer,
  Member as MemberAnswer,
  Organisation as OrganisationAnswer,
  Region as RegionAnswer,
  RevokedDerivedToken as RevokedDerivedAnswer,
  RevokedToken,
  SessionAnswer,
  ShownToken,
  Token,
} from '@hallpass/client'

import { formatDerived } from '../../domain/derived-token.ts'
import type { Page } from '../../domain/page.ts'
import type { StoredAuditEvent } from '../../domain/audit-event.ts'
import { personalAlias, type Member, type Organisation } from '../../domain/organisation.ts'
import { encodeEventCursor } from '../http/cursor.ts'
import type { Exchange } from '../http/exchange.ts'
import { encodeRunLabels } from '../http/encode-run-labels.ts'
import { encodeAll } from '../http/pieces.ts'
import { isTrustPolicyId } from '../../domain/trust-policy.ts'
import type { Use } from '../../domain/use.ts'
import { tokenState, type ListedToken, type RevokedDerived } from '../../domain/token.ts'
import type { Block } from '../../domain/token-policy.ts'
import type { Judged } from '../../operations/perform/blocks.ts'
import { describeRecordedCaveats } from '../../operations/tokens/caveats-json.ts'
import type { Region } from '../../operations/apps/list-regions.ts'
import type { ReachedOrganisation } from '../../operations/organisations/list-organisations.ts'
import type { ListedSession } from '../../operations/accounts/list-sessions.ts'
import type { ShownApp } from '../../operations/apps/find-app.ts'
import type { RevokedDerivedToken } from '../../operations/tokens/revoke-derived-token.ts'
import type { ShownToken as Shown } from '../../operations/tokens/show-token.ts'
import type { RevokedToken as Revoked } from '../../operations/tokens/revoke-token.ts'
import type { OpenedSession } from '../../operations/accounts/sign-in.ts'

export function encodeInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

export function encodeOrganisation({ organisation, role, own }: ReachedOrganisation): OrganisationAnswer {
  return {
    slug: own ? personalAlias : organisation.slug,
    raw_slug: organisation.slug,
    name: organisation.name,
    type: organisation.personalOf === null ? 'SHARED' : 'PERSONAL',
    internal_numeric_id: organisation.id,
    role,
    require_membership_discharge: organisation.membershipDischarge,
    tokens_may_mint: organisation.tokenPolicy.tokensMayMint,
    created_at: encodeInstant(organisation.createdAt),
  }
}

export function encodeMember({ userId, email, emailProvenAt, role, joinedAt }: Member): MemberAnswer {
  return { id: userId, email, email_proven: emailProvenAt !== null, role, joined_at: encodeInstant(joinedAt) }
}

export function encodeSession({ user, authToken, expiresAt }: OpenedSession): SessionAnswer {
  return {
    access_token: authToken.reveal(),
    expires_at: encodeInstant(expiresAt),
    user: { id: user.id, email: user.email },
  }
}

export function encodeListedSession(session: ListedSession): ListedSessionAnswer {
  const { id, kind, label, createdAt, expiresAt, current, lastUse, usesKnownSince } = session
  return {
    id,
    kind,
    label,
    created_at: encodeInstant(createdAt),
    expires_at: encodeInstant(expiresAt),
    current,
    ...encodeLastUse(lastUse),
    last_use_known_since: encodeInstant(Math.max(createdAt, usesKnownSince)),
  }
}

function encodeLastUse(use: Use | null) {
  return {
    last_used_at: use && encodeInstant(use.at),
    last_used_ip: use && use.address,
    last_used_operation: use && use.operation,
    last_used_agent: use && use.userAgent,
  }
}

export function encodeApp({ app, organisation, machineCount, volumeCount }: ShownApp): App {
  return {
    id: app.publicId,
    name: app.name,
    status: machineCount > 0 ? 'deployed' : 'pending',
    internal_numeric_id: app.id,
    network: app.network,
    machine_count: machineCount,
    volume_count: volumeCount,
    cname_target: '',
    app_role: '',
    organization: { name: organisation.name, slug: organisation.slug, internal_numeric_id: organisation.id },
  }
}

export function encodeCreatedApp(found: ShownApp): CreatedApp {
  return { ...encodeApp(found), created_at: found.app.createdAt }
}

/** Regions cost nothing here, and none has its own gateway. */
export function encodeRegion({ code, name }: Region): RegionAnswer {
  const facts = { gateway_available: false, requires_paid_plan: false, deprecated: false }
  return { code, name, latitude: 0, longitude: 0, ...facts }
}

/** A token as it is found. */
interface Found {
  readonly record: Judged<ListedToken>
  readonly organisation: Organisation
  /** Milliseconds. */
  readonly usesKnownSince: number
}

/** `now` in milliseconds. */
export function encodeToken({ record, organisation, usesKnownSince }: Found, now: number): Token {
  const { lastUse, createdAt } = record
  return {
    id: record.id,
    name: record.name,
    profile: record.profile,
    org_slug: organisation.slug,
    app: record.appName,
    machine: record.machineId,
    created_by: record.createdByEmail,
    created_by_proven: record.createdByProvenAt !== null && record.createdByProvenAt <= record.createdAt,
    ...encodeMinter(record.mintedBy),
    successor_id: record.successorId,
    predecessor_id: record.predecessorId,
    created_at: encodeInstant(record.createdAt),
    expires_at: encodeInstant(record.expiresAt),
    revoked_at: record.revokedAt === null ? null : encodeInstant(record.revokedAt),
    revoked_by: record.revokedBy,
    state: tokenState(record, now),
    blocked: tokenState(record, now) === 'live' ? encodeBlock(record.block) : null,
    ...encodeLastUse(lastUse && { ...lastUse, address: lastUse.usedFrom[0].address }),
    last_use_known_since: encodeInstant(Math.max(createdAt, usesKnownSince)),
    caveats: describeRecordedCaveats(record.caveats),
  }
}

/** Networks are judged only when a token is used. */
function encodeBlock(block: Block | undefined): Token['blocked'] {
  return block === undefined || block.reason === 'networks' ? null : { reason: block.reason, sentence: block.sentence }
}

function encodeMinter(id: string | null): Pick<Token, 'minted_by' | 'trust_policy'> {
  const isPolicy = id !== null && isTrustPolicyId(id)
  return { minted_by: isPolicy ? null : id, trust_policy: isPolicy ? id : null }
}

/** With the addresses. `now` in milliseconds. */
export function encodeShownToken(found: Shown, now: number): ShownToken {
  const usedFrom = found.record.lastUse?.usedFrom ?? []
  return {
    ...encodeToken(found, now),
    used_from: usedFrom.map(({ address, at }) => ({ ip: address, at: encodeInstant(at) })),
    revoked_derived: found.revokedDerived.map(encodeRevokedDerived),
  }
}

export function encodeRevokedToken(found: Revoked, now: number): RevokedToken {
  const { revoked, more } = found.descendants
  return {
    ...encodeToken(found, now),
    revoked_descendants: revoked,
    more_descendants: more,
  }
}

function encodeRevokedDerived({ name, revokedAt, revokedBy }: RevokedDerived): ShownToken['revoked_derived'][number] {
  return { id: formatDerived(name), revoked_at: encodeInstant(revokedAt), revoked_by: revokedBy }
}

export function encodeRevokedDerivedToken(found: RevokedDerivedToken): RevokedDerivedAnswer {
  const { name, organisation, descendants } = found
  return {
    ...encodeRevokedDerived(found),
    token_id: name.tokenId,
    org_slug: organisation.slug,
    revoked_descendants: descendants.revoked,
    more_descendants: descendants.more,
  }
}

function encodeAuditEvent({
  id,
  at,
  operation,
  outcome,
  actor,
  target,
  reason,
  requestId,
}: StoredAuditEvent): AuditEvent {
  return {
    id,
    at: encodeInstant(at),
    operation,
    outcome,
    actor: {
      kind: actor.kind,
      id: actor.id,
      label: actor.label,
      ...(actor.derived === undefined ? {} : { derived: actor.derived }),
      ...encodeRunLabels(actor.runLabels),
    },
    // The trail keeps the word with which it began.
    target: target.replace(/^organisation /, 'organization '),
    reason,
    request_id: requestId,
  }
}

export async function encodeAuditEvents(page: Page<StoredAuditEvent, number>, { pause }: Pick<Exchange, 'pause'>) {
  return { events: await encodeAll(page.items, encodeAuditEvent, pause), ...nextCursor(page, encodeEventCursor) }
}

/** The cursor of the next page, if there is one. */
export function nextCursor<Cursor>(
  page: Page<unknown, Cursor>,
  encode: (cursor: Cursor) => string,
): { next_cursor?: string } {
  return page.next === undefined ? {} : { next_cursor: encode(page.next) }
}
