// The configuration of a machine, as the Machines API has it: known keys are checked, and all others are kept as they are.
import { z } from 'zod'

import { keptCaveats } from './caveats.ts'
import { DurationError, formatTimeout, parseTimeout } from '../duration.ts'
import { completeGuest, guest, notServed } from './machine-guest.ts'
import { part } from './text.ts'
import { volumeId, volumeName } from './volume-names.ts'

/** Levels of objects and lists in each other, in a whole configuration. */
const deepest = 16
const mostItems = 100

/**
 * An object with some of these keys, and any others. A known key may be null, as Go's clients send what is not set, and is
 * left out then.
 */
function some<Shape extends z.ZodRawShape>(shape: Shape) {
  const nullable = Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => [key, (schema as z.ZodType).nullish()]),
  )
  return z
    .looseObject(nullable as unknown as { [Key in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Key]>> })
    .transform((given) => leaveOut(given, (key, value) => value === null && key in shape) as Given<Shape>)
}

/** What is left of such an object once it is checked. */
type Given<Shape extends z.ZodRawShape> = { readonly [Key in keyof Shape]?: z.output<Shape[Key]> } & {
  readonly [key: string]: unknown
}

function leaveOut(given: object, isOut: (key: string, value: unknown) => boolean): object {
  return Object.fromEntries(Object.entries(given).filter(([key, value]) => !isOut(key, value)))
}

/** Go's durations: a text, or a number of nanoseconds; echoed as a text. */
const goDuration = z.union([z.string(), z.number()]).transform((given, context): string => {
  try {
    const milliseconds = parseTimeout(given)
    return typeof given === 'string' ? given : formatTimeout(milliseconds)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

// By their numbers on Linux, from 1.
const signals = 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM'.split(' ') as readonly Signal[]
type Signal =
  | ('HUP' | 'INT' | 'QUIT' | 'ILL' | 'TRAP' | 'ABRT' | 'BUS' | 'FPE' | 'KILL')
  | ('USR1' | 'SEGV' | 'USR2' | 'PIPE' | 'ALRM' | 'TERM')
export type SignalName = `SIG${Signal}`

/** A signal by name, with or without `SIG`, or by its number on Linux. */
export const signal = z.union([z.string(), z.number().int()]).transform((given, context): SignalName => {
  const name = typeof given === 'number' ? signals[given - 1] : given.toUpperCase().replace(/^SIG/, '')
  const known = signals.find((each) => each === name)
  if (known !== undefined) return `SIG${known}`
  context.addIssue({ code: 'custom', message: `is no signal that can be sent: one of ${signals.join(', ')}` })
  return z.NEVER
})

const text = z.string().max(32_768)
const line = part(4096)
const words = z.array(text).max(1000)
const integer = z.number().int()
const count = integer.min(0).max(2 ** 31 - 1)
const flag = z.boolean()
const path = z
  .string()
  .max(250)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/, { error: 'is no absolute path without "." and ".."' })
const listOf = <S extends z.ZodType>(schema: S) => z.array(schema).max(mostItems)

/** A variable of the environment: its name has no "=". */
const variables = z
  .record(z.string().regex(/^[^=\0]{1,256}$/, { error: 'is no name of a variable' }), text)
  .refine((given) => Object.keys(given).length <= 500, { error: 'has more than 500 variables' })

/** Keys and values that people and programs tell machines apart by. */
export const metadataKey = part(128).min(1)
export const metadataValue = z.string().max(4096)
const metadata = z
  .record(metadataKey, metadataValue)
  .refine((given) => Object.keys(given).length <= 100, { error: 'has more than 100 keys' })

const check = some({
  type: z.enum(['tcp', 'http']),
  port: integer.min(1).max(65_535),
  kind: z.enum(['informational', 'readiness']),
  interval: goDuration,
  timeout: goDuration,
  grace_period: goDuration,
  method: line,
  path: line,
  protocol: z.enum(['http', 'https']),
  tls_skip_verify: flag,
  tls_server_name: line,
  headers: listOf(some({ name: line, values: listOf(line) })),
})

const port = integer.min(0).max(65_535)

const service = some({
  protocol: z.enum(['tcp', 'udp', '']),
  internal_port: port,
  ports: listOf(some({ port, start_port: port, end_port: port, handlers: listOf(line), force_https: flag })),
  concurrency: some({ type: z.enum(['connections', 'requests', '']), soft_limit: count, hard_limit: count }),
  autostart: flag,
  autostop: z
    .union([flag, z.enum(['off', 'stop', 'suspend'])])
    .transform((given) => (given === 'off' ? false : given === 'stop' ? true : given)),
  min_machines_running: count,
  checks: listOf(check),
})

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, { error: 'is not base64' })

const file = some({
  // Engines refuse a file there late, or hide it.
  guest_path: path.refine((given) => !/^\/\.fly(?:\/|$)/.test(given), { error: 'is not for files' }),
  raw_value: base64,
  secret_name: line,
  mode: integer.min(0).max(0o777),
  image_config: notServed('files come from raw_value or secret_name'),
}).superRefine((given, context) => {
  if (given.guest_path === undefined) {
    context.addIssue({ code: 'custom', path: ['guest_path'], message: 'is missing' })
  }
  if ((given.raw_value === undefined) === (given.secret_name === undefined)) {
    context.addIssue({ code: 'custom', message: 'needs either raw_value or secret_name' })
  }
})

const growsNot = notServed('a volume grows only when it is extended')

const mount = some({
  volume: volumeId,
  name: volumeName,
  path: path.refine((given) => !/^\/(?:proc|sys|dev|\.fly)(?:\/|$)/.test(given), { error: 'is not for volumes' }),
  size_gb: count,
  encrypted: flag,
  extend_threshold_percent: growsNot,
  add_size_gb: growsNot,
  add_size_percent: growsNot,
  min_add_size_gb: growsNot,
  size_gb_limit: growsNot,
}).superRefine((given, context) => {
  if (given.path === undefined) context.addIssue({ code: 'custom', path: ['path'], message: 'is missing' })
  if (given.volume === undefined && given.name === undefined) {
    context.addIssue({ code: 'custom', message: 'needs a volume or a name' })
  }
})

const shape = {
  image: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[\w./:@+-]+$/, { error: 'is no reference of an image' }),
  init: some({ exec: words, entrypoint: words, cmd: words, tty: flag, swap_size_mb: count, kernel_args: words }),
  env: variables,
  guest,
  size: line,
  services: listOf(service),
  checks: z.record(part(128), check),
  restart: some({ policy: z.enum(['no', 'on-failure', 'always', 'spot-price', '']), max_retries: count }),
  auto_destroy: flag,
  files: listOf(file),
  metadata,
  stop_config: some({ signal, timeout: goDuration }),
  dns: some({ skip_registration: flag }),
  metrics: some({ port, path: line, https: flag }),
  standbys: notServed('a machine stands by for no other here'),
  schedule: notServed('nothing starts machines by the clock here'),
  mounts: z.array(mount).max(1, { error: 'has more than one: a machine has one volume' }),
  containers: notServed('a machine is one container here'),
  processes: notServed('a machine runs one command here: give it in init'),
  token: z
    .strictObject({ caveats: keptCaveats.optional() })
    .describe('Gives the machine a token of its own, narrowed by these caveats of superfly/macaroon.'),
  rootfs: some({ persist: notServed('a machine starts with a fresh root filesystem', ['never']) }),
} as const

/** The whole configuration of a machine: checked, and with its guest in full, in the place of a size. */
export const machineConfig = some(shape)
  .superRefine(checkWhole)
  .transform(({ size, ...config }, context) => {
    try {
      const whole = { ...config, guest: completeGuest(config.guest, size || undefined) }
      return whole as typeof whole & { readonly image: string; readonly [key: string]: unknown }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      context.addIssue({ code: 'custom', path: ['guest'], message: error.message })
      return z.NEVER
    }
  })
  .meta({ id: 'MachineConfig' })
export type MachineConfig = z.output<typeof machineConfig>

function checkWhole(config: { readonly image?: string | undefined }, context: z.RefinementCtx): void {
  if (config.image === undefined) context.addIssue({ code: 'custom', path: ['image'], message: 'is missing' })
  const problem = findProblem(config, 1)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
}

/** What no store keeps or no client reads again, anywhere in it. */
function findProblem(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') {
    return value.includes('\0') || !value.isWellFormed() ? 'has text with a NUL or an unpaired surrogate' : undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > deepest) return `has more than ${deepest} levels`
  for (const [key, item] of Object.entries(value)) {
    const problem = findProblem(key, depth) ?? findProblem(item, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}
