// What an operation is: it says what it would do, apart from doing it.
import type { Access } from '@hallpass/macaroon'

import type { AuditActor, AuditEvent } from '../../domain/audit-event.ts'
import type { IdentityProvider } from '../../domain/identity.ts'
import type { Keyring, PasswordHasher } from '../../domain/keyring.ts'
import type { Mailer } from '../../domain/mail.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { PasskeyVerifier } from '../../domain/passkey.ts'
import type { ReadTransaction, Store, Transaction } from '../../domain/store.ts'
import type { Limits } from './limits.ts'
import type { Credential, Principal } from './principal.ts'
import type { Quotas } from './quotas.ts'

/** Everything that an operation may use; time and randomness come from outside. */
export interface Environment extends Limits {
  readonly store: Store
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
  readonly mailer: Mailer | undefined
  /** How much an organisation may have. */
  readonly quotas: Quotas
  /** Whether a command line that logs in through a browser must prove that it is the one that asked. */
  readonly requirePkce: boolean
  /** Where people reach the authority, without a slash at the end; known once it listens. */
  readonly publicUrl: () => string
}

/** The request that asks, as far as audit and limits need to know it. */
export interface Caller {
  readonly requestId: string
  readonly remoteAddress: string
  /** The GraphQL mutation by which it asks, if it does: `Mutations` caveats list those that they allow. */
  readonly mutation?: string
  /** Told how many caveats are held against the items of a list, for all that the request asks; throws where it is too much. */
  readonly spend: (checks: number) => void
}

/** What `access` and `run` work with: one transaction, one instant, one principal. */
export interface OperationContext<Tx extends ReadTransaction> {
  readonly tx: Tx
  readonly environment: Environment
  /** Milliseconds; the same for the whole operation. */
  readonly now: number
  readonly principal: Principal
  /** As the caller's. */
  readonly spend: Caller['spend']
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
  /** For the audit trail: `app web-1`. Never a secret, and of what there is: nothing that the caller made up. */
  readonly target: string
  /** What the trail tells in its place, with names that the caller chose; left out where a stranger to the organisation asks. */
  readonly wanted?: string
  readonly organisationId: number | null
}

export interface Deed<Input, Subject, Prepared = undefined> {
  readonly input: Input
  readonly subject: Subject
  /** What the operation's `prepare` made; undefined where it has none. */
  readonly prepared: Prepared
  /** The credential that was found to allow it. */
  readonly actor: Credential
}

interface OperationOn<Tx extends ReadTransaction, Input, Subject, Output, Prepared = undefined> {
  /** Noun and verb, as `token.mint`; stands in the audit trail. */
  readonly name: string
  /**
   * Reads only: it is asked too where nothing can be written.
   * @throws DomainError `not_found`
   */
  access(context: OperationContext<ReadTransaction>, input: Input): Promise<AccessRequest<Subject>>
  run(context: OperationContext<Tx>, deed: Deed<Input, Subject, Prepared>): Promise<Output>
}

/** Reads one snapshot; leaves no trace where it is allowed. */
export interface ReadOperation<Input, Subject, Output> extends OperationOn<ReadTransaction, Input, Subject, Output> {
  readonly mode: 'read'
  /** What is read besides, in transactions of its own, so that nobody waits for all of it. */
  follow?(environment: Environment, output: Output, input: Input): Promise<Output>
  /**
   * What is still to be asked of a long answer, in a snapshot of its own, once others had their turn; undefined where it is
   * whole. No answer makes others wait for more than one piece of it.
   */
  rest?(input: Input, output: Output): Input | undefined
}

/** Changes the store; its audit event is part of the same transaction. */
export interface WriteOperation<Input, Subject, Output, Prepared = undefined> extends OperationOn<
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
  prepare?(environment: Environment, input: Input, principal: Principal): Promise<Prepared>
  /** What the audit event tells that only `run` found out, as ids that are new; undefined where nothing has changed. */
  conclude?(output: Output): Conclusion | undefined
  /** What follows once it is durable, as mail; its failure undoes nothing, so it does not throw. */
  follow?(environment: Environment, output: Output): Promise<Output>
}

/** What is written into the audit trail of what was done. */
export interface Conclusion {
  readonly target: string
  readonly organisationId: number | null
  readonly reason?: string
}

export type Operation<Input, Subject, Output, Prepared = undefined> =
  | ReadOperation<Input, Subject, Output>
  | WriteOperation<Input, Subject, Output, Prepared>

/** What a stranger may ask for with what they hold: to become somebody, or a discharge. Slow work comes before the transaction. */
export interface Entering<Input, Prepared, Output> {
  readonly name: string
  prepare(environment: Environment, input: Input, caller: Caller): Promise<Prepared>
  run(
    context: Omit<OperationContext<Transaction>, 'principal' | 'spend'>,
    input: Input,
    prepared: Prepared,
    caller: Caller,
  ): Promise<Entered<Output>>
  /** What the audit event of a refusal tells, where `prepare` has found out more than where the request came from. */
  about?(prepared: Prepared): Refused
}

/** Who was refused what; all that is in one person's name counts as theirs. */
interface Refused extends Pick<AuditEvent, 'actor' | 'target' | 'organisationId'> {
  readonly userId: number
}

/** What came of it, and what the audit event tells of it; where nothing else is said, a user has come in. */
interface Entered<Output> {
  readonly output: Output
  readonly actor: { readonly kind?: AuditActor['kind']; readonly id: string; readonly label: string }
  readonly target?: string
  readonly organisationId?: number | null
  /** Why the answer is no, where that is an answer that stands. */
  readonly refusal?: string
}

/** What a stranger may ask without becoming anybody. It leaves no trace in the audit trail. */
export interface Inquiry<Input, Output> {
  readonly name: string
  answer(environment: Environment, input: Input, caller: Caller): Promise<Output>
}
