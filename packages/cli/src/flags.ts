// The flags that several commands have, each described once.
import type { FlagParametersForType } from '@stricli/core'

import type { Context } from './context.ts'

const takeText = (text: string) => text

/** A flag with its letter: `-o` for `--org`. */
export interface Lettered {
  readonly letter?: string | undefined
}

/** An optional flag that takes text. */
export function textFlag(brief: string, placeholder: string, letter?: string) {
  return { kind: 'parsed', parse: takeText, brief, placeholder, optional: true, letter } as const
}

/** An optional flag that takes text and is `value` where it is not given. */
export function textFlagWithDefault(brief: string, placeholder: string, value: string, letter?: string) {
  return { kind: 'parsed', parse: takeText, brief, placeholder, default: value, letter } as const
}

/** A flag that is there or not. */
export function switchFlag(brief: string, letter?: string) {
  return { kind: 'boolean', brief, optional: true, withNegated: false, letter } as const
}

/** An optional flag that takes one of these values. */
export function choiceFlag<const Value extends string>(brief: string, values: readonly Value[], letter?: string) {
  return { kind: 'enum', values, optional: true, brief, letter } as const
}

/** A word among the arguments. */
export function word(brief: string, placeholder: string) {
  return { parse: takeText, brief, placeholder } as const
}

/** A word that may be left away. */
export function optionalWord(brief: string, placeholder: string) {
  return { parse: takeText, brief, placeholder, optional: true } as const
}

/** What nearly every command accepts. */
export interface GlobalFlags {
  readonly accessToken?: string | undefined
  readonly apiUrl?: string | undefined
}
export const globalFlags = {
  accessToken: textFlag('Token to use instead of the login (or HALLPASS_API_TOKEN)', 'token', 't'),
  apiUrl: textFlag('Address of the authority (or HALLPASS_API_URL)', 'url'),
} as const satisfies FlagParametersForType<GlobalFlags, Context>

export interface JsonFlag {
  readonly json?: boolean | undefined
}
export const jsonFlag = { json: switchFlag('JSON output', 'j') } as const

/** May be given more than once; `readNetworks` reads it. */
export const networksFlag = { ...textFlag('Only from these networks', 'network,…'), variadic: true } as const

export interface YesFlag {
  readonly yes?: boolean | undefined
}
export const yesFlag = { yes: switchFlag('Do not ask for confirmation', 'y') } as const

export interface OrganisationFlag {
  readonly org?: string | undefined
}
export const organisationFlag = { org: textFlag('Slug of the organization (or FLY_ORG)', 'slug', 'o') } as const

export interface AppFlags {
  readonly app?: string | undefined
  readonly config?: string | undefined
}
export const appFlags = {
  app: textFlag('Name of the app (or FLY_APP)', 'name', 'a'),
  config: textFlag('Configuration file that names the app, or its directory (default .)', 'file', 'c'),
} as const

export interface PasswordFlag {
  readonly passwordStdin?: boolean | undefined
}
export const passwordFlag = { passwordStdin: switchFlag('Read the password from standard input') } as const
