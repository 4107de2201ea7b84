// The type of an operation: its name, access, work and audit details. perform() runs it.
import type { Access } from '@hallpass/macaroon'

import type { AuditActor, AuditEvent } from '../../domain/audit-event.ts'
import type { FairQueue } from '../../domain/fair-queue.ts'
import type { IdentityProvider } from '../../domain/identity.ts'
import type { Keyring, PasswordHasher } from '../../domain/keyring.ts'
import type { MachineRunner } from '../../domain/machine-runner.ts'
import type { Postbox } from '../../domain/mail.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { PasskeyVerifier } from '../../domain/passkey.ts'
import type { ReadTransaction, Store, Transaction, Transactions } from '../../domain/store.ts'
import type { IdentityTokenVerifier } from '../../domain/trust-policy.ts'
import type { UseLog } from '../../domain/use-log.ts'
import type { DeclaredLimit, Limits } from './limits.ts'
import type { OngoingCalls, Place } from './ongoing.ts'
import type { Credential, Principal } from './principal.ts'
import type { Quotas } from './quotas.ts'

/** Everything that an operation may use except the store, which it reaches only through a transaction. */
export interface Services extends Limits {
  readonly keyring: Keyring
  readonly passwords: PasswordHasher
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Resolves when the next piece of long work may run. */
  readonly pause: () => Promise<void>
  /** Whether the work of this turn of the event loop has already taken its time. */
  readonly isLate: () => boolean
  readonly randomBytes: (length: number) => Uint8Array
  readonly passkeys: PasskeyVerifier
  /** Undefined if none is configured. */
  readonly identityProvider: IdentityProvider | undefined
  readonly identityTokens: IdentityTokenVerifier
  /** Undefined if no mail server is configured. */
  readonly postbox: Postbox | undefined
  /** Calls that go on after their transaction. */
  readonly ongoing: OngoingCalls
  /** Which credentials were used, until it is written down. */
  readonly uses: UseLog
  /** Undefined if this authority runs no machines. */
  readonly machines: MachineRunner | undefined
  /** How much an organisation may have. */
  readonly quotas: Quotas
  /** Whether a command line that logs in through a browser must prove that it began the login. */
  readonly requirePkce: boolean
  /** Logs a failure after the answer or beside it, with the id of the request. */
  readonly report: (error: unknown, requestId: string) => void
  /** The address for people, without a slash at the end; known once the server listens. */
  readonly publicUrl: () => string
}

/** What perform() and the doors need: time and randomness come from outside. */
export interface Environment extends Services {
  readonly store: Store
  /** Where answers with lists wait, so that only a few are in memory, and no network waits behind the crowd of another. */
  readonly longAnswers: FairQueue
}

/** A machine that asks, its app and its organisation: `FromMachineSource` and `FlySrc` caveats name them. */
export type Source = Pick<Access, 'sourceApp' | 'sourceOrganization'> & { readonly sourceMachine: string }

/** The caller, as far as audit and limits need to know it. */
export interface Caller {
  readonly requestId: string
  readonly remoteAddress: string
  /** The same for what is allowed from some networks alone: empty where nobody knows from where it comes. */
  readonly sourceAddress: string
  /** As the program of the caller calls itself. */
  readonly userAgent?: string | undefined
  /** The GraphQL mutation that asks, if any: `Mutations` caveats list the mutations they allow. */
  readonly mutation?: string | undefined
  /** The machine whose own socket the request came through, if any. */
  readonly source?: Source | undefined
  /** Whether nobody waits for the answer any more; absent where nobody can leave. */
  readonly hasLeft?: () => boolean
  /**
   * Called with the number of caveats checked against the items of a list, for the whole request; throws above the
   * limit.
   */
  readonly spend: (checks: number) => void
}

/** One instant of one authority. */
interface Moment {
  readonly environment: Services
  /** Milliseconds; the same during the whole operation. */
  readonly now: number
}

/** What every write needs, with or without a credential. */
export interface WriteContext extends Moment {
  readonly tx: Transaction
}

/** The context of an operation for anyone. */
export interface OpenContext<Tx extends ReadTransaction> extends Moment {
  readonly tx: Tx
  readonly caller: Caller
}

/** What `access` and `run` work with: one transaction, one instant, one principal. */
export interface OperationContext<Tx extends ReadTransaction> extends OpenContext<Tx> {
  readonly principal: Principal
}

/** The context of work before or after the transaction: it has its own transactions. */
export interface AsideContext extends Moment, Transactions {
  readonly caller: Caller
}

/** The context of a call that goes on after its transaction, for as long as the caller may make it. */
interface OngoingContext extends AsideContext {
  /** Aborted when the caller has left, or may not make the call any more. The call then ends without its result. */
  readonly signal: AbortSignal
}

export type Requirement =
  /** Anybody with a genuine credential; `ofOthers` if it came to a service that asks about it. */
  | { readonly kind: 'credential'; readonly ofOthers?: true }
  /** A person who is logged in. */
  | { readonly kind: 'person' }
  /** A credential whose caveats allow the access, or that is exempt; `ofOthers` as above: the access itself says from where. */
  | {
      readonly kind: 'access'
      readonly ofOthers?: true
      readonly organisation: Organisation
      readonly access: Omit<Access, 'now' | 'orgId'>
      /** That the same credential must allow too. */
      readonly also?: Omit<Access, 'now' | 'orgId'>
      readonly exempt?: (credential: Credential) => boolean
      /** It ends the authority of what is exempt, so what is blocked may do it too. */
      readonly isEnding?: true
      /** A reason to refuse a credential whatever its caveats allow; undefined if there is none. */
      readonly refuse?: (credential: Credential) => string | undefined
    }

/** What an operation would do, and to what. */
export interface AccessRequest<Subject> {
  /** What `access` found, so that `run` need not look it up again. */
  readonly subject: Subject
  readonly requirement: Requirement
  /** For the audit trail: `app web-1`. Never a secret, and nothing that the caller made up. */
  readonly target: string
  /**
   * Used in the trail instead of `target`, with names that the caller chose; left out if a stranger to the organisation
   * asks.
   */
  readonly namedTarget?: string
  readonly organisationId: number | null
}

/** The input of `run`. */
interface AllowedRequest<Input, Subject, Prepared = undefined> {
  readonly input: Input
  readonly subject: Subject
  /** The result of the operation's `prepare`, if it has one. */
  readonly prepared: Prepared
  /** The credential that allowed it. */
  readonly actor: Credential
}

/** The parts of an audit event that are known only after `run`; the others come from the request. */
export type AuditDetails = Partial<Pick<AuditEvent, 'actor' | 'target' | 'organisationId' | 'outcome' | 'reason'>>

interface AnyOperation<Input> {
  /** Noun and verb, for example `token.mint`; the audit trail shows it. */
  readonly name: string
  /** Taken first. */
  readonly limits?: readonly DeclaredLimit<Input>[]
}

interface HolderOperation<Tx extends ReadTransaction, Input, Subject, Output, Prepared> extends AnyOperation<Input> {
  readonly audience?: never
  /**
   * Only reads, because it also runs if nothing can be written.
   * @throws DomainError `not_found`
   */
  access(context: OperationContext<ReadTransaction>, input: Input): Promise<AccessRequest<Subject>>
  run(context: OperationContext<Tx>, request: AllowedRequest<Input, Subject, Prepared>): Promise<Output>
  /** From where a service says that the credentials came to it, if it says so. */
  reportedAddress?(input: Input): string | undefined
  /**
   * Waits, or runs for long, after the transaction. Access is decided again and again meanwhile, and the call ends within a
   * second after it is refused. A write has been committed, and its audit event says so however this ends.
   */
  goOn?(context: OngoingContext, output: Output, input: Input): Promise<Output>
  /** What it takes up while it goes on; `owner` is the token or the person that asks. */
  places?(output: Output, owner: string): readonly Place[]
}

/** Reads one snapshot for a holder of a credential. The audit trail records only refusals. */
export interface ReadOperation<Input, Subject, Output> extends HolderOperation<
  ReadTransaction,
  Input,
  Subject,
  Output,
  undefined
> {
  readonly mode: 'read'
  /** Reads more in snapshots of its own, so that nobody waits for all of it. */
  afterRead?(context: AsideContext, output: Output, input: Input): Promise<Output>
  /**
   * The input for the rest of a long answer, which is read in a new snapshot after others had their turn; undefined if
   * the answer is whole. So others never wait for more than one piece.
   */
  rest?(input: Input, output: Output): Input | undefined
}

/** Changes the store for a holder of a credential; its audit event is part of the same transaction. */
export interface WriteOperation<Input, Subject, Output, Prepared = undefined> extends HolderOperation<
  Transaction,
  Input,
  Subject,
  Output,
  Prepared
> {
  readonly mode: 'write'
  /** It takes authority away, so it runs on a full disk too. */
  readonly isUrgent?: true
  /**
   * Slow work before the transaction, so that no transaction waits for it. The caller is identified but not authorised
   * yet.
   */
  prepare?(context: AsideContext, input: Input, principal: Principal): Promise<Prepared>
  /** What only `run` found out, for example new ids; undefined if nothing changed, and then nothing is recorded. */
  auditDetails?(output: Output): AuditDetails | undefined
  /** Work after the commit, for example mail. Its failure undoes nothing, so it does not throw. */
  afterCommit?(context: AsideContext, output: Output, input: Input): Promise<Output>
}

interface OpenOperation<Tx extends ReadTransaction, Input, Prepared, Output> extends AnyOperation<Input> {
  /** Strangers may ask, with or without credentials. */
  readonly audience: 'anyone'
  /** Slow work before the transaction, so that no transaction waits for it. */
  prepare?(context: AsideContext, input: Input): Promise<Prepared>
  run(
    context: OpenContext<Tx>,
    request: Pick<AllowedRequest<Input, unknown, Prepared>, 'input' | 'prepared'>,
  ): Promise<Output>
}

/** Something that a stranger may read. The audit trail does not record it. */
export interface OpenRead<Input, Output, Prepared = undefined> extends OpenOperation<
  ReadTransaction,
  Input,
  Prepared,
  Output
> {
  readonly mode: 'read'
  /** Runs after the answer, so that its duration and its result reveal nothing to the caller. */
  afterAnswer?(context: AsideContext, input: Input): Promise<void>
}

/** Something that a stranger may change, for example log in, get a discharge, or ask for either. */
export interface OpenWrite<Input, Prepared, Output> extends OpenOperation<Transaction, Input, Prepared, Output> {
  readonly mode: 'write'
  /** Who did what. Without it, neither the operation nor its refusals are recorded. */
  auditDetails?(output: Output, prepared: Prepared): AuditDetails & Pick<AuditEvent, 'actor' | 'target'>
  /** Who was refused what, if `prepare` found out more than the address of the request. */
  describeRefused?(prepared: Prepared): Refused
  /** Work after the commit. Its failure undoes nothing, so it does not throw. */
  afterCommit?(context: AsideContext, output: Output, input: Input): Promise<Output>
}

/** Who was refused what. `owner`: as what it counts, with everything else of the same person or network. */
interface Refused {
  readonly actor: AuditActor
  readonly target: string
  readonly organisationId: number | null
  readonly owner: string
}

export type Operation<Input, Subject, Output, Prepared = undefined> =
  | ReadOperation<Input, Subject, Output>
  | WriteOperation<Input, Subject, Output, Prepared>
  | OpenRead<Input, Output, Prepared>
  | OpenWrite<Input, Prepared, Output>
