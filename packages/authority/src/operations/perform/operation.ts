// What an operation is: its name, what it takes, what it does, and what the audit trail says of it. perform() runs it.
import type { Access } from '@hallpass/macaroon'

import type { AuditActor, AuditEvent } from '../../domain/audit-event.ts'
import type { IdentityProvider } from '../../domain/identity.ts'
import type { Keyring, PasswordHasher } from '../../domain/keyring.ts'
import type { Postbox } from '../../domain/mail.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { PasskeyVerifier } from '../../domain/passkey.ts'
import type { ReadTransaction, Store, Transaction } from '../../domain/store.ts'
import type { DeclaredLimit, Limits } from './limits.ts'
import type { Credential, Principal } from './principal.ts'
import type { Quotas } from './quotas.ts'

/** Everything that an operation may use, the store left out: it is reached through a transaction alone. */
export interface Services extends Limits {
  readonly keyring: Keyring
  readonly passwords: PasswordHasher
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Resolves when the next piece of work that is long may be done. */
  readonly pause: () => Promise<void>
  readonly randomBytes: (length: number) => Uint8Array
  readonly passkeys: PasskeyVerifier
  /** Undefined where none is configured. */
  readonly identityProvider: IdentityProvider | undefined
  /** Undefined where no mail server is configured. */
  readonly postbox: Postbox | undefined
  /** How much an organisation may have. */
  readonly quotas: Quotas
  /** Whether a command line that logs in through a browser must prove that it is the one that asked. */
  readonly requirePkce: boolean
  /** For the log: what failed after the answer, or beside it, by the id of its request. */
  readonly report: (error: unknown, requestId: string) => void
  /** Where people reach the authority, without a slash at the end; known once it listens. */
  readonly publicUrl: () => string
}

/** What perform() needs: time and randomness come from outside. */
export interface Environment extends Services {
  readonly store: Store
}

/** The request that asks, as far as audit and limits need to know it. */
export interface Caller {
  readonly requestId: string
  readonly remoteAddress: string
  /** The GraphQL mutation by which it asks, if it does: `Mutations` caveats list those that they allow. */
  readonly mutation?: string
  /** Called with how many caveats are held against the items of a list, for all that the request asks; throws where it is too much. */
  readonly spend: (checks: number) => void
}

/** One instant of one authority. */
interface Moment {
  readonly environment: Services
  /** Milliseconds; the same for the whole operation. */
  readonly now: number
}

/** What is enough to write, whoever asks. */
export interface WriteContext extends Moment {
  readonly tx: Transaction
}

/** What an operation for anyone runs with. */
export interface OpenContext<Tx extends ReadTransaction> extends Moment {
  readonly tx: Tx
  readonly caller: Caller
}

/** What `access` and `run` work with: one transaction, one instant, one principal. */
export interface OperationContext<Tx extends ReadTransaction> extends OpenContext<Tx> {
  readonly principal: Principal
}

/** What slow work before the transaction has: snapshots of its own. */
export interface PrepareContext extends Moment {
  readonly caller: Caller
  readonly read: Store['read']
}

/** What follows the transaction: others of its own. */
export interface CommittedContext extends PrepareContext {
  readonly write: Store['write']
}

export type Requirement =
  /** Whoever presents a genuine credential. */
  | { readonly kind: 'credential' }
  /** A person who is logged in. */
  | { readonly kind: 'person' }
  /** A credential whose caveats allow the access, or that is exempt from asking. */
  | {
      readonly kind: 'access'
      readonly organisation: Organisation
      readonly access: Omit<Access, 'now' | 'orgId'>
      readonly exempt?: (credential: Credential) => boolean
      /** Why a credential may not, whatever its caveats allow; undefined where nothing speaks against it. */
      readonly refuse?: (credential: Credential) => string | undefined
    }

/** What an operation would do, to what. */
export interface AccessRequest<Subject> {
  /** What `access` has found, so that `run` need not look again. */
  readonly subject: Subject
  readonly requirement: Requirement
  /** For the audit trail: `app web-1`. Never a secret, and nothing that the caller made up. */
  readonly target: string
  /** What the trail says in its place, with names that the caller chose; left out where a stranger to the organisation asks. */
  readonly namedTarget?: string
  readonly organisationId: number | null
}

/** What `run` is given. */
interface AllowedRequest<Input, Subject, Prepared = undefined> {
  readonly input: Input
  readonly subject: Subject
  /** What the operation's `prepare` made; undefined where it has none. */
  readonly prepared: Prepared
  /** The credential that was found to allow it. */
  readonly actor: Credential
}

/** What of an audit event is known only once it is done; what is left out stays as the request had it. */
type AuditDetails = Partial<Pick<AuditEvent, 'actor' | 'target' | 'organisationId' | 'outcome' | 'reason'>>

interface AnyOperation<Input> {
  /** Noun and verb, as `token.mint`; stands in the audit trail. */
  readonly name: string
  /** Taken before anything else. */
  readonly limits?: readonly DeclaredLimit<Input>[]
}

interface HolderOperation<Tx extends ReadTransaction, Input, Subject, Output, Prepared> extends AnyOperation<Input> {
  readonly audience?: never
  /**
   * Reads only: it is asked too where nothing can be written.
   * @throws DomainError `not_found`
   */
  access(context: OperationContext<ReadTransaction>, input: Input): Promise<AccessRequest<Subject>>
  run(context: OperationContext<Tx>, request: AllowedRequest<Input, Subject, Prepared>): Promise<Output>
}

/** Reads one snapshot for whoever holds a credential; leaves no trace where it is allowed. */
export interface ReadOperation<Input, Subject, Output> extends HolderOperation<
  ReadTransaction,
  Input,
  Subject,
  Output,
  undefined
> {
  readonly mode: 'read'
  /** What is read in snapshots of their own, so that nobody waits for all of it. */
  afterRead?(context: PrepareContext, output: Output, input: Input): Promise<Output>
  /**
   * What is still to be asked of a long answer, in a snapshot of its own, once others had their turn; undefined where it is
   * whole. No answer makes others wait for more than one piece of it.
   */
  rest?(input: Input, output: Output): Input | undefined
}

/** Changes the store for whoever holds a credential; its audit event is part of the same transaction. */
export interface WriteOperation<Input, Subject, Output, Prepared = undefined> extends HolderOperation<
  Transaction,
  Input,
  Subject,
  Output,
  Prepared
> {
  readonly mode: 'write'
  /** It takes authority away, and so it is done on a full disk too. */
  readonly isUrgent?: true
  /** Slow work for which no transaction may wait: before it, for somebody who is known, and nothing is allowed yet. */
  prepare?(context: PrepareContext, input: Input, principal: Principal): Promise<Prepared>
  /** What only `run` found out, as ids that are new; undefined where nothing has changed, and nothing is written down. */
  auditDetails?(output: Output): AuditDetails | undefined
  /** What follows once it is durable, as mail; its failure undoes nothing, so it does not throw. */
  afterCommit?(context: CommittedContext, output: Output, input: Input): Promise<Output>
}

interface OpenOperation<Tx extends ReadTransaction, Input, Prepared, Output> extends AnyOperation<Input> {
  /** What a stranger may ask for, whatever they present. */
  readonly audience: 'anyone'
  /** Slow work for which no transaction may wait. */
  prepare?(context: PrepareContext, input: Input): Promise<Prepared>
  run(
    context: OpenContext<Tx>,
    request: Pick<AllowedRequest<Input, unknown, Prepared>, 'input' | 'prepared'>,
  ): Promise<Output>
}

/** What a stranger may read. It leaves no trace. */
export interface OpenRead<Input, Output, Prepared = undefined> extends OpenOperation<
  ReadTransaction,
  Input,
  Prepared,
  Output
> {
  readonly mode: 'read'
  /** What is done once it is answered: how long it takes, and how it ends, shows nobody what was found. */
  afterAnswer?(context: CommittedContext, input: Input): Promise<void>
}

/** What a stranger may change with what they hold: to become somebody, to get a discharge, to ask for either. */
export interface OpenWrite<Input, Prepared, Output> extends OpenOperation<Transaction, Input, Prepared, Output> {
  readonly mode: 'write'
  /** Who did what; an operation without it leaves no trace, nor do its refusals. */
  auditDetails?(output: Output, prepared: Prepared): AuditDetails & Pick<AuditEvent, 'actor' | 'target'>
  /** Who was refused what, where `prepare` has found out more than where the request came from. */
  describeRefused?(prepared: Prepared): Refused
  /** What follows once it is durable; its failure undoes nothing, so it does not throw. */
  afterCommit?(context: CommittedContext, output: Output, input: Input): Promise<Output>
}

/** Who was refused what; all that is in one person's name counts as theirs. */
interface Refused {
  readonly actor: AuditActor
  readonly target: string
  readonly organisationId: number | null
  readonly userId: number
}

export type Operation<Input, Subject, Output, Prepared = undefined> =
  | ReadOperation<Input, Subject, Output>
  | WriteOperation<Input, Subject, Output, Prepared>
  | OpenRead<Input, Output, Prepared>
  | OpenWrite<Input, Prepared, Output>
