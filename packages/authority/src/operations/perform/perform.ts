// Runs operations; there is no other way to run one.
import type { AuditEvent } from '../../domain/audit-event.ts'
import { DomainError, isUnavailable } from '../../domain/errors.ts'
import type { ReadTransaction, Transaction, Transactions } from '../../domain/store.ts'
import { authorise, dropStrays } from './authorise.ts'
import { dropBlocked } from './blocks.ts'
import { recordDenial } from './denials.ts'
import { recordLateUses } from './late-uses.ts'
import { networkOf, takeLimits } from './limits.ts'
import { noteUses } from './note-uses.ts'
import type {
  AccessRequest,
  AuditDetails,
  Caller,
  AsideContext,
  Environment,
  OpenRead,
  OpenWrite,
  Operation,
  OperationContext,
  ReadOperation,
  WriteOperation,
} from './operation.ts'
import {
  describeActor,
  identify,
  ownerOf,
  type Credential,
  type LateToken,
  type Presented,
  type Principal,
} from './principal.ts'

/**
 * Runs an operation for the caller with these credentials:
 *
 * 1. takes its limits: 429;
 * 2. lets it prepare: slow work, for which no transaction waits;
 * 3. in one transaction: identifies the credentials (401), finds out what it would do to what (404), authorises that
 *   (403), runs it (409, 422), and records it;
 * 4. after the commit, runs `afterCommit`; a refusal is recorded after the rollback;
 * 5. lets it go on, and decides its access again all the while.
 *
 * `store` is the store as this request may use it. An operation for anyone identifies and authorises nobody.
 * @throws DomainError `rate_limited`, `unauthenticated`, `not_found`, `forbidden`, or an error of the operation
 */
export async function perform<Input, Subject, Output, Prepared>(
  environment: Environment,
  caller: Caller,
  operation: Operation<Input, Subject, Output, Prepared>,
  presented: Presented,
  input: Input,
  store: Transactions = environment.store,
): Promise<Output> {
  takeLimits(environment, caller, operation, input)
  const base = begin(environment, caller, operation.name, presented, store)
  if (operation.audience === 'anyone') {
    return operation.mode === 'read' ? readForAnyone(base, operation, input) : writeForAnyone(base, operation, input)
  }
  const progress: Progress<Subject> = { reached: undefined, isAllowed: false, late: [] }
  try {
    return operation.mode === 'read'
      ? await readForHolder(base, progress, operation, input)
      : await writeForHolder(base, progress, operation, input)
  } catch (error) {
    await recordRefusal(base, progress, error)
    throw error
  } finally {
    // Nearly no request waits here.
    if (progress.late.length > 0) await recordLate(environment, base, progress.late)
  }
}

/** One of several who ask the same, and whose answers do not depend on each other. */
export interface Holder<Input> {
  readonly caller: Caller
  readonly presented: Presented
  readonly input: Input
}

/**
 * Runs a read for each of these holders, as `perform` would, and `also` in the same snapshot. A refusal of one is its answer, and
 * nothing to the others.
 * @throws the error of `also`, or one that is no refusal
 */
export async function performForEach<Input, Subject, Output, Also>(
  environment: Environment,
  operation: Pick<ReadOperation<Input, Subject, Output>, 'name' | 'access' | 'reportedAddress' | 'run'>,
  holders: readonly Holder<Input>[],
  also: (tx: ReadTransaction) => Promise<Also>,
  store: Transactions,
): Promise<{ readonly also: Also; readonly answers: readonly (Output | DomainError)[] }> {
  const runs = holders.map(({ caller, presented, input }) => {
    const progress: Progress<Subject> = { reached: undefined, isAllowed: false, late: [] }
    return { base: begin(environment, caller, operation.name, presented, store), progress, input }
  })
  const read = await store.read(async (tx) => {
    const answers = await Promise.all(
      runs.map(async ({ base, progress, input }) => {
        try {
          const decided = await decide(base, progress, operation, tx, input)
          const output = await operation.run(decided.context, allowedTo(decided, input, undefined))
          progress.reached = undefined
          return output
        } catch (error) {
          if (isRefusal(error)) return error
          throw error
        }
      }),
    )
    // Last: over PostgreSQL the look-ups before it go out with it, where their answers are expected.
    return { answers, also: await also(tx) }
  })
  await Promise.all(
    runs.map(async ({ base, progress }, at) => {
      await recordRefusal(base, progress, read.answers[at])
      if (progress.late.length > 0) await recordLate(environment, base, progress.late)
    }),
  )
  return read
}

/** Says something about who asks, or what is asked; what a store or a program throws does not. */
export function isRefusal(error: unknown): error is DomainError {
  return (
    error instanceof DomainError && ['unauthenticated', 'forbidden', 'blocked', 'rate_limited'].includes(error.code)
  )
}

// Every request passes through the asynchronous functions here, and their locals stay on the heap while they wait. So code
// that needs many locals is in functions of its own, which do not wait.

function begin(
  environment: Environment,
  caller: Caller,
  operation: string,
  presented: Presented,
  store: Transactions,
): Base {
  const now = environment.now()
  return {
    environment,
    caller,
    now,
    presented,
    event: { at: now, operation, requestId: caller.requestId, outcome: 'allowed', reason: '' },
    read: (work, options) => store.read(work, options),
    write: (work, options) => store.write(work, options),
  }
}

/** What all steps of one run share. */
interface Base extends AsideContext {
  readonly presented: Presented
  readonly event: Omit<AuditEvent, 'actor' | 'target' | 'organisationId'>
}

/** How far a run has come, for recording a refusal. */
interface Progress<Subject> {
  reached: { readonly principal: Principal; readonly request: AccessRequest<Subject> } | undefined
  isAllowed: boolean
  /** Presented beside or instead of what counts. */
  late: LateToken[]
}

async function readForHolder<Input, Subject, Output>(
  base: Base,
  progress: Progress<Subject>,
  operation: ReadOperation<Input, Subject, Output>,
  input: Input,
): Promise<Output> {
  const { isLate, pause } = base.environment
  let asked = input
  let mayWait = true
  for (;;) {
    const piece = asked
    const output = await base.read(async (tx) => {
      const decided = await decide(base, progress, operation, tx, piece)
      if (mayWait && isLate()) return later
      const found = await operation.run(decided.context, allowedTo(decided, piece, undefined))
      progress.reached = undefined
      return found
    })
    if (output !== later) {
      const rest = operation.rest?.(asked, output)
      if (rest === undefined) {
        const read = (await operation.afterRead?.(base, output, input)) ?? output
        return operation.goOn === undefined ? read : goOn(base, progress, operation, input, read)
      }
      asked = rest
    }
    // A later piece has waited already, so it need not wait again.
    mayWait = false
    await pause()
  }
}

/** The turn of the event loop is over its time: the read begins again in a turn of its own, and holds no snapshot meanwhile. */
const later = Symbol('later')

async function writeForHolder<Input, Subject, Output, Prepared>(
  base: Base,
  progress: Progress<Subject>,
  operation: WriteOperation<Input, Subject, Output, Prepared>,
  input: Input,
): Promise<Output> {
  const prepared = await prepareForHolder(base, progress, operation, input)
  const work = async (tx: Transaction) => {
    const decided = await decide(base, progress, operation, tx, input)
    const output = await operation.run(decided.context, allowedTo(decided, input, prepared))
    progress.reached = undefined
    const details = operation.auditDetails === undefined ? {} : operation.auditDetails(output)
    if (details !== undefined) await tx.audit.append(eventOf(base, decided, details))
    return output
  }
  const output = await base.write(work, { isUrgent: operation.isUrgent === true }).catch(async (error: unknown) => {
    // A caller who may not do it is refused, even if the store is unavailable.
    if (isUnavailable(error) && !progress.isAllowed) {
      await base.read((tx) => decide(base, progress, operation, tx, input))
    }
    throw error
  })
  const committed = operation.afterCommit === undefined ? output : await operation.afterCommit(base, output, input)
  return operation.goOn === undefined ? committed : goOn(base, progress, operation, input, committed)
}

function eventOf(
  { event: { at, operation, requestId, outcome, reason } }: Base,
  { actor, request: { organisationId, target, namedTarget = target } }: Decided<Transaction, unknown>,
  details: AuditDetails,
): AuditEvent {
  const event = {
    at,
    operation,
    requestId,
    outcome,
    reason,
    actor: describeActor(actor),
    target: namedTarget,
    organisationId,
  }
  return { ...event, ...details }
}

/** Lets the operation go on, for as long as its access would still be allowed. */
function goOn<Input, Subject, Output>(
  base: Base,
  progress: Progress<Subject>,
  operation: Pick<ReadOperation<Input, Subject, Output>, 'access' | 'reportedAddress' | 'goOn' | 'places'>,
  input: Input,
  output: Output,
): Promise<Output> {
  const { environment, caller, presented } = base
  const [token] = presented.tokens
  const [session] = presented.authTokenHashes
  const owner = token?.id ?? session ?? ''
  const call = {
    network: networkOf(caller.remoteAddress),
    owner,
    places: operation.places?.(output, owner) ?? [],
    hasLeft: caller.hasLeft ?? (() => false),
    async check(tx: ReadTransaction) {
      await decide({ ...base, now: environment.now() }, progress, operation, tx, input)
    },
  }
  return environment.ongoing.run(call, async (signal) => {
    // An error of the work itself is no refusal, so it is not recorded as one.
    progress.reached = undefined
    return (await operation.goOn?.({ ...base, signal }, output, input)) ?? output
  })
}

/** Slow work is done only for identified callers. */
async function prepareForHolder<Input, Subject, Output, Prepared>(
  base: Base,
  progress: Progress<Subject>,
  operation: WriteOperation<Input, Subject, Output, Prepared>,
  input: Input,
): Promise<Prepared> {
  // Without a prepare, its type is undefined.
  if (operation.prepare === undefined) return undefined as Prepared
  const principal = await base.read((tx) => identifyFor(base, progress, tx))
  return operation.prepare(base, input, principal)
}

/** A use counts whether it is allowed or not, and each time that a call which goes on is decided again. */
function noteUse<Input>(
  { environment, caller, presented, event, now }: Base,
  { reportedAddress }: { readonly reportedAddress?: (input: Input) => string | undefined },
  input: Input,
  principal: Principal,
): void {
  const reported = reportedAddress?.(input)
  const by = reported === undefined ? caller : { remoteAddress: reported, userAgent: caller.userAgent }
  noteUses(environment.uses, presented, principal, by, event.operation, now)
}

/** Identifies the caller, finds out what this would do, and authorises it. */
async function decide<Tx extends ReadTransaction, Input, Subject>(
  base: Base,
  progress: Progress<Subject>,
  operation: {
    access(context: OperationContext<ReadTransaction>, input: Input): Promise<AccessRequest<Subject>>
    reportedAddress?(input: Input): string | undefined
  },
  tx: Tx,
  input: Input,
): Promise<Decided<Tx, Subject>> {
  // A transaction may run more than once.
  progress.isAllowed = false
  progress.reached = undefined
  const principal = await identifyFor(base, progress, tx)
  noteUse(base, operation, input, principal)
  const identified = contextOf(base, tx, principal)
  const request = await operation.access(identified, input)
  progress.reached = { principal, request }
  const placed = dropStrays(identified, request.requirement)
  // Most requirements are about one organisation, whose limits `authorise` has.
  const context = request.requirement.kind === 'credential' ? await dropBlocked(placed, request.requirement) : placed
  const authorised = authorise(context, request.requirement)
  const actor = authorised instanceof Promise ? await authorised : authorised
  progress.isAllowed = true
  return { context, request, actor }
}

function identifyFor(base: Base, progress: Progress<unknown>, tx: ReadTransaction): Promise<Principal> {
  if (progress.late.length > 0) progress.late = []
  return identify(tx, base.environment.keyring, base.presented, base.now, (late) => void progress.late.push(late))
}

interface Decided<Tx extends ReadTransaction, Subject> {
  readonly context: OperationContext<Tx>
  readonly request: AccessRequest<Subject>
  readonly actor: Credential
}

function contextOf<Tx extends ReadTransaction>(
  { environment, caller, now }: Base,
  tx: Tx,
  principal: Principal,
): OperationContext<Tx> {
  return { tx, environment, caller, now, principal }
}

function allowedTo<Input, Subject, Prepared>(
  { request: { subject }, actor }: Pick<Decided<ReadTransaction, Subject>, 'request' | 'actor'>,
  input: Input,
  prepared: Prepared,
) {
  return { input, subject, prepared, actor }
}

async function readForAnyone<Input, Prepared, Output>(
  base: Base,
  operation: OpenRead<Input, Output, Prepared>,
  input: Input,
): Promise<Output> {
  const { environment, caller, now } = base
  const prepared = await prepareForAnyone(base, operation, input)
  const output = await base.read((tx) => operation.run({ tx, environment, caller, now }, { input, prepared }))
  if (operation.afterAnswer !== undefined) {
    const fail = (error: unknown) => environment.report(error, caller.requestId)
    setImmediate(() => void operation.afterAnswer?.(base, input).catch(fail))
  }
  return output
}

async function writeForAnyone<Input, Prepared, Output>(
  base: Base,
  operation: OpenWrite<Input, Prepared, Output>,
  input: Input,
): Promise<Output> {
  const { environment, caller, now } = base
  let refused: ReturnType<NonNullable<typeof operation.describeRefused>> | undefined
  try {
    const prepared = await prepareForAnyone(base, operation, input)
    refused = operation.describeRefused?.(prepared)
    const output = await base.write(async (tx) => {
      const done = await operation.run({ tx, environment, caller, now }, { input, prepared })
      const details = operation.auditDetails?.(done, prepared)
      if (details !== undefined) await tx.audit.append({ ...base.event, organisationId: null, ...details })
      return done
    })
    return operation.afterCommit === undefined ? output : await operation.afterCommit(base, output, input)
  } catch (error) {
    const isDenial = error instanceof DomainError && ['unauthenticated', 'forbidden', 'blocked'].includes(error.code)
    if (operation.auditDetails !== undefined && isDenial) {
      const nobody = { kind: 'nobody', id: '', label: caller.remoteAddress } as const
      const unknown = { owner: `${nobody.kind} ${nobody.id}`, actor: nobody, target: '', organisationId: null }
      const { owner, ...about } = refused ?? unknown
      await recordDenial(base, { ...base.event, ...about }, { owner, error })
    }
    throw error
  }
}

async function prepareForAnyone<Input, Prepared>(
  base: Base,
  { prepare }: { readonly prepare?: (context: AsideContext, input: Input) => Promise<Prepared> },
  input: Input,
): Promise<Prepared> {
  // As for holders: without a prepare, its type is undefined.
  return prepare === undefined ? (undefined as Prepared) : prepare(base, input)
}

function recordLate(
  environment: Environment,
  { caller: { remoteAddress: from, userAgent }, event: { at, requestId } }: Base,
  tokens: readonly LateToken[],
): Promise<void> {
  return recordLateUses(environment, { tokens, from, userAgent, at, requestId })
}

/** Records who asked for what and why it was refused, if the caller is identified. */
async function recordRefusal(base: Base, { reached }: Progress<unknown>, error: unknown): Promise<void> {
  const isDenial = error instanceof DomainError && ['forbidden', 'blocked', 'proof_needed'].includes(error.code)
  if (reached === undefined || !isDenial) return
  const [credential] = reached.principal.credentials
  const { target, namedTarget, organisationId } = reached.request
  const event = { ...base.event, organisationId, actor: describeActor(credential), target }
  await recordDenial(base, event, { owner: ownerOf(credential), error, namedTarget })
}
