// Waits for machines, and reports their states.
import { ApiError, describePull, type Client, type Machine } from '@hallpass/client'

import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import { tell } from '../../output.ts'
import { readMilliseconds } from './configuration.ts'
import { describeEnding } from './endings.ts'
import type { NamedMachine } from './find-machine.ts'
import type { PatienceFlag } from './machine-flags.ts'

/** The states in which nothing is under way. */
const resting: ReadonlySet<string> = new Set(['started', 'stopped', 'suspended', 'failed', 'destroyed'])

/** Seconds of one request, and so between two reports of a passing state. */
const look = 2
/** Seconds for which a machine that is started is watched. */
const firstMoment = 1

/**
 * Waits until nothing is under way with the machine, and reports each state that it passes through.
 * @throws CommandError where that takes longer than the flag allows
 */
export async function waitUntilSettled(
  context: Context,
  client: Client,
  name: NamedMachine,
  { waitTimeout }: PatienceFlag,
): Promise<Machine | undefined> {
  const end = performance.now() + readMilliseconds('--wait-timeout', waitTimeout)
  let told: string | undefined
  for (;;) {
    const machine = await unlessGone(client.showMachine(name))
    const state = machine?.state ?? 'destroyed'
    const pull = machine && describePull(machine)
    const step = `${state} ${tenthOf(machine)}`
    if (step !== told && (pull !== undefined || told?.startsWith(`${state} `) !== true)) {
      tell(context, `Machine ${name.machine_id} is ${state}${pull === undefined ? '' : `: ${pull}`}`)
      told = step
    }
    if (resting.has(state)) return machine
    if (performance.now() >= end) {
      const advice = `\`hallpass machine status ${name.machine_id}\` shows how it goes on`
      throw new CommandError('failed', `machine ${name.machine_id} is still ${state} after ${waitTimeout}: ${advice}`)
    }
    await unlessLate(unlessGone(client.waitForMachine({ ...name, state: 'settled', timeout: look })))
  }
}

/**
 * Waits as {@link waitUntilStarted}, and then for a moment longer: a program that cannot be run, or that fails at once, is
 * found out just after its start.
 * @throws CommandError where it could not run, or its program failed
 */
export async function waitUntilRun(
  context: Context,
  client: Client,
  name: NamedMachine,
  flags: PatienceFlag,
): Promise<Machine | undefined> {
  const machine = await waitUntilStarted(context, client, name, flags)
  if (machine?.state !== 'started') return machine
  const ends = ['stopped', 'failed', 'destroyed']
  await unlessLate(unlessGone(client.waitForMachine({ ...name, state: ends, timeout: firstMoment })))
  return reportEnding(context, name, await unlessGone(client.showMachine(name)))
}

/**
 * Waits as {@link waitUntilSettled}, for a machine that is to run, and reports if its program has ended already.
 * @throws CommandError where it could not run, or its program failed
 */
export async function waitUntilStarted(
  context: Context,
  client: Client,
  name: NamedMachine,
  flags: PatienceFlag,
): Promise<Machine | undefined> {
  return reportEnding(context, name, await waitUntilSettled(context, client, name, flags))
}

/** @throws CommandError where it could not run, or its program failed */
function reportEnding(context: Context, name: NamedMachine, machine: Machine | undefined): Machine | undefined {
  const ending = machine && describeEnding(machine)
  if (ending === undefined) return machine
  const { words, failure } = ending
  if (failure !== undefined) throw new CommandError(failure, `machine ${name.machine_id} ${words}`)
  tell(context, `Machine ${name.machine_id} ${words}`)
  return machine
}

/** A pull is reported at each tenth of it. */
function tenthOf(machine: Machine | undefined): string {
  if (machine?.pull === undefined) return ''
  const { phase, bytes, total_bytes } = machine.pull
  return `${phase} ${Math.floor((10 * bytes) / Math.max(1, total_bytes))}`
}

async function unlessGone<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  return unless(asked, 'not_found')
}

/** Undefined after the time-out. */
export async function unlessLate<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  return unless(asked, 'deadline_exceeded')
}

async function unless<Answer>(asked: Promise<Answer>, code: ApiError['code']): Promise<Answer | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ApiError && error.code === code) return undefined
    throw error
  }
}
