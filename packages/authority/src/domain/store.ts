// The contract of the store: transactions over nouns. SQLite and PostgreSQL keep it, proven by one conformance suite.
import type { App } from './app.ts'
import type { AuditEvent, StoredAuditEvent } from './audit-event.ts'
import type { CliLogin, CliLoginApproval } from './cli-login.ts'
import type { DischargeRequest } from './discharge.ts'
import type { StartupError } from './errors.ts'
import type { Identity } from './identity.ts'
import type { WrappedSigningKey } from './key.ts'
import type {
  Invitation,
  Member,
  Membership,
  MembershipDischarge,
  Organisation,
  OwnInvitation,
  PendingInvitation,
  Quota,
  Role,
  TokenMinting,
} from './organisation.ts'
import type { Page } from './page.ts'
import type { Passkey, PasskeyChallenge } from './passkey.ts'
import type { DescendantsRevoked, ListedToken, NewToken, TokenQuery, TokenRecord } from './token.ts'
import type { AddressProof, ListedUser, PasswordReset, Session, SetupCode, User, UserWithPassword } from './user.ts'

export interface Store {
  /** Runs `work` on one consistent snapshot. */
  read<T>(work: (tx: ReadTransaction) => Promise<T>, options?: ReadOptions): Promise<T>
  /**
   * Runs `work` as if alone, and resolves only when all that it did is durable. What `work` throws undoes it all and
   * is thrown on. `work` may run more than once before one run counts, so it touches nothing but `tx`, and awaits
   * nothing else: others wait for it.
   */
  write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T>
  /** Finds out, within two seconds, what is wrong with reads or writes; undefined where nothing is. */
  health(): Promise<Trouble | undefined>
  /** Resolves when the store can go on no more: all is refused from then on. Never rejects. */
  readonly failed: Promise<StartupError>
  /** Finishes what has begun, then lets go of the database. */
  close(): Promise<void>
}

export interface ReadOptions {
  /** Milliseconds for which it is waited at most, where that is less than the store would wait. */
  readonly patience?: number
}

export interface WriteOptions extends ReadOptions {
  /** It takes authority away: it is done on a full disk too. */
  readonly isUrgent?: boolean
  /** It is one of many steps: what it wrote is put in its place at once, so that nobody waits for that of all of them. */
  readonly isStep?: boolean
}

/** What is wrong with a store at this moment, for people and programs that may not see paths or addresses. */
export interface Trouble {
  readonly reason:
    | 'locked' // by another program
    | 'busy'
    | 'storage_full'
    | 'read_only'
    | 'unreachable'
    | 'slow'
    | 'files_missing'
    | 'outdated' // it is of another version than the program
    | 'damaged'
  /** The sentence. */
  readonly message: string
}

/** What a database is found to hold before anything in it is changed. */
export interface FoundDatabase {
  /** By which the root key is known again; undefined in a new database. */
  readonly rootKeyProof: string | undefined
  readonly holdsAccounts: boolean
  /** Whether the place knows that there was another one before, in use. */
  readonly hadPredecessor: boolean
}

/** Looks at what was found, and throws where it is not to be worked on; nothing is changed until it has returned. */
export type Admit = (found: FoundDatabase) => Promise<void>

/** Times are milliseconds since 1970. What is not found is undefined. */
export interface ReadTransaction {
  readonly settings: {
    get(name: string): Promise<string | undefined>
  }
  readonly users: {
    byId(id: number): Promise<User | undefined>
    byEmail(email: string): Promise<UserWithPassword | undefined>
    /** The stored password of the user; null where there is none, and undefined where there is no user. */
    passwordHash(id: number): Promise<string | null | undefined>
    /** Whether there is any account yet. */
    exist(): Promise<boolean>
    /** All of them, by address. */
    list(): Promise<readonly ListedUser[]>
  }
  readonly sessions: {
    /** With its user; expired ones too. */
    byTokenHash(hash: Uint8Array): Promise<{ readonly session: Session; readonly user: User } | undefined>
    byId(id: number): Promise<Session | undefined>
    /** Those that have not ended at `now`, the newest first. */
    ofUser(userId: number, now: number, limit: number): Promise<readonly Session[]>
  }
  readonly cliLogins: {
    /** Ended ones too. */
    byIdHash(hash: Uint8Array): Promise<CliLogin | undefined>
    /** Those that have not ended at `now`. */
    count(now: number): Promise<number>
  }
  readonly passkeys: {
    byCredentialId(credentialId: Uint8Array): Promise<Passkey | undefined>
    /** From the eldest to the youngest. */
    ofUser(userId: number): Promise<readonly Passkey[]>
  }
  readonly passkeyChallenges: object
  readonly identities: {
    find(issuer: string, subject: string): Promise<Identity | undefined>
    /** Whether the user has any at this issuer. */
    exists(userId: number, issuer: string): Promise<boolean>
  }
  readonly passwordResets: {
    /** Ended ones too. */
    byCodeHash(hash: Uint8Array): Promise<PasswordReset | undefined>
  }
  readonly setupCode: {
    get(): Promise<SetupCode | undefined>
  }
  readonly organisations: {
    byId(id: number): Promise<Organisation | undefined>
    bySlug(slug: string): Promise<Organisation | undefined>
    /** How many there are of it, where that is less than `most`; else `most`. Live tokens are those at `now`. */
    countUpTo(id: number, quota: Quota, most: number, now: number): Promise<number>
    personalOf(userId: number): Promise<Organisation | undefined>
    /** Those that the user belongs to, with their role there, by name. */
    ofUser(userId: number): Promise<readonly { readonly organisation: Organisation; readonly role: Role }[]>
  }
  readonly memberships: {
    find(organisationId: number, userId: number): Promise<Membership | undefined>
    /** The first by the id of their user, after this one. */
    page(organisationId: number, query: { readonly limit: number; readonly after?: number }): Promise<readonly Member[]>
    /** Whether anybody but this user is an admin. */
    hasOtherAdmin(organisationId: number, userId: number): Promise<boolean>
    /** To how many organisations the user belongs, where that is less than `most`; else `most`. */
    countOf(userId: number, most: number): Promise<number>
  }
  readonly invitations: {
    /** By either of its two codes. */
    byCodeHash(hash: Uint8Array): Promise<Invitation | undefined>
    /**
     * Those that can be accepted at `now`, by people who are no members yet, and whose inviter is an admin still; the
     * newest first.
     */
    pending(organisationId: number, now: number): Promise<readonly PendingInvitation[]>
    /** The address's own that can be accepted at `now`, over all organisations, as {@link pending}; the newest first. */
    pendingOf(email: string, now: number): Promise<readonly OwnInvitation[]>
  }
  readonly apps: {
    byId(id: number): Promise<App | undefined>
    /** With its organisation: both are needed wherever one is. */
    byName(name: string): Promise<{ readonly app: App; readonly organisation: Organisation } | undefined>
    byIdempotencyKey(organisationId: number, key: string): Promise<App | undefined>
    /** The first by name, after the one of this name. */
    page(organisationId: number, query: { readonly limit: number; readonly after?: string }): Promise<readonly App[]>
  }
  readonly signingKeys: {
    byKid(kid: Uint8Array): Promise<WrappedSigningKey | undefined>
    /** The newest key of the organisation: the one to mint with. */
    newest(organisationId: number): Promise<WrappedSigningKey | undefined>
  }
  readonly tokens: {
    byId(id: string): Promise<TokenRecord | undefined>
    byIdWithNames(id: string): Promise<ListedToken | undefined>
    /**
     * A page of the organisation's tokens of all kinds. Where a search, or a state in another order than that of the
     * end, leaves few of many, a page may hold less than its limit, and nothing even, and yet have a next one: no page
     * looks at more than ten thousand tokens.
     * @throws DomainError `invalid` where `after` is no token of the organisation
     */
    ofOrganisation(organisationId: number, query: TokenQuery): Promise<Page<ListedToken, string>>
    /** The same of those that are limited to an app of the organisation. */
    ofApp(app: Pick<App, 'id' | 'organisationId'>, query: TokenQuery): Promise<Page<ListedToken, string>>
    /** Whether `continueRevocations` has anything to do. */
    revocationsAreUnfinished(): Promise<boolean>
  }
  readonly dischargeRequests: {
    /** By the hash of the name that the token's person was given; ended ones too. */
    byPersonHash(hash: Uint8Array): Promise<DischargeRequest | undefined>
    /** By the hash of the name that the token's holder polls with; ended ones too. */
    byPollHash(hash: Uint8Array): Promise<DischargeRequest | undefined>
    /** The newest for this ticket from this address that nobody has denied, and that has not ended at `now`. */
    findAgain(
      request: Pick<DischargeRequest, 'tokenId' | 'ticket' | 'requestedFrom'>,
      now: number,
    ): Promise<DischargeRequest | undefined>
    /** Those of the token that have not ended at `now`. */
    count(tokenId: string, now: number): Promise<number>
    /** Those that wait for the user or were answered by them, and have not ended at `now`. */
    countOf(userId: number, now: number): Promise<number>
  }
  readonly leftovers: {
    /** Whether `remove` has anything to do. */
    exist(): Promise<boolean>
  }
  readonly audit: {
    /** Whether `removeOlder` has anything to do. */
    areOlder(before: number): Promise<boolean>
    /** Newest first; `before` is the id of the last event seen. */
    ofOrganisation(
      organisationId: number,
      query: { readonly limit: number; readonly before?: number },
    ): Promise<Page<StoredAuditEvent, number>>
    /**
     * What a token did, and what was done to it, in its organisation or in none; newest first. `targets` are the words
     * for it in events, of which the first is the one that its mint has.
     */
    ofToken(
      token: Pick<TokenRecord, 'id' | 'organisationId' | 'createdAt'> & {
        readonly targets: readonly [string, string, string]
      },
      query: { readonly limit: number; readonly before?: number },
    ): Promise<Page<StoredAuditEvent, number>>
  }
}

/** Inserts return what was stored. A broken uniqueness rule throws DomainError `conflict`, or `name_taken` for apps. */
export interface Transaction extends ReadTransaction {
  readonly settings: ReadTransaction['settings'] & {
    set(name: string, value: string): Promise<void>
  }
  readonly users: ReadTransaction['users'] & {
    insert(user: Omit<UserWithPassword, 'id'> & { readonly emailProvenBy: AddressProof | null }): Promise<User>
    setPasswordHash(id: number, hash: string | null): Promise<void>
    prove(id: number, at: number, by: AddressProof): Promise<void>
    /** Nobody finds it from then on, and its address is free; what was made in its name goes on naming nobody. */
    delete(id: number, at: number): Promise<void>
  }
  readonly sessions: ReadTransaction['sessions'] & {
    /** Ends the eldest of the user's where there are more than a thousand. */
    insert(session: Omit<Session, 'id'> & { readonly tokenHash: Uint8Array }): Promise<Session>
    delete(id: number): Promise<void>
    /**
     * Removes the user's sessions that ended before `now`, but for the youngest `spared` of all: where the clock was
     * ahead for a while, those that seem ended are not.
     */
    deleteExpired(userId: number, now: number, spared: number): Promise<void>
    /** Removes the user's sessions but the one with this id. */
    deleteOthers(userId: number, id: number): Promise<void>
  }
  readonly cliLogins: ReadTransaction['cliLogins'] & {
    insert(login: Omit<CliLogin, 'id' | 'approval'>): Promise<void>
    approve(id: number, approval: CliLoginApproval): Promise<void>
    delete(id: number): Promise<void>
    /** Removes those that ended before `now`; a hundred of them, where there are more. */
    deleteExpired(now: number): Promise<void>
    /** Removes those that the user has approved and nobody has redeemed. */
    deleteApprovedBy(userId: number): Promise<void>
  }
  readonly passkeys: ReadTransaction['passkeys'] & {
    insert(passkey: Omit<Passkey, 'id'>): Promise<Passkey>
    /** Writes down that it was used. */
    use(id: number, signCount: number, at: number): Promise<void>
    delete(id: number): Promise<void>
    deleteOfUser(userId: number): Promise<void>
  }
  readonly passkeyChallenges: ReadTransaction['passkeyChallenges'] & {
    /** Lets go of a hundred of those that ended before `now`, and of the eldest where there are more than `most`. */
    insert(challenge: PasskeyChallenge, bounds: { readonly now: number; readonly most: number }): Promise<void>
    /** Takes it away, so that nobody else can; ended ones too. */
    take(handle: Uint8Array): Promise<PasskeyChallenge | undefined>
    deleteOfUser(userId: number): Promise<void>
  }
  readonly identities: ReadTransaction['identities'] & {
    insert(identity: Identity): Promise<void>
    deleteOfUser(userId: number): Promise<void>
  }
  readonly passwordResets: ReadTransaction['passwordResets'] & {
    /** Lets go of those that ended before. */
    insert(reset: PasswordReset): Promise<void>
    deleteOfUser(userId: number): Promise<void>
  }
  readonly setupCode: ReadTransaction['setupCode'] & {
    /** In the place of any earlier one. */
    replace(code: SetupCode): Promise<void>
    delete(): Promise<void>
  }
  readonly organisations: ReadTransaction['organisations'] & {
    insert(organisation: Omit<Organisation, 'id'>): Promise<Organisation>
    rename(id: number, name: string): Promise<void>
    /** For the tokens that are minted from then on. */
    setMembershipDischarge(id: number, demand: MembershipDischarge): Promise<void>
    setTokenMinting(id: number, minting: TokenMinting): Promise<void>
    /**
     * From the commit on nothing of it is found or verifies, and its names are free: with its memberships, invitations,
     * apps, signing keys and tokens. Where these are many, `leftovers` removes the rows. Audit events stay.
     */
    delete(id: number): Promise<void>
  }
  readonly memberships: ReadTransaction['memberships'] & {
    insert(membership: Membership): Promise<void>
    setRole(organisationId: number, userId: number, role: Role): Promise<void>
    delete(organisationId: number, userId: number): Promise<void>
  }
  readonly invitations: ReadTransaction['invitations'] & {
    /** An address has one open invitation to an organisation: close an earlier one first. */
    insert(invitation: Omit<Invitation, 'id'>): Promise<Invitation>
    accept(id: number, at: number): Promise<void>
    delete(id: number): Promise<void>
    /** Removes the open one of this address, ended or not. Whether there was one. */
    closeOf(organisationId: number, email: string): Promise<boolean>
    /** Removes the open ones that this person made. */
    closeBy(organisationId: number, userId: number): Promise<void>
  }
  readonly apps: ReadTransaction['apps'] & {
    insert(app: Omit<App, 'id'>): Promise<App>
    /** The tokens that were limited to it stay, for the record: revoke them first. */
    delete(id: number): Promise<void>
  }
  readonly signingKeys: ReadTransaction['signingKeys'] & {
    insert(key: WrappedSigningKey): Promise<void>
  }
  readonly tokens: ReadTransaction['tokens'] & {
    insert(token: NewToken): Promise<void>
    /** Only where it is not yet revoked: the first revocation stands. */
    revoke(id: string, at: number, by: string): Promise<void>
    /**
     * Revokes all that the token minted, and what that minted, from the commit on; the token itself is left as it is.
     * Where it is much, the rest is dead too, and `continueRevocations` writes it down. A row of a token must not be
     * removed while one of a token that it minted is there: the line of descent goes through it.
     */
    revokeDescendants(id: string, at: number, by: string): Promise<DescendantsRevoked>
    /**
     * Removes rows of tokens that ended before that time, revoked or not, one step of them, in the organisations with an
     * id past `after`; what minted a token whose row is kept is kept. Returns the organisation up to which that is done,
     * and undefined after the last one.
     */
    removeEnded(before: number, after: number): Promise<number | undefined>
    /** Takes the next step of what `revokeDescendants` left. */
    continueRevocations(): Promise<DescendantsRevoked>
    /**
     * Revokes every token that the organisation has, from the commit on, and none that is minted later. Where it is much,
     * `leftovers` writes it down.
     */
    revokeOfOrganisation(organisationId: number, at: number, by: string): Promise<void>
    /** Revokes every token that is limited to the app, from the commit on. Where it is much, `leftovers` writes it down. */
    revokeOfApp(appId: number, at: number, by: string): Promise<void>
  }
  readonly dischargeRequests: ReadTransaction['dischargeRequests'] & {
    insert(
      request: Omit<DischargeRequest, 'id'> & { readonly personHash: Uint8Array; readonly pollHash: Uint8Array },
    ): Promise<DischargeRequest>
    setNames(id: number, names: { readonly personHash: Uint8Array; readonly pollHash: Uint8Array }): Promise<void>
    setState(id: number, state: DischargeRequest['state']): Promise<void>
    delete(id: number): Promise<void>
    /** Removes those that wait for this person, and those that they answered. */
    deleteOfUser(userId: number): Promise<void>
    /** Removes those of every token that ended before `now`; a hundred of them, where there are more. */
    deleteExpired(now: number): Promise<void>
  }
  readonly leftovers: ReadTransaction['leftovers'] & {
    /** Takes the next step of what deletions and upgrades have left. Whether there is more of it. */
    remove(): Promise<boolean>
  }
  readonly audit: ReadTransaction['audit'] & {
    append(event: AuditEvent): Promise<void>
    /** Removes the eldest events from before that time, one step of them. Whether there may be more. */
    removeOlder(before: number): Promise<boolean>
  }
}
