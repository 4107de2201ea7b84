// Reads settings: from the flag, else from the variable; errors name the one that was given.
import { expectNotEmpty, readVariable, type Context } from './context.ts'
import { CommandError } from './errors.ts'
import { cleanText } from './given-text.ts'
import { readDuration } from './mint.ts'
import { readSecret } from './secret-file.ts'
import { flagOf, listSettings, settings, variableOf, type SettingName } from './settings.ts'

export type SettingReader = ReturnType<typeof createSettingReader>

/** Each function throws CommandError `misused`, naming the flag or the variable, for a wrong value. */
export function createSettingReader({ environment }: Pick<Context, 'environment'>, flags: object) {
  const given = (name: SettingName): unknown => Reflect.get(flags, name)
  const sourceOf = (name: SettingName) => (given(name) === undefined ? variableOf(name) : flagOf(name))

  /** Without white space around it; undefined where it is not set. */
  function text(name: SettingName): string | undefined {
    const flag = readText(given(name) as string | undefined, flagOf(name))
    if (flag !== undefined) return flag
    if ('isNeverEmpty' in settings[name]) expectNotEmpty(environment, variableOf(name))
    return 'isSecret' in settings[name]
      ? readSecret(environment, variableOf(name))
      : readVariable(environment, variableOf(name))
  }
  function milliseconds(name: SettingName, atLeast = 0): number | undefined {
    const found = text(name)
    const duration = found === undefined ? undefined : readDuration(found, sourceOf(name)) * 1000
    // A wrong unit must not delete the audit trail.
    if (duration === undefined || duration >= atLeast) return duration
    throw new CommandError('misused', `${sourceOf(name)} is at least a day, for example 90d`)
  }
  return {
    sourceOf,
    text,
    milliseconds,
    daysInMilliseconds: (name: SettingName) => milliseconds(name, 86_400_000),
    /** A list of durations in days; none for `none`. */
    days(name: SettingName): readonly number[] | undefined {
      const found = text(name)
      if (found === undefined) return undefined
      if (found === 'none') return []
      return found.split(',').map((each) => readDuration(each.trim(), sourceOf(name)) / 86_400)
    },
    list: (name: SettingName) => text(name)?.split(','),
    /** Infinity for `none`. */
    quota(name: SettingName): number | undefined {
      const found = text(name)
      if (found === undefined) return undefined
      const number = found === 'none' ? Infinity : Number(/^\d{1,7}$/.test(found) ? found : Number.NaN)
      if (number >= 1 && (number <= 1_000_000 || number === Infinity)) return number
      throw new CommandError('misused', `${sourceOf(name)} is a number from 1 to 1000000, or none`)
    },
    /** False if it is not set. Other values are refused, because a typo must not weaken security. */
    isOn(name: SettingName): boolean {
      if (given(name) !== undefined) return given(name) === true
      if ('isNeverEmpty' in settings[name]) expectNotEmpty(environment, variableOf(name))
      const found = readVariable(environment, variableOf(name)) ?? '0'
      if (found === '1' || found === '0') return found === '1'
      throw new CommandError('misused', `${variableOf(name)} is 1 or 0`)
    },
    /** Two settings that need each other; undefined if neither is set. */
    pair(first: SettingName, second: SettingName): readonly [string, string] | undefined {
      const [one, other] = [text(first), text(second)]
      if (one !== undefined && other !== undefined) return [one, other]
      if (one === undefined && other === undefined) return undefined
      const names = `${variableOf(first)} and ${variableOf(second)}`
      throw new CommandError('misused', `${names} are set together or not at all`)
    },
    /** The authority's errors name flags. If a variable was set instead, the error names that. */
    nameVariable(error: unknown): unknown {
      if (!(error instanceof Error)) return error
      const named = listSettings().find(({ name }) => error.message.startsWith(`${flagOf(name)} `))
      if (named === undefined || given(named.name) !== undefined) return error
      const sentence = variableOf(named.name) + error.message.slice(flagOf(named.name).length)
      return new CommandError('misused', sentence, { cause: error })
    },
  }
}

/**
 * The text of a flag, without white space around it.
 * @throws CommandError `misused` where it is empty, and as {@link cleanText}
 */
function readText(given: string | undefined, flag: string): string | undefined {
  if (given === undefined) return undefined
  const text = cleanText(given, flag)
  if (text === '') throw new CommandError('misused', `${flag} is empty`)
  return text
}
