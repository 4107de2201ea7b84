// Drives machines: brings the engine to the state in the store, one step of a machine at a time.
import type { Engine, RunStatus } from '@hallpass/engine'

import { isUnavailable } from '../domain/errors.ts'
import { machineOfRun, type Machine } from '../domain/machine.ts'
import { awaitedImage, readConfig } from '../domain/machine-config.ts'
import type { MachineRunner } from '../domain/machine-runner.ts'
import type { ReadTransaction, Store } from '../domain/store.ts'
import type { ApiSockets } from './api-sockets.ts'
import { createPulls, type Pull } from './pulls.ts'
import { createSlots } from './slots.ts'
import { after, createRecorder } from './record.ts'
import { compareRuns } from './reconcile.ts'
import { recordExit, takeStep, type AppOfMachine, type StepContext } from './steps.ts'
import { fence, takeTurns, TurnLost, type Turn } from './turn.ts'
import { createVolumeSteps, removeDestroyed } from './volumes.ts'

export interface DriverOptions {
  readonly store: Store
  readonly engine: Engine
  /** The parts of an app that its machines get; undefined if the app is deleted. */
  readonly appOf: (machine: Machine) => Promise<AppOfMachine | undefined>
  /** Unique to this authority. */
  readonly id: string
  /** Milliseconds since 1970; and monotonic milliseconds. */
  readonly now: () => number
  readonly clock: () => number
  readonly randomBytes: (length: number) => Uint8Array
  /** Called when the engine begins to fail, and when it answers again. */
  readonly report: (state: { readonly error?: unknown }) => void
  readonly sockets: ApiSockets
  /** Called with a machine after each change that the driver wrote. */
  readonly changed: (machine: Machine) => void
}

export interface Driver {
  /** Something is due. */
  wake(): void
  /** Whether the engine answers: by its own watch, or as the authority says whose turn it is; and the host of a machine. */
  answers(machine?: { readonly runId: string | null }): boolean
  /** As of a MachineRunner. */
  readonly pulling: MachineRunner['pulling']
  /** Ends after the steps in progress. */
  stop(): Promise<void>
}

/** Steps at a time, without those that waited for an image: of all, and of one organisation. */
const atOnce = 256
const atOnceOfOne = 64
/** How many of all steps may be starts. */
const startsAtOnce = 8
const longestIdle = 5000
/** If other authorities may have written something that is due. */
const longestIdleOfMany = 500
const restAfterTrouble = 1000
/** An engine that restarts does not count as away. */
const shortAbsence = 3000
/** Between two looks for due machines; and how many organisations one look sees. */
const restAfterLook = 20
const breadth = 64

interface Work {
  readonly organisationId: number
  /** That of the image that the machine waited for. */
  readonly pull: Pull | undefined
  /** Whether the machine must be looked at again. */
  again: boolean
}

function isUsual({ pull }: Work): boolean {
  return pull === undefined
}

interface Found {
  readonly machines: readonly (readonly [id: string, organisationId: number])[]
  /** Whether there may be due machines of other organisations. */
  readonly isPart: boolean
}

export function startDriver(options: DriverOptions): Driver {
  const { store, sockets, now } = options
  const engine = fence(options.engine, () => turn)
  const stopping = new AbortController()
  const works = new Map<string, Work>()
  let watching: AbortController | undefined
  let wakeUp: () => void = () => {}
  let isAwake = true
  let failsSince: number | undefined
  /** The runs whose host does not answer. */
  const outOfReach = new Set<string>()
  /** After this organisation the next look goes on. */
  let place = 0

  function wake(): void {
    isAwake = true
    wakeUp()
  }

  const recorder = createRecorder(
    store,
    () => turn,
    options,
    (machine) => {
      if (machine.startedAt === null) sockets.close(machine.id)
      options.changed(machine)
    },
  )
  const pulls = createPulls(engine, { now, ended: wake, signal: stopping.signal })
  const context: StepContext = {
    engine,
    starts: createSlots(startsAtOnce),
    recorder,
    appOf: options.appOf,
    sockets: {
      async open(machine) {
        // Another authority's would not be reached any more.
        if (!turn.has()) throw new TurnLost()
        return sockets.open(machine)
      },
    },
    isLast: ({ organisationId }) =>
      store.read(async (tx) => (await tx.organisations.countUpTo(organisationId, 'machines', 1, now())) === 0),
  }

  const volumes = createVolumeSteps({
    store,
    engine,
    recorder,
    trouble(error) {
      trouble(error)
      return rest(restAfterTrouble, stopping.signal)
    },
    ended: wake,
  })

  /** Follows the engine for as long as it is this authority's turn. */
  async function watch({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      try {
        // An authority that has lost its turn may still make a run: it must be seen to be removed.
        for await (const change of engine.watch({ onlyEnds: !store.isRemote, abort: signal })) {
          if (failsSince !== undefined) options.report({})
          failsSince = undefined
          if (change.kind === 'run') {
            noteReach(change.runId, change.run)
            void look(machineOfRun(change.runId), change.runId, change.run)
          } else {
            outOfReach.clear()
            for (const run of change.runs) noteReach(run.runId, run)
            await sockets.restore()
            await compareRuns({ store, engine }, change.runs, { isBusy: (id) => works.has(id), look })
            await removeDestroyed(engine, store)
          }
        }
      } catch (error) {
        if (signal.aborted) return
        if (failsSince === undefined && !isUnavailable(error)) {
          options.report({ error })
          failsSince = options.clock()
        }
      }
      await rest(restAfterTrouble, signal)
    }
  }

  function noteReach(runId: string, run: RunStatus | undefined): void {
    if (run?.isOutOfReach === true) outOfReach.add(runId)
    else outOfReach.delete(runId)
  }

  /** A run has changed: if it has ended, so has its machine's. One that nobody knows goes: who lost its turn may have made it. */
  async function look(id: string, runId: string, status: RunStatus | undefined): Promise<void> {
    try {
      const machine = await recorder.read(id)
      if (!turn.has()) return
      if (machine?.runId !== runId) return void (status !== undefined && (await engine.remove(runId)))
      if ((status !== undefined && status.exit === undefined) || machine.startedAt === null) return
      // The step in progress will see it.
      const work = works.get(id)
      if (work !== undefined) work.again = true
      else await recordExit(context, machine, await withProblem(status))
      wake()
    } catch (error) {
      trouble(error)
    }
  }

  /** Only a look at the one run says why its command could not be run. */
  async function withProblem(status: RunStatus | undefined): Promise<RunStatus | undefined> {
    const code = status?.exit?.code
    // 1 is also what Podman's init ends with.
    if (status === undefined || code === undefined || ![1, 126, 127].includes(code)) return status
    return (await engine.inspect(status.runId)) ?? status
  }

  /** The store reports its own trouble, and a turn that is lost is no trouble. */
  function trouble(error: unknown): void {
    if (!isUnavailable(error) && !(error instanceof TurnLost) && !stopping.signal.aborted) options.report({ error })
  }

  async function drive(id: string, organisationId: number, pull?: Pull): Promise<void> {
    const work: Work = { organisationId, pull, again: false }
    works.set(id, work)
    try {
      const machine = await recorder.read(id)
      if (machine !== undefined) await advance(machine, pull)
      // It may have ended before anybody knew that it began.
      const next = work.again ? await recorder.read(id) : undefined
      if (next?.runId !== undefined && next.runId !== null && next.startedAt !== null) {
        const status = await engine.inspect(next.runId)
        if (status === undefined || status.exit !== undefined) await recordExit(context, next, status)
      }
    } catch (error) {
      trouble(error)
      // Due work stays due, and is tried again later.
      await rest(restAfterTrouble, stopping.signal)
    } finally {
      works.delete(id)
      wake()
    }
  }

  /** Takes the step that is due by now, which may be another than when the store was looked through. */
  async function advance(machine: Machine, pull: Pull | undefined): Promise<void> {
    if (machine.dueAt === null || machine.dueAt > now()) return
    const awaited = awaitedImage(machine)
    if (awaited === (pull?.reference ?? null)) return takeStep(context, machine, pull?.image)
    // It waits for an image, and a row of an earlier version does not say so until it is written again.
    if (pull === undefined) await recorder.change(machine.id, after(undefined, {}))
  }

  /** Due machines that wait for no image, as far as there is room. Each organisation has its part of it, and its turn. */
  async function findDue(tx: ReadTransaction, at: number): Promise<Found> {
    const inHand = Map.groupBy(works.values(), ({ organisationId }) => organisationId)
    const machines: [string, number][] = []
    const before = place
    let room = atOnce - [...works.values()].filter(isUsual).length
    const organisations = await tx.machines.organisationsDue(before, at, breadth)
    place = organisations.length < breadth ? 0 : (organisations.at(-1) ?? 0)
    for (const organisationId of organisations) {
      if (room <= 0) {
        place = organisationId - 1
        break
      }
      const ofOne = inHand.get(organisationId) ?? []
      const free = Math.min(room, atOnceOfOne - ofOne.filter(isUsual).length)
      if (free <= 0) continue
      const due = await tx.machines.due(organisationId, at, ofOne.length + free)
      const next = due.filter((id) => !works.has(id)).slice(0, free)
      machines.push(...next.map((id): [string, number] => [id, organisationId]))
      room -= next.length
    }
    // If there is no room, the end of a step is the time of the next look.
    return { machines, isPart: room > 0 && (before > 0 || place > 0) }
  }

  /** Begins what is due. Returns the milliseconds until something else will be. */
  async function begin(): Promise<number> {
    const at = now()
    const idle = store.isRemote ? longestIdleOfMany : longestIdle
    if (!turn.has()) {
      pulls.forgetEnded()
      return idle
    }
    const { due, next, pulled } = await store.read(async (tx) => ({
      due: await findDue(tx, at),
      next: await tx.machines.nextDue(at),
      pulled: await pulls.look(tx, at, works),
    }))
    for (const [id, of] of due.machines) void drive(id, of)
    for (const [id, pull] of pulled.machines) void drive(id, pull.organisationId, pull)
    const nextPart = pulls.begin(pulled)
    const nextVolume = await volumes.begin(at)
    if (due.isPart) wake()
    const rests = [next, nextVolume].map((one) => one && Math.max(0, one - at))
    return Math.min(idle, ...[...rests, nextPart].flatMap((one) => one ?? []))
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      isAwake = false
      const milliseconds = await begin().catch((error: unknown) => {
        trouble(error)
        return restAfterTrouble
      })
      if (isAwake) await rest(restAfterLook, stopping.signal)
      if (isAwake || stopping.signal.aborted) continue
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  const engineAnswers = () => failsSince === undefined || options.clock() - failsSince < shortAbsence
  const turn: Turn = takeTurns({
    ...options,
    engineAnswers,
    changed(isMine) {
      watching?.abort()
      watching = isMine ? new AbortController() : undefined
      if (watching !== undefined) void watch(watching)
      else void sockets.leave()
      wake()
    },
  })
  const running = run()
  return {
    wake,
    pulling: ({ organisationId, image, config }) =>
      image === null ? pulls.progress(organisationId, readConfig(config).image) : undefined,
    answers(machine) {
      if (!turn.has()) return turn.othersAnswers()
      return engineAnswers() && !outOfReach.has(machine?.runId ?? '')
    },
    async stop() {
      stopping.abort()
      watching?.abort()
      wake()
      await running
      while (works.size > 0 || !volumes.isIdle()) await new Promise((resolve) => setTimeout(resolve, 5))
      await sockets.stop()
      await turn.stop()
    },
  }
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}
