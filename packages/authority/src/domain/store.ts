// The contract of the store: transactions over nouns. One conformance suite tests SQLite and PostgreSQL.
import type { StartupError } from './errors.ts'
import type { AppSecretReads, AppSecretWrites } from './store/app-secrets.ts'
import type { AppReads, AppWrites } from './store/apps.ts'
import type { AuditReads, AuditWrites } from './store/audit.ts'
import type { CliLoginReads, CliLoginWrites } from './store/cli-logins.ts'
import type { DischargeRequestReads, DischargeRequestWrites } from './store/discharge-requests.ts'
import type { FeedReads, FeedWrites } from './store/feed.ts'
import type { IdentityReads, IdentityWrites } from './store/identities.ts'
import type { InvitationReads, InvitationWrites } from './store/invitations.ts'
import type { LeftoverReads, LeftoverWrites } from './store/leftovers.ts'
import type { MachineTokenReads, MachineTokenWrites } from './store/machine-tokens.ts'
import type { MachineReads, MachineWrites } from './store/machines.ts'
import type { MembershipReads, MembershipWrites } from './store/memberships.ts'
import type { NoticeReads, NoticeWrites } from './store/notices.ts'
import type { OrganisationReads, OrganisationWrites } from './store/organisations.ts'
import type { OutboxReads, OutboxWrites } from './store/outbox.ts'
import type { PasskeyChallengeWrites } from './store/passkey-challenges.ts'
import type { PasskeyReads, PasskeyWrites } from './store/passkeys.ts'
import type { PasswordResetReads, PasswordResetWrites } from './store/password-resets.ts'
import type { SessionReads, SessionWrites } from './store/sessions.ts'
import type { SettingReads, SettingWrites } from './store/settings.ts'
import type { SetupCodeReads, SetupCodeWrites } from './store/setup-code.ts'
import type { SigningKeyReads, SigningKeyWrites } from './store/signing-keys.ts'
import type { TokenReads, TokenWrites } from './store/tokens.ts'
import type { TryReads, TryWrites } from './store/tries.ts'
import type { TrustPolicyReads, TrustPolicyWrites } from './store/trust-policies.ts'
import type { UseReads, UseWrites } from './store/uses.ts'
import type { UserReads, UserWrites } from './store/users.ts'
import type { VerifierReads, VerifierWrites } from './store/verifiers.ts'
import type { VolumeReads, VolumeWrites } from './store/volumes.ts'

/** The part of a store that runs transactions. */
export type Transactions = Pick<Store, 'read' | 'write'>

export interface Store {
  /** Runs `work` on one consistent snapshot. It may run more than once before one run counts, as that of a write may. */
  read<T>(work: (tx: ReadTransaction) => Promise<T>, options?: ReadOptions): Promise<T>
  /**
   * Runs `work` as if alone, and resolves when everything it did is durable. If `work` throws, everything is undone and
   * the error is rethrown. `work` may run more than once before one run counts, so it changes nothing but `tx`. It
   * awaits nothing else, because others wait for it.
   */
  write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T>
  /** Finds out within two seconds what is wrong with reads or writes; undefined if nothing is. */
  health(): Promise<Trouble | undefined>
  /** Resolves when the store cannot continue: everything is refused from then on. Never rejects. */
  readonly failed: Promise<StartupError>
  /** Finishes the transactions that have begun, then closes the database. */
  close(): Promise<void>
  /** Whether a read asks another process, which takes longer than to verify a token of some kilobytes. */
  readonly isRemote: boolean
}

export interface ReadOptions {
  /** The longest wait in milliseconds, if shorter than the store's own. */
  readonly patience?: number
  /** Who waits for it; the authority itself if absent. */
  readonly asker?: Asker
}

/** Somebody who may have to wait for a transaction. */
export interface Asker {
  /** Those of one network wait in one line. All lines take turns. */
  network(): string
  /** Nothing is begun any more for somebody who has left: it is refused as `unavailable`. */
  hasLeft(): boolean
}

export interface WriteOptions extends ReadOptions {
  /** It takes authority away, so it is done on a full disk too. */
  readonly isUrgent?: boolean
  /** It is one of many steps: what it wrote is checkpointed at once, so that nobody waits for all of them together. */
  readonly isStep?: boolean
}

/** What is wrong with a store now, for people and programs that may not see paths or addresses. */
export interface Trouble {
  readonly reason:
    | 'locked' // by another program
    | 'busy'
    | 'storage_full'
    | 'read_only'
    | 'unreachable'
    | 'slow'
    | 'files_missing'
    | 'closed'
    | 'outdated' // it is of another version than the program
    | 'damaged'
  /** The sentence for people. */
  readonly message: string
}

/** What a startup finds in a database before it changes anything. */
export interface FoundDatabase {
  /** Recognizes the root key; undefined in a new database. */
  readonly rootKeyProof: string | undefined
  readonly holdsAccounts: boolean
  /** Whether something shows that another database was in use here before. */
  readonly hadPredecessor: boolean
}

/** Checks what was found, and throws if the server must not use it. Nothing is changed before it returns. */
export type Admit = (found: FoundDatabase) => Promise<void>

/** Times are milliseconds since 1970. A look-up that finds nothing returns undefined. */
export interface ReadTransaction {
  readonly settings: SettingReads
  readonly users: UserReads
  readonly sessions: SessionReads
  readonly cliLogins: CliLoginReads
  readonly passkeys: PasskeyReads
  readonly identities: IdentityReads
  readonly passwordResets: PasswordResetReads
  readonly outbox: OutboxReads
  readonly setupCode: SetupCodeReads
  readonly organisations: OrganisationReads
  readonly memberships: MembershipReads
  readonly invitations: InvitationReads
  readonly apps: AppReads
  readonly appSecrets: AppSecretReads
  readonly machines: MachineReads
  readonly volumes: VolumeReads
  readonly machineTokens: MachineTokenReads
  readonly signingKeys: SigningKeyReads
  readonly tokens: TokenReads
  readonly trustPolicies: TrustPolicyReads
  readonly tries: TryReads
  readonly uses: UseReads
  readonly notices: NoticeReads
  readonly dischargeRequests: DischargeRequestReads
  readonly feed: FeedReads
  readonly verifiers: VerifierReads
  readonly leftovers: LeftoverReads
  readonly audit: AuditReads
}

/**
 * Inserts return the stored row. A violated uniqueness rule throws DomainError `conflict`, or `name_taken` for apps and machines.
 */
export interface Transaction extends ReadTransaction {
  readonly settings: SettingWrites
  readonly users: UserWrites
  readonly sessions: SessionWrites
  readonly cliLogins: CliLoginWrites
  readonly passkeys: PasskeyWrites
  readonly passkeyChallenges: PasskeyChallengeWrites
  readonly identities: IdentityWrites
  readonly passwordResets: PasswordResetWrites
  readonly outbox: OutboxWrites
  readonly setupCode: SetupCodeWrites
  readonly organisations: OrganisationWrites
  readonly memberships: MembershipWrites
  readonly invitations: InvitationWrites
  readonly apps: AppWrites
  readonly appSecrets: AppSecretWrites
  readonly machines: MachineWrites
  readonly volumes: VolumeWrites
  readonly machineTokens: MachineTokenWrites
  readonly signingKeys: SigningKeyWrites
  readonly tokens: TokenWrites
  readonly trustPolicies: TrustPolicyWrites
  readonly tries: TryWrites
  readonly uses: UseWrites
  readonly notices: NoticeWrites
  readonly dischargeRequests: DischargeRequestWrites
  readonly feed: FeedWrites
  readonly verifiers: VerifierWrites
  readonly leftovers: LeftoverWrites
  readonly audit: AuditWrites
}
