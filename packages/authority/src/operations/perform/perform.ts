// The one way to run an operation: open, find out what it would do, authorise, do it, write it down, commit.
import type { AuditActor, AuditEvent } from '../../domain/audit-event.ts'
import { DomainError } from '../../domain/errors.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { describeUser } from '../../domain/user.ts'
import { StrangerRefused, authorise } from './authorise.ts'
import { networkOf } from './limits.ts'
import type {
  Caller,
  Conclusion,
  Deed,
  Entering,
  Environment,
  Inquiry,
  AccessRequest,
  Operation,
  ReadOperation,
  OperationContext,
  WriteOperation,
} from './operation.ts'
import { identify, type Credential, type Presented, type Principal } from './principal.ts'

/**
 * Runs an operation for whoever presents these credentials.
 * @throws DomainError `unauthenticated`, `not_found`, `forbidden`, or what the operation itself throws
 */
export async function perform<Input, Subject, Output, Prepared>(
  environment: Environment,
  caller: Caller,
  operation: Operation<Input, Subject, Output, Prepared>,
  presented: Presented,
  input: Input,
): Promise<Output> {
  const now = environment.now()
  let denied: { readonly principal: Principal; readonly intent: AccessRequest<Subject> } | undefined
  let isAllowed = false

  /** Finds out who asks, what this would do, and whether they may. */
  async function judge<Tx extends ReadTransaction>(tx: Tx, asked = input) {
    isAllowed = false
    denied = undefined
    const principal = await identify(tx, presented, now)
    const context: OperationContext<Tx> = { tx, environment, now, principal, spend: caller.spend }
    const intent = await operation.access(context, asked)
    denied = { principal, intent }
    const actor = await authorise(context, intent.requirement, caller.mutation)
    isAllowed = true
    return { context, intent, actor }
  }

  async function act<Tx extends ReadTransaction, Done>(
    tx: Tx,
    steps: {
      run(context: OperationContext<Tx>, deed: Deed<Input, Subject, Done>): Promise<Output>
      conclude?(output: Output): Conclusion | undefined
    },
    prepared: Done,
    record?: (event: AuditEvent) => Promise<void>,
    asked = input,
  ): Promise<Output> {
    const { context, intent, actor } = await judge(tx, asked)
    const output = await steps.run(context, { input: asked, subject: intent.subject, prepared, actor })
    denied = undefined
    const conclusion = steps.conclude?.(output)
    if (steps.conclude !== undefined && conclusion === undefined) return output
    await record?.({
      at: now,
      organisationId: intent.organisationId,
      operation: operation.name,
      outcome: 'allowed',
      actor: describeActor(actor),
      target: intent.wanted ?? intent.target,
      reason: '',
      requestId: caller.requestId,
      ...conclusion,
    })
    return output
  }

  async function read(reading: ReadOperation<Input, Subject, Output>, asked: Input): Promise<Output> {
    const output = await environment.store.read((tx) => act(tx, reading, undefined, undefined, asked))
    const rest = reading.rest?.(asked, output)
    if (rest === undefined) return output
    await environment.pause()
    return read(reading, rest)
  }

  try {
    if (operation.mode === 'read') {
      const output = await read(operation, input)
      return operation.follow === undefined ? output : await operation.follow(environment, output, input)
    }
    const prepared = await prepare(environment, operation, presented, input)
    const output = await environment.store
      .write((tx) => act(tx, operation, prepared, (event) => tx.audit.append(event)), {
        isUrgent: operation.isUrgent === true,
      })
      .catch(async (error: unknown) => {
        // Who may not do it is told so, whether or not it could have been done.
        if (isUnavailable(error) && !isAllowed) await environment.store.read((tx) => judge(tx))
        throw error
      })
    return operation.follow === undefined ? output : await operation.follow(environment, output)
  } catch (error) {
    if (denied !== undefined && error instanceof DomainError && isDenial(error)) {
      const { principal, intent } = denied
      const [credential] = principal.credentials
      const isStranger = error instanceof StrangerRefused
      const event: AuditEvent = {
        at: now,
        organisationId: intent.organisationId,
        operation: operation.name,
        outcome: 'denied',
        actor: isStranger ? withoutName(describeActor(credential)) : describeActor(credential),
        target: isStranger ? intent.target : (intent.wanted ?? intent.target),
        reason: error.message,
        requestId: caller.requestId,
      }
      await recordDenial(environment, caller, event, { owner: ownerOf(credential), isStranger })
    }
    throw error
  }
}

/**
 * Lets a stranger in: the slow part first, then one transaction with its audit event.
 * @throws what the operation throws; a refusal is written down
 */
export async function enter<Input, Prepared, Output>(
  environment: Environment,
  caller: Caller,
  operation: Entering<Input, Prepared, Output>,
  input: Input,
): Promise<Output> {
  const now = environment.now()
  const event = { at: now, organisationId: null, operation: operation.name, requestId: caller.requestId }
  let about: ReturnType<NonNullable<typeof operation.about>> | undefined
  try {
    const prepared = await operation.prepare(environment, input, caller)
    about = operation.about?.(prepared)
    return await environment.store.write(async (tx) => {
      const entered = await operation.run({ tx, environment, now }, input, prepared, caller)
      const { output, actor, target = `user ${actor.label}`, organisationId = null, refusal } = entered
      await tx.audit.append({
        ...event,
        outcome: refusal === undefined ? 'allowed' : 'denied',
        actor: { kind: 'user', ...actor },
        target,
        organisationId,
        reason: refusal ?? '',
      })
      return output
    })
  } catch (error) {
    if (error instanceof DomainError && (error.code === 'unauthenticated' || error.code === 'forbidden')) {
      const { userId, actor, ...refused } = about ?? {
        userId: undefined,
        actor: { kind: 'nobody', id: '', label: caller.remoteAddress } as const,
        target: '',
      }
      const isStranger = error instanceof StrangerRefused
      const denial: AuditEvent = {
        ...event,
        ...refused,
        outcome: 'denied',
        actor: isStranger ? withoutName(actor) : actor,
        reason: error.message,
      }
      const owner = userId === undefined ? `${actor.kind} ${actor.id}` : `user ${userId}`
      await recordDenial(environment, caller, denial, { owner, isStranger })
    }
    throw error
  }
}

/** Answers a stranger. */
export function inquire<Input, Output>(
  environment: Environment,
  caller: Caller,
  inquiry: Inquiry<Input, Output>,
  input: Input,
): Promise<Output> {
  return inquiry.answer(environment, input, caller)
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'unavailable' || error.code === 'storage_full')
}

/** What was asked by somebody who is known, and is not theirs to do. */
function isDenial({ code }: DomainError): boolean {
  return code === 'forbidden' || code === 'proof_needed'
}

/** Nobody who is not known gets slow work done. */
async function prepare<Input, Subject, Output, Prepared>(
  environment: Environment,
  operation: WriteOperation<Input, Subject, Output, Prepared>,
  presented: Presented,
  input: Input,
): Promise<Prepared> {
  // Without a prepare, nothing else than undefined is asked for.
  if (operation.prepare === undefined) return undefined as Prepared
  const principal = await environment.store.read((tx) => identify(tx, presented, environment.now()))
  return operation.prepare(environment, input, principal)
}

/** Written down as long as the trail is no megaphone: so many of a person and of a network, and of all strangers together. */
async function recordDenial(
  { denialLimit, strangerLimit, store }: Environment,
  caller: Caller,
  event: AuditEvent,
  { owner, isStranger = false }: { readonly owner: string; readonly isStranger?: boolean },
): Promise<void> {
  const place = `organisation ${event.organisationId ?? 'none'}`
  const isNobody = event.actor.kind === 'nobody'
  // The organisation's own people are heard whatever strangers do beside them.
  const isOutside = isStranger || isNobody
  const isWritten =
    (isNobody || denialLimit.take(`${place}, ${owner}`)) &&
    (!isOutside || denialLimit.take(`${place}, network ${networkOf(caller.remoteAddress)}`)) &&
    (!isStranger || strangerLimit.take(place))
  if (!isWritten) return
  try {
    await store.write((tx) => tx.audit.append(event))
  } catch {
    // The refusal stands; the store has told whoever runs the server what is wrong with it.
  }
}

/** Whose credential it is: whoever makes themselves forty tokens is one person still. */
function ownerOf(credential: Credential): string {
  if (credential.kind === 'user') return `user ${credential.user.id}`
  const { createdBy, organisationId } = credential.record
  return createdBy === null ? `tokens of ${organisationId}` : `user ${createdBy}`
}

/** By the id alone: what strangers call themselves and their tokens is no text for another organisation's trail. */
function withoutName({ kind, id }: AuditActor): AuditActor {
  return { kind, id, label: `${kind} ${id}` }
}

function describeActor(credential: Credential): AuditActor {
  return credential.kind === 'user'
    ? { kind: 'user', id: String(credential.user.id), label: describeUser(credential.user) }
    : { kind: 'token', id: credential.record.id, label: credential.record.name }
}
