// Durations as people and flyctl write them: Go's, and also days, weeks and years.

const nanosecondsPerUnit: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['d', 86_400_000_000_000n],
  ['w', 604_800_000_000_000n],
  ['y', 31_536_000_000_000_000n],
])

/** What Go's durations hold, 2^63 - 1 nanoseconds: 292 years. flyctl asks for 999999h. */
export const longestDuration = 9_223_372_036

const longestText = 64

export class DurationError extends Error {
  readonly code = 'invalid_duration'

  /** @param predicate what follows the name of the field: `is negative` */
  constructor(predicate: string) {
    super(predicate)
    this.name = 'DurationError'
  }
}

/**
 * Reads a duration as Go's `time.ParseDuration` does (`1h30m`, `1.5h`), and also `d`, `w` and `y` (365 days).
 * @returns whole seconds, at least 1 and at most {@link longestDuration}; a fraction of a second is dropped
 * @throws DurationError that says what is wrong, and does not repeat the text: it may be a secret in the wrong place
 */
export function parseDuration(text: string): number {
  return checkDuration(readNanoseconds(text))
}

/**
 * Reads a time-out, as a text of Go's `time.ParseDuration` or as a number of nanoseconds: it may be 0 or less than a second.
 * @returns whole milliseconds
 * @throws DurationError that says what is wrong
 */
export function parseTimeout(given: string | number): number {
  if (typeof given === 'number' && !(given >= 0)) throw new DurationError('is negative or no number of nanoseconds')
  // Go takes a zero without a unit.
  const nanoseconds =
    typeof given === 'number' ? BigInt(Math.trunc(given)) : /^[+-]?0$/.test(given) ? 0n : readNanoseconds(given)
  if (nanoseconds > BigInt(longestDuration) * 1_000_000_000n) throw new DurationError('is longer than 292 years')
  return Number(nanoseconds / 1_000_000n)
}

/**
 * Reads how long something lives on, which may be 0: whole seconds, and a part of one as a whole.
 * @throws DurationError that says what is wrong
 */
export function parseGrace(text: string): number {
  return Math.ceil(parseTimeout(text) / 1000)
}

/** Writes milliseconds as Go's `Duration.String` does for whole seconds, and as `1500ms` else. */
export function formatTimeout(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? formatDuration(milliseconds / 1000) : `${milliseconds}ms`
}

function readNanoseconds(text: string): bigint {
  if (text.length > longestText) throw new DurationError(`has more than ${longestText} characters`)
  const unsigned = text.replace(/^\+/, '')
  if (unsigned.startsWith('-')) throw new DurationError('is negative')
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)[a-zµμ]+)+$/.test(unsigned)) {
    throw new DurationError('is not a duration: write numbers with units, like 24h, 30d or 1h30m')
  }
  let nanoseconds = 0n
  for (const [, whole = '', fraction = '', unit = ''] of unsigned.matchAll(/(\d*)\.?(\d*)([a-zµμ]+)/g)) {
    const scale = nanosecondsPerUnit.get(unit)
    if (scale === undefined) {
      throw new DurationError('has a unit that is not one of time: use ns, us, ms, s, m, h, d, w or y')
    }
    nanoseconds += BigInt(whole || '0') * scale
    if (fraction !== '') nanoseconds += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return nanoseconds
}

/**
 * Reads a duration given as a number of nanoseconds, as Go encodes `time.Duration` in JSON.
 * @returns whole seconds, within the bounds of {@link parseDuration}
 * @throws DurationError that says what is wrong
 */
export function durationFromNanoseconds(nanoseconds: number): number {
  if (!Number.isFinite(nanoseconds)) throw new DurationError('is not a finite number of nanoseconds')
  if (nanoseconds < 0) throw new DurationError('is negative')
  return checkDuration(BigInt(Math.trunc(nanoseconds)))
}

/** Writes whole seconds as Go's `Duration.String` does: `175200h0m0s`, `10m0s`, `45s`. */
export function formatDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = seconds % 60
  if (hours > 0) return `${hours}h${minutes}m${rest}s`
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}

function checkDuration(nanoseconds: bigint): number {
  const seconds = nanoseconds / 1_000_000_000n
  if (seconds < 1n) throw new DurationError('is shorter than one second')
  if (seconds > BigInt(longestDuration)) throw new DurationError('is longer than 292 years')
  return Number(seconds)
}
