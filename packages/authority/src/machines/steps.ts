// The steps of a driver for a machine: the calls to the engine that its state needs, and the record of each.
import { EngineError, type Engine, type RunStatus } from '@hallpass/engine'

import { nextRunId, timeOfUlid, type Machine } from '../domain/machine.ts'
import { changeMachine } from '../domain/machine-change.ts'
import { readConfig } from '../domain/machine-config.ts'
import type { Secret } from '../domain/secret.ts'
import type { ApiSockets } from './api-sockets.ts'
import { afterExit } from './exits.ts'
import { explainTrouble, isEndless, isOf, isRetried } from './failures.ts'
import type { Pull } from './pulls.ts'
import type { Slots } from './slots.ts'
import { after, afterFailure, afterStart, type Recorder } from './record.ts'
import { CannotRun, NotStarted, networkOf, specOf, stopOf, volumesOf } from './run-spec.ts'
import { prepareVolume } from './volumes.ts'

export interface StepContext {
  readonly engine: Engine
  /** Each start waits for a slot, because starts take most of the engine's time. */
  readonly starts: Slots
  readonly recorder: Recorder
  readonly sockets: Pick<ApiSockets, 'open'>
  /** The parts of an app that its machines get; undefined if the app is deleted. */
  readonly appOf: (machine: Machine) => Promise<AppOfMachine | undefined>
  /** Whether the organisation has no machine any more. */
  readonly isLast: (machine: Machine) => Promise<boolean>
}

export interface AppOfMachine {
  readonly name: string
  readonly secrets: ReadonlyMap<string, Secret>
}

/** How long a run that was killed may take to end, before it is killed again. */
const killPatience = 10_000
const longestRest = 30_000

/**
 * Does the next step.
 * @param image that the machine waits for; it must be given if the machine does
 * @throws TurnLost, or an error of the store
 */
export async function takeStep(
  context: StepContext,
  machine: Machine,
  image: Pull['image'] | undefined,
): Promise<void> {
  await attempt(context, machine, async () =>
    step(context, image === undefined ? machine : { ...machine, image: JSON.stringify(await image) }),
  )
}

/** Does this for a machine as it is in the store. If the engine refuses it, the machine says so. */
async function attempt(context: StepContext, machine: Machine, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof EngineError || error instanceof CannotRun || error instanceof NotStarted)) throw error
    await recordTrouble(context, machine, error)
  }
}

/** An image that is new to the machine must be written by the next change of it. */
async function step(context: StepContext, machine: Machine): Promise<void> {
  const { recorder } = context
  switch (machine.state) {
    case 'created':
    case 'replacing':
      return prepare(context, machine)
    case 'starting':
      return machine.startedAt === null
        ? begin(context, machine)
        : context.starts.run(machine.organisationId, async () =>
            launch(context, machine, await context.engine.inspect(machine.runId ?? '')),
          )
    case 'restarting':
      return machine.startedAt === null ? begin(context, machine) : end(context, machine)
    case 'stopping':
      return machine.startedAt === null ? settle(context, machine) : end(context, machine)
    case 'suspending':
      return suspend(context, machine)
    case 'destroying':
      return remove(context, machine)
    default:
      // At rest: nothing is left to do.
      await recorder.change(machine.id, ifSame(machine, after(undefined, { dueAt: null })))
  }
}

/** Ends the run of an earlier version, and starts the machine or lets it rest. */
async function prepare(context: StepContext, machine: Machine): Promise<void> {
  if (machine.startedAt !== null) {
    await context.recorder.change(machine.id, ifSame(machine, after(undefined, { image: machine.image })))
    return end(context, machine)
  }
  if (machine.launches) return begin(context, machine)
  await removeSpent(context, machine)
  const changes = { image: machine.image, runId: null, dueAt: null, tries: 0 }
  const replaced = { type: 'update', status: 'replaced', source: 'flyd' } as const
  const events = machine.state === 'replacing' ? [replaced] : []
  await context.recorder.change(machine.id, ifSame(machine, after('prepare', changes, ...events)))
}

/** Makes a new run of a machine that has none. */
async function begin(context: StepContext, machine: Machine): Promise<void> {
  await removeSpent(context, machine)
  // Written before the engine is called, so that its run is found again after a crash.
  const next = await context.recorder.change(machine.id, (found, instant) => {
    if (!isSame(found, machine)) return undefined
    const changes = { image: machine.image, runId: nextRunId(found), runs: found.runs + 1, startedAt: instant.now }
    const replaced = { type: 'update', status: 'replaced', source: 'flyd' } as const
    const events = found.state === 'replacing' ? [replaced] : []
    return changeMachine(found, found.state === 'starting' ? undefined : 'launch', instant, changes, events)
  })
  if (next?.state === 'starting' && next.startedAt !== null && next.runId === nextRunId(machine)) {
    await attempt(context, next, () => context.starts.run(next.organisationId, () => launch(context, next, undefined)))
  }
}

/** Makes and starts the run of a machine, from its present status; undefined if the engine does not have it. */
async function launch(context: StepContext, machine: Machine, before: RunStatus | undefined): Promise<void> {
  const { engine, recorder } = context
  const runId = machine.runId ?? ''
  let status = before
  if (status === undefined || status.state === 'created') {
    const app = await context.appOf(machine)
    if (app === undefined) throw new CannotRun('its app is deleted')
    for (const { volumeId } of volumesOf(readConfig(machine.config))) await prepareVolume(context, volumeId)
    const [capabilities, sharedFolder] = [await engine.capabilities(), await context.sockets.open(machine)]
    await engine.create(specOf(machine, { ...appContext(app), capabilities, sharedFolder }))
    status = await engine.start(runId).catch(orSpent)
  } else if (status.state === 'paused') status = await engine.resume(runId)
  const known = status.exit === undefined ? status : ((await engine.inspect(runId)) ?? status)
  if (known.exit !== undefined && known.startedAt === undefined) {
    throw new NotStarted(known.exit.problem ?? 'the engine could not start it')
  }
  await recorder.change(machine.id, (found, instant) => afterStart(found, known, instant))
}

/** An engine that was killed during a start may refuse each later start of that run, but not of another. */
function orSpent(error: unknown): never {
  throw isOf(error, 'failed') ? new NotStarted((error as EngineError).message, { cause: error }) : error
}

function appContext({ name, secrets }: AppOfMachine) {
  return { appName: name, secrets }
}

/** Ends the run: by a signal, and by force when its time is over. The engine reports when it has ended. */
async function end(context: StepContext, machine: Machine): Promise<void> {
  const { engine, recorder } = context
  const runId = machine.runId ?? ''
  const status = await engine.inspect(runId)
  if (status?.state !== 'running') {
    // A frozen run gets no signal, and a run that was not started needs none.
    if (status !== undefined && status.state !== 'exited') await engine.remove(runId)
    return recordExit(context, machine, status)
  }
  const { signal, timeout } = stopOf(machine)
  const patience = signal === 'SIGKILL' ? killPatience : timeout
  const isSent = await engine.signal(runId, signal).then(() => true, orGone)
  // The end by force is due next, even if another process does it.
  await recorder.change(machine.id, (found, instant) => {
    const dueAt = instant.now + (isSent ? patience : 0)
    const changes = { stopSignal: 'SIGKILL', stopTimeout: 0, tries: 0, dueAt }
    return isSame(found, machine) ? changeMachine(found, undefined, instant, changes) : undefined
  })
}

async function suspend(context: StepContext, machine: Machine): Promise<void> {
  const { engine, recorder } = context
  const { pause } = await engine.capabilities()
  const status = await engine.inspect(machine.runId ?? '')
  // An engine without a freezer stops it.
  if (!pause || status === undefined || status.exit !== undefined) return end(context, machine)
  await engine.pause(status.runId)
  const event = { type: 'suspend', status: 'suspended', source: 'flyd' } as const
  await recorder.change(machine.id, ifSame(machine, after('pause', { dueAt: null, tries: 0 }, event)))
}

/** A machine that is to stop, and has no run. */
async function settle({ recorder }: StepContext, machine: Machine): Promise<void> {
  const event = { type: 'stop', status: 'stopped', source: 'flyd' } as const
  await recorder.change(machine.id, ifSame(machine, after('exit', { dueAt: null, tries: 0 }, event)))
}

async function remove(context: StepContext, machine: Machine): Promise<void> {
  const { engine, recorder } = context
  if (machine.runId !== null) await engine.remove(machine.runId)
  const changes = { runId: null, startedAt: null, address: null, dueAt: null, tries: 0, lease: null }
  const event = { type: 'destroy', status: 'destroyed', source: 'flyd' } as const
  await recorder.change(machine.id, ifSame(machine, after('remove', changes, event)))
  // If the network stays, it costs only an address.
  if (await context.isLast(machine)) await engine.removeNetwork(networkOf(machine)).catch(() => false)
}

/** Removes the run that has ended, with its log. */
async function removeSpent({ engine }: StepContext, { runId }: Machine): Promise<void> {
  if (runId !== null) await engine.remove(runId)
}

/** Writes that the machine's run has ended; `status` is undefined if the engine has lost it. */
export async function recordExit(
  { recorder }: Pick<StepContext, 'recorder'>,
  { id, runId }: Machine,
  status: RunStatus | undefined,
): Promise<void> {
  await recorder.change(id, (found, instant) => {
    if (found.runId !== runId || found.startedAt === null) return undefined
    // It ended before anybody saw it run.
    if (found.state === 'starting') {
      const hasRun = status?.exit !== undefined && status.startedAt !== undefined
      return hasRun ? afterStart(found, status, instant) : undefined
    }
    return afterExit(found, status, instant)
  })
}

/** Plans another try, or gives up. */
async function recordTrouble(context: StepContext, machine: Machine, error: Error): Promise<void> {
  const { engine, recorder } = context
  const isSpent = isOf(error, 'run_exists') || error instanceof NotStarted
  const isGiven = error instanceof CannotRun || !isRetried(error, machine.tries + 1)
  const starts = ['created', 'starting', 'restarting', 'replacing'].includes(machine.state)
  if (isSpent || (isGiven && starts)) await engine.remove(machine.runId ?? '').catch(() => {})
  await recorder.change(machine.id, (found, instant) => {
    if (!isSame(found, machine)) return undefined
    if (isGiven && starts) return afterFailure(found, explainTrouble(error.message), instant)
    const isCounted = !isEndless(error)
    const tries = found.tries + (isCounted ? 1 : 0)
    // An engine that is away is asked again after as long as it was waited for.
    const rest = isCounted ? 500 * 2 ** Math.min(tries - 1, 10) : instant.now - timeOfUlid(found.lastEventId)
    const changes = {
      tries,
      dueAt: instant.now + Math.min(longestRest, Math.max(500, rest)),
      // It was pulled once, and is gone from the engine: no run was made of it.
      ...(isOf(error, 'image_not_found') ? { image: null, startedAt: null } : {}),
      ...(isSpent ? { startedAt: null } : {}),
    }
    return changeMachine(found, undefined, instant, changes)
  })
}

/** Whether the machine still is as it was when the step began. */
function isSame(found: Machine, machine: Machine): boolean {
  return (
    found.state === machine.state &&
    found.version === machine.version &&
    found.runs === machine.runs &&
    found.stopSignal === machine.stopSignal
  )
}

function ifSame(machine: Machine, decide: ReturnType<typeof after>): ReturnType<typeof after> {
  return (found, instant) => (isSame(found, machine) ? decide(found, instant) : undefined)
}

function orGone(error: unknown): boolean {
  if (isOf(error, 'not_running', 'run_not_found')) return false
  throw error
}
