// machine.logs: new log lines of the machines of an app, since the last reading; it can wait for the next ones.
import { setTimeout as pause } from 'node:timers/promises'

import { actions } from '@hallpass/macaroon'

import type { Machine } from '../../domain/machine.ts'
import type { MachineLogLine, MachineRunner } from '../../domain/machine-runner.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { accessMachine, expectMachine, expectRunner, type SoughtMachine } from './find-machine.ts'

export interface ReadLogs {
  readonly appName: string
  /** Undefined for all machines of the app. */
  readonly machineId: string | undefined
  /** How far each machine has been read: the `at` of its last line. */
  readonly read: ReadonlyMap<string, string>
  /** How many lines of a machine that has not been read before. */
  readonly tail: number
  /** How long to wait if there is no line yet, in milliseconds. */
  readonly wait: number
}

export interface LinesRead {
  /** The machines whose logs are read. */
  readonly machines: readonly Machine[]
  /** Oldest first. */
  readonly lines: readonly LineOfMachine[]
  /** As in the input, for the next reading. */
  readonly read: ReadonlyMap<string, string>
}

interface LineOfMachine extends MachineLogLine {
  readonly machineId: string
}

/** For one app: those that run or ran last. The logs of others are read by id. */
const mostMachines = 50
const mostLines = 1000
const mostCharacters = 512 * 1024

export const readLogs: ReadOperation<ReadLogs, FoundApp | SoughtMachine, LinesRead> = {
  name: 'machine.logs',
  mode: 'read',

  access: (context, { appName, machineId }) =>
    machineId === undefined
      ? accessApp(context, appName, actions.read)
      : accessMachine(context, { appName, machineId }, { action: actions.read }),

  async run({ tx, environment }, { input, subject }) {
    expectRunner(environment)
    const machines = 'machine' in subject ? [expectMachine(subject)] : await newestOf(tx, subject.app.id)
    return { machines, lines: [], read: input.read }
  },

  async goOn({ environment, read, signal }, found, input) {
    const runner = expectRunner(environment)
    const ends = AbortSignal.any([signal, AbortSignal.timeout(input.wait)])
    let { machines } = found
    for (;;) {
      const taken = await takeLines(runner, machines, input)
      if (taken.lines.length > 0 || ends.aborted) return { ...taken, machines }
      await waitForLine(runner, machines, taken.read, ends)
      const known = machines
      machines = await read(async (tx) => {
        const found = await Promise.all(known.map(({ id }) => tx.machines.byId(id)))
        return found.filter((machine) => machine !== undefined)
      })
    }
  },
}

async function newestOf(tx: ReadTransaction, appId: number): Promise<readonly Machine[]> {
  const machines: Machine[] = []
  let after: string | undefined
  do {
    const page = await tx.machines.ofApp(appId, { limit: 200, ...(after === undefined ? {} : { after }) })
    machines.push(...page.filter(({ runId }) => runId !== null))
    after = page.length === 200 ? page.at(-1)?.id : undefined
  } while (after !== undefined)
  return machines.toSorted((a, b) => b.updatedAt - a.updatedAt).slice(0, mostMachines)
}

/** The lines that are there now, up to the limits of an answer. The rest comes with the next reading. */
async function takeLines(
  runner: MachineRunner,
  machines: readonly Machine[],
  { read: before, tail }: ReadLogs,
): Promise<Omit<LinesRead, 'machines'>> {
  // Machines that are gone are left out, because this goes back and forth with each reading.
  const read = new Map([...before].filter(([id]) => machines.some((machine) => machine.id === id)))
  const lines: LineOfMachine[] = []
  // Every machine has its share, so that one that never stops writing hides no other.
  const share = Math.max(1, Math.floor(mostLines / Math.max(1, machines.length)))
  const characters = mostCharacters / Math.max(1, machines.length)
  for (const { id, runId } of machines) {
    if (runId === null) continue
    const after = read.get(id)
    let [left, room] = [share, characters]
    // A machine that came after the first reading is read from its beginning.
    const options = after !== undefined ? { after } : before.size === 0 ? { tail: Math.min(tail, share) } : {}
    for await (const line of runner.logs(runId, options)) {
      left -= 1
      room -= line.text.length
      lines.push({ ...line, machineId: id })
      read.set(id, line.at)
      if (left <= 0 || room <= 0) break
    }
  }
  return { lines: lines.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), read }
}

/** Resolves when one of them has a new line or a new run, and at the end of the wait. */
async function waitForLine(
  runner: MachineRunner,
  machines: readonly Machine[],
  read: ReadonlyMap<string, string>,
  ends: AbortSignal,
): Promise<void> {
  const found = new AbortController()
  const abort = AbortSignal.any([ends, found.signal])
  const forAll = pause(longestWait, undefined, { signal: abort }).catch(() => {})
  async function watch(machine: Machine): Promise<void> {
    const after = read.get(machine.id)
    if (machine.runId !== null) {
      const options = { follow: true, abort, ...(after === undefined ? {} : { after }) }
      for await (const _ of runner.logs(machine.runId, options)) return
    }
    await runner.changed(machine, abort)
  }
  // A log that cannot be followed is read again after a while. That reading gives the reason, or succeeds.
  const rest = () => pause(restAfterTrouble, undefined, { signal: abort }).catch(() => {})
  await Promise.race([forAll, ...machines.map((machine) => watch(machine).catch(rest))])
  found.abort()
}

/** Longer than any wait. */
const longestWait = 60_000
const restAfterTrouble = 1000
