// The tables for queries, the same for both engines. `migrations.ts` creates them.
import type { Generated, GeneratedAlways } from 'kysely'

import type { AuditEvent } from '../domain/audit-event.ts'
import type { DischargeRequest } from '../domain/discharge.ts'
import type { MachineEvent } from '../domain/machine.ts'
import type { MachineState } from '../domain/machine-states.ts'
import type { VolumeState } from '../domain/volume.ts'
import type { MembershipDischarge, Role } from '../domain/organisation.ts'
import type { Profile } from '../domain/token.ts'
import type { NoticeKind } from '../domain/notice.ts'
import type { FeedSubject } from '../domain/feed.ts'
import type { OutboxTask } from '../domain/outbox.ts'
import type { LoginKind } from '../domain/use.ts'
import type { AddressProof, PasswordReset, SessionKind } from '../domain/user.ts'

/** Times are milliseconds; hashes, kids and token ids are bytes. */
export interface Database {
  readonly settings: {
    readonly name: string
    readonly value: string
  }
  readonly users: {
    readonly id: GeneratedAlways<number>
    readonly email: string
    /** Empty if there is none: no hash is empty. */
    readonly password_hash: string
    readonly created_at: number
    readonly email_proven_at: number | null
    readonly email_proven_by: AddressProof | null
    /** The row stays for rows that refer to it, without the address. */
    readonly deleted_at: number | null
  }
  readonly sessions: {
    readonly id: GeneratedAlways<number>
    readonly user_id: number
    readonly token_hash: Uint8Array
    readonly created_at: number
    readonly expires_at: number
    readonly kind: SessionKind
    readonly label: string
    readonly proven_at: number
  }
  readonly cli_logins: {
    readonly id: GeneratedAlways<number>
    readonly id_hash: Uint8Array
    readonly name: string
    readonly requested_from: string
    readonly code_challenge: string | null
    readonly state: string
    readonly redirect_port: number | null
    readonly created_at: number
    readonly expires_at: number
    readonly approved_by: number | null
    readonly code_hash: Uint8Array | null
  }
  readonly passkeys: {
    readonly id: GeneratedAlways<number>
    readonly user_id: number
    readonly credential_id: Uint8Array
    readonly public_key: Uint8Array
    readonly sign_count: number
    /** Separated by spaces. */
    readonly transports: string
    readonly name: string
    readonly created_at: number
    readonly last_used_at: number | null
  }
  readonly passkey_challenges: {
    readonly id: GeneratedAlways<number>
    readonly handle: Uint8Array
    readonly challenge_hash: Uint8Array
    readonly user_id: number | null
    readonly expires_at: number
  }
  readonly identities: {
    readonly issuer: string
    readonly subject: string
    readonly user_id: number
    readonly created_at: number
  }
  /** At most one row. */
  readonly setup_code: {
    readonly id: number
    readonly code_hash: Uint8Array
    readonly created_at: number
    readonly expires_at: number
  }
  readonly organisations: {
    readonly id: GeneratedAlways<number>
    readonly slug: string
    readonly name: string
    readonly personal_of: number | null
    readonly membership_discharge: MembershipDischarge
    readonly token_minting: 'allowed' | 'forbidden'
    /** Seconds. */
    readonly max_token_lifetime: number | null
    readonly default_token_lifetime: number | null
    readonly only_admins_mint: number
    readonly token_approval: number
    /** As CIDR, with blanks between. */
    readonly token_networks: string | null
    readonly created_at: number
  }
  readonly memberships: {
    readonly organisation_id: number
    readonly user_id: number
    readonly role: Role
    readonly created_at: number
  }
  readonly invitations: {
    readonly id: GeneratedAlways<number>
    readonly organisation_id: number
    readonly email: string
    readonly role: Role
    readonly code_hash: Uint8Array
    readonly created_by: number | null
    readonly created_at: number
    readonly expires_at: number
    readonly accepted_at: number | null
    readonly mail_code_hash: Uint8Array | null
  }
  readonly outbox: {
    readonly id: GeneratedAlways<number>
    readonly kind: OutboxTask['kind']
    readonly payload: Uint8Array
    readonly due_at: number
    readonly expires_at: number
    readonly tries: number
  }
  readonly password_resets: {
    readonly id: GeneratedAlways<number>
    readonly user_id: number
    readonly code_hash: Uint8Array
    readonly made_by: PasswordReset['madeBy']
    readonly created_at: number
    readonly expires_at: number
  }
  readonly apps: {
    readonly id: GeneratedAlways<number>
    readonly public_id: string
    readonly name: string
    readonly organisation_id: number
    readonly network: string
    readonly idempotency_key: string | null
    readonly created_at: number
  }
  readonly app_secrets: {
    readonly app_id: number
    readonly name: string
    readonly digest: string
    readonly sealed: Uint8Array
    readonly created_at: number
    readonly updated_at: number
  }
  readonly app_secret_versions: {
    readonly app_id: number
    readonly version: number
  }
  readonly machines: MachineColumns
  readonly machine_versions: {
    readonly machine_id: string
    readonly version: string
    readonly config: string
    readonly created_at: number
  }
  readonly machine_events: {
    readonly machine_id: string
    readonly id: string
    readonly type: MachineEvent['type']
    readonly status: string
    readonly source: MachineEvent['source']
    readonly at: number
    readonly request: string | null
  }
  readonly volumes: VolumeColumns
  readonly signing_keys: {
    readonly id: GeneratedAlways<number>
    readonly kid: Uint8Array
    readonly organisation_id: number
    readonly wrapped: Uint8Array
    readonly created_at: number
  }
  readonly tokens: {
    readonly id: Uint8Array
    readonly organisation_id: number
    readonly app_id: number | null
    readonly profile: Profile
    readonly name: string
    /** The key for sorting and searching. */
    readonly name_key: string
    readonly created_by: number | null
    readonly minted_by: Uint8Array | null
    readonly created_at: number
    readonly expires_at: number
    readonly revoked_at: number | null
    readonly revoked_by: string | null
    /** As on the wire; null for rows from before version 2, and if they are in `token_caveats`. */
    readonly caveats: Uint8Array | null
    readonly machine_id: string | null
    readonly successor_id: Uint8Array | null
    readonly predecessor_id: Uint8Array | null
    readonly is_approved: number
    /** How many tokens derived from it are revoked. */
    readonly revoked_derived: Generated<number>
  }
  readonly revoked_derived_tokens: {
    readonly token_id: Uint8Array
    readonly digest: Uint8Array
    readonly revoked_at: number
    readonly revoked_by: string
    /** Up to which token what it minted is marked; null if all is. */
    readonly done_to: Uint8Array | null
  }
  /** Tokens that a derived token minted, and each derived token that that one comes from. */
  readonly derived_minters: {
    readonly token_id: Uint8Array
    readonly minter_id: Uint8Array
    readonly digest: Uint8Array
  }
  readonly machine_tokens: {
    readonly machine_id: string
    readonly token_id: Uint8Array
    readonly sealed: Uint8Array
  }
  readonly token_caveats: {
    readonly token_id: Uint8Array
    readonly caveats: Uint8Array
  }
  readonly token_uses: {
    readonly token_id: Uint8Array
    readonly organisation_id: number
    readonly used_at: number
    readonly operation: string
    readonly user_agent: string
    /** JSON of pairs of an address and a time, the last one first. */
    readonly used_from: string
  }
  readonly login_uses: {
    readonly kind: LoginKind
    readonly id: number
    readonly user_id: number
    readonly used_at: number
    readonly operation: string
    readonly user_agent: string
    readonly address: string
  }
  readonly token_notices: {
    readonly token_id: Uint8Array
    readonly days: number | null
    readonly late_at: number | null
  }
  readonly notice_digests: {
    readonly user_id: number
    readonly kind: NoticeKind
    readonly count: number
    /** JSON of the first items. */
    readonly items: string
    readonly sent_at: number
    readonly due_at: number
  }
  readonly unfinished_revocations: {
    readonly token_id: Uint8Array
    readonly done_to: Uint8Array
    readonly revoked_at: number
    readonly revoked_by: string
  }
  readonly deleted_organisations: {
    readonly id: number
    readonly done_creation: number
    readonly done_id: Uint8Array
  }
  readonly unmoved_caveats: {
    readonly id: number
    readonly done_id: Uint8Array
  }
  readonly unfolded_names: {
    readonly id: number
    readonly done_id: Uint8Array
  }
  readonly deleted_apps: {
    readonly id: number
    readonly done_expiry: number
    readonly done_creation: number
    readonly done_id: Uint8Array
    readonly revoked_at: number
    readonly revoked_by: string
  }
  readonly revoked_organisations: {
    readonly id: number
    readonly to_creation: number
    readonly done_creation: number
    readonly done_id: Uint8Array
    readonly revoked_at: number
    readonly revoked_by: string
  }
  readonly trust_policies: {
    readonly id: Uint8Array
    readonly organisation_id: number
    readonly app_id: number | null
    readonly name: string
    readonly issuer: string
    readonly audience: string
    /** JSON: the values that each claim may have. */
    readonly claims: string
    /** As on the wire. */
    readonly caveats: Uint8Array
    /** Seconds. */
    readonly lifetime: number
    readonly created_by: number | null
    readonly created_at: number
  }
  readonly exchanged_identity_tokens: {
    readonly id: GeneratedAlways<number>
    readonly hash: Uint8Array
    readonly expires_at: number
  }
  readonly counted_tries: {
    readonly id: GeneratedAlways<number>
    readonly key_hash: Uint8Array
    readonly expires_at: number
  }
  readonly feed_events: {
    readonly id: GeneratedAlways<number>
    readonly at: number
    readonly kind: FeedSubject['kind']
    readonly token_id: Uint8Array | null
    readonly number: number | null
    /** 1 if it is. */
    readonly is_final: Generated<number>
  }
  readonly verifiers: {
    readonly id: GeneratedAlways<number>
    readonly name: string
    readonly secret_hash: Uint8Array
    readonly created_at: number
  }
  readonly discharge_requests: {
    readonly id: GeneratedAlways<number>
    readonly person_hash: Uint8Array
    readonly poll_hash: Uint8Array
    readonly token_id: Uint8Array
    readonly user_id: number
    readonly organisation_id: number
    readonly ticket: Uint8Array
    readonly state: DischargeRequest['state']
    readonly requested_from: string
    readonly created_at: number
    readonly expires_at: number
  }
  readonly audit_events: {
    readonly id: GeneratedAlways<number>
    readonly at: number
    readonly organisation_id: number | null
    readonly operation: string
    readonly outcome: AuditEvent['outcome']
    readonly actor_kind: AuditEvent['actor']['kind']
    readonly actor_id: string
    readonly actor_label: string
    readonly target: string
    readonly reason: string
    readonly request_id: string
    /** JSON of the labels of the token that acted. */
    readonly run_labels: string | null
    /** The name of the derived token that acted. */
    readonly actor_derived: string | null
  }
}

/** Booleans are 0 or 1. */
export interface MachineColumns {
  readonly id: string
  readonly organisation_id: number
  readonly app_id: number
  readonly name: string
  readonly region: string
  readonly state: MachineState
  readonly version: string
  readonly config: string
  readonly metadata: string
  readonly is_cordoned: number
  readonly has_secrets: number
  readonly launches: number
  readonly stop_signal: string | null
  readonly stop_timeout: number | null
  readonly image: string | null
  /** The reference of the image that it waits for: for the driver's look-ups alone. */
  readonly awaited_image: string | null
  readonly run_id: string | null
  readonly runs: number
  readonly started_at: number | null
  readonly address: string | null
  readonly restarts: number
  readonly tries: number
  readonly due_at: number | null
  readonly last_event_id: string
  readonly lease_nonce: string | null
  readonly lease_owner: string | null
  readonly lease_description: string | null
  readonly lease_expires_at: number | null
  readonly lease_version: string | null
  readonly created_at: number
  readonly updated_at: number
  /** JSON. */
  readonly run_labels: string | null
}

export interface VolumeColumns {
  readonly id: string
  readonly organisation_id: number
  readonly app_id: number
  readonly name: string
  readonly region: string
  readonly state: VolumeState
  readonly size_gb: number
  readonly made_gb: number
  readonly is_sized: number | null
  readonly machine_id: string | null
  readonly problem: string | null
  readonly tries: number
  readonly due_at: number | null
  readonly created_at: number
  readonly updated_at: number
}
