// The configuration of a machine from flags: a new one, or changes of the present one.
import { DurationError, parseTimeout } from '@hallpass/client'

import { CommandError } from '../../errors.ts'
import type { ConfigurationFlags } from './machine-flags.ts'

/** The client's type of a configuration. */
export type Configuration = Readonly<Record<string, unknown>> & { readonly image: string }

/**
 * The configuration with what the flags and words say.
 * @param before the configuration to change; only its image where it is new
 * @param words the command and its arguments; none leaves those of `before`
 * @throws CommandError `misused`
 */
export function configure(
  before: Configuration,
  flags: ConfigurationFlags,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Configuration {
  const { rm, size } = flags
  // With --rm it is not started again, unless a flag says so.
  const restart = flags.restart ?? (rm === true ? 'no' : undefined)
  const { size: _size, ...kept } = before
  const config = size === undefined ? before : { ...kept, image: before.image }
  return {
    ...config,
    ...part(config, 'env', readPairs('--env', flags.env, environment)),
    ...part(config, 'metadata', readPairs('--metadata', flags.metadata)),
    ...readGuest(config, flags),
    ...part(config, 'init', {
      ...(words.length === 0 ? {} : { cmd: words }),
      ...(flags.entrypoint === undefined ? {} : { entrypoint: flags.entrypoint === '' ? [] : [flags.entrypoint] }),
    }),
    ...part(config, 'stop_config', readStop(flags)),
    ...(restart === undefined ? {} : { restart: { policy: restart } }),
    ...(rm === true ? { auto_destroy: true } : {}),
    ...readToken(flags),
  }
}

/** One key of it with some of its fields changed; nothing where none is. */
function part(config: Configuration, key: string, changes: Readonly<Record<string, unknown>>) {
  if (Object.keys(changes).length === 0) return {}
  const before = config[key]
  return { [key]: { ...(typeof before === 'object' ? before : {}), ...changes } }
}

function readGuest(config: Configuration, { size, cpuKind, cpus, memory }: ConfigurationFlags): object {
  if (size !== undefined && (cpuKind !== undefined || cpus !== undefined)) {
    throw new CommandError(
      'misused',
      '--size says kind and number of the processors already: leave --cpus and --cpu-kind away',
    )
  }
  const [, kind, number] = /^(shared-cpu|performance)-(\d{1,2})x$/.exec(size ?? '') ?? []
  if (size !== undefined && kind === undefined) {
    throw new CommandError(
      'misused',
      '--size is none of shared-cpu-1x to shared-cpu-8x and performance-1x to performance-16x',
    )
  }
  if (size === undefined) {
    return part(config, 'guest', {
      ...(cpuKind === undefined ? {} : { cpu_kind: cpuKind }),
      ...(cpus === undefined ? {} : { cpus: readNumber('--cpus', cpus) }),
      ...(memory === undefined ? {} : { memory_mb: readMegabytes(memory) }),
    })
  }
  const guest = { cpu_kind: kind === 'performance' ? kind : 'shared', cpus: Number(number) }
  return { guest: { ...guest, ...(memory === undefined ? {} : { memory_mb: readMegabytes(memory) }) } }
}

function readToken({ token, tokenCaveats }: ConfigurationFlags): object {
  if (tokenCaveats === undefined) return token === true ? { token: {} } : {}
  try {
    const caveats: unknown = JSON.parse(tokenCaveats)
    if (Array.isArray(caveats)) return { token: { caveats } }
  } catch {
    // Said below.
  }
  throw new CommandError(
    'misused',
    '--token-caveats takes a list of caveats in JSON, as [{"type":"Action","body":"rC"}]',
  )
}

function readStop({ stopSignal, stopTimeout }: ConfigurationFlags) {
  return {
    ...(stopSignal === undefined ? {} : { signal: stopSignal }),
    ...(stopTimeout === undefined ? {} : { timeout: `${readMilliseconds('--stop-timeout', stopTimeout)}ms` }),
  }
}

/**
 * `NAME=VALUE` of each.
 * @param environment where a name alone finds its value, if it may stand alone
 */
function readPairs(
  flag: string,
  texts: readonly string[] = [],
  environment?: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const end = text.indexOf('=')
    const name = end === -1 ? text : text.slice(0, end)
    // Any other text may be a secret.
    if (name === '' || (end === -1 && environment === undefined)) {
      throw new CommandError('misused', `${flag} takes NAME=VALUE`)
    }
    if (end !== -1) return [name, text.slice(end + 1)]
    const value = /^\w+$/.test(name) ? environment?.[name] : undefined
    if (value === undefined) {
      throw new CommandError('misused', `${flag} takes NAME=VALUE, or the NAME of a variable that is set here`)
    }
    return [name, value]
  })
  return Object.fromEntries(pairs)
}

/**
 * A duration as `10s` or `1m30s`; a number alone is seconds.
 * @throws CommandError `misused`
 */
export function readMilliseconds(flag: string, text: string): number {
  try {
    return /^\d{1,9}$/.test(text) ? Number(text) * 1000 : parseTimeout(text)
  } catch (error) {
    if (error instanceof DurationError) throw new CommandError('misused', `the value of ${flag} ${error.message}`)
    throw error
  }
}

function readNumber(flag: string, text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new CommandError('misused', `${flag} takes a whole number`)
}

function readMegabytes(text: string): number {
  const [, number, unit = 'm'] = /^(\d{1,7})\s*(m|g)?i?b?$/i.exec(text.trim()) ?? []
  if (number !== undefined) return Number(number) * (unit.toLowerCase() === 'g' ? 1024 : 1)
  throw new CommandError('misused', '--memory takes megabytes, as 512, or gigabytes, as 1gb')
}
