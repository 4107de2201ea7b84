// Machines of apps, as the store keeps them: their ids, versions, events and leases.
import { DomainError } from './errors.ts'
import type { MachineState } from './machine-states.ts'
import type { RunLabels } from './run-labels.ts'

export interface Machine {
  /** 14 hexadecimal digits. Never used again. */
  readonly id: string
  readonly organisationId: number
  readonly appId: number
  /** Unique in the app among those that are not destroyed. */
  readonly name: string
  readonly region: string
  readonly state: MachineState
  /** The `instance_id`: a ULID for each configuration. */
  readonly version: string
  /** JSON of this version's configuration, without its metadata. */
  readonly config: string
  /** JSON of the metadata, which change without a new version. */
  readonly metadata: string
  readonly isCordoned: boolean
  /** Whether its environment has the secrets of the app. */
  readonly hasSecrets: boolean
  /** Whether a machine that is created or replaced starts once its image is here. */
  readonly launches: boolean
  /** How it is to be stopped, if not as its configuration says: the signal, and milliseconds until it is killed. */
  readonly stopSignal: string | null
  readonly stopTimeout: number | null
  /** JSON of the image of this version, as the engine found it; null before. */
  readonly image: string | null
  /** The run that the engine has or had last; null if there was none. */
  readonly runId: string | null
  /** The number of runs so far. */
  readonly runs: number
  /** When the run of `runId` began, if it has not ended; null if `runId` is an earlier run. */
  readonly startedAt: number | null
  /** Its address in the network of the organisation, while it runs. */
  readonly address: string | null
  /** Restarts in a row by the restart policy. */
  readonly restarts: number
  /** Failures of the engine in a row at what is to be done now. */
  readonly tries: number
  /** When the driver must act next; null if nothing is to be done until the engine reports a change. */
  readonly dueAt: number | null
  /** The id of the newest event. */
  readonly lastEventId: string
  readonly lease: MachineLease | null
  /** The labels of the token that created it; null if that had none, or a person created it. */
  readonly runLabels: RunLabels | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** Only a caller who knows the nonce can change a leased machine, until the lease ends. */
export interface MachineLease {
  /** 12 hexadecimal digits. */
  readonly nonce: string
  readonly owner: string
  readonly description: string
  readonly expiresAt: number
  /** The machine's version when the lease was taken. */
  readonly version: string
}

export interface MachineVersion {
  /** A ULID. */
  readonly version: string
  /** JSON, as `Machine.config`. */
  readonly config: string
  readonly createdAt: number
}

export interface MachineEvent {
  /** A ULID. Of two events of one machine the later one has the greater id. */
  readonly id: string
  readonly type: 'launch' | 'start' | 'stop' | 'restart' | 'update' | 'suspend' | 'exit' | 'destroy'
  readonly status: string
  /** Who caused it: a request, or the driver. */
  readonly source: 'user' | 'flyd'
  readonly at: number
  /** JSON with details; null if there are none. */
  readonly request: string | null
}

/** The only region of an engine that has one place. */
export const localRegion = 'local'

const partsOfTheWorld = ['us', 'eu', 'na', 'sa', 'apac', 'any']

/**
 * @param asked one region, or several separated by commas, or a part of the world; undefined for any
 * @param known where machines can be placed; empty where there is one place
 * @throws DomainError `invalid`
 */
export function chooseRegion(asked: string | undefined, known: readonly string[], randomBytes: RandomBytes): string {
  const names = (asked ?? '').split(',').map((name) => name.trim())
  const named = names.find((name) => known.includes(name))
  if (named !== undefined) return named
  const isAny = names.some((name) => ['', localRegion, ...partsOfTheWorld].includes(name))
  // What a part of the world is in a cluster, nobody says.
  if (isAny) return known[(randomBytes(1)[0] ?? 0) % Math.max(1, known.length)] ?? localRegion
  const those = (known.length === 0 ? [localRegion] : known.slice(0, 20)).map((name) => `"${name}"`).join(', ')
  const sentence = `there is no such region here: ${known.length > 1 ? 'there are' : 'the only one is'} ${those}`
  throw new DomainError('invalid', sentence, { field: 'region' })
}

export type RandomBytes = (length: number) => Uint8Array

export function createMachineId(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(7)).toString('hex')
}

export function createLeaseNonce(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(6)).toString('hex')
}

/** The id of the next run, in a form that engines accept. */
export function nextRunId({ id, version, runs }: Pick<Machine, 'id' | 'version' | 'runs'>): string {
  return `${id}.${version.toLowerCase()}.${runs + 1}`
}

/** The machine of a run of ours. */
export function machineOfRun(runId: string): string {
  return runId.split('.')[0] ?? ''
}

// https://github.com/ulid/spec: 48 bits of milliseconds, 80 random bits; Crockford's base 32.
const ulidDigits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A ULID of this instant that is greater than `before`, whichever clock made that one. */
export function createUlid(now: number, randomBytes: RandomBytes, before = ''): string {
  const time = BigInt(Math.max(0, Math.floor(now))) << 80n
  const made = formatUlid(time | BigInt(`0x${Buffer.from(randomBytes(10)).toString('hex')}`))
  return made > before ? made : formatUlid(parseUlid(before) + 1n)
}

/** The milliseconds since 1970 that a ULID begins with. */
export function timeOfUlid(text: string): number {
  return Number(parseUlid(text) >> 80n)
}

function formatUlid(value: bigint): string {
  let text = ''
  for (let left = value; text.length < 26; left >>= 5n) text = ulidDigits.charAt(Number(left & 31n)) + text
  return text
}

function parseUlid(text: string): bigint {
  let value = 0n
  for (const digit of text) value = (value << 5n) | BigInt(ulidDigits.indexOf(digit))
  return value
}
