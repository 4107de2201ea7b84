// The flags of settings, as the list has them.
import { switchFlag, textFlag } from './flags.ts'
import { listSettings, settings, variableOf, type SettingName } from './settings.ts'

type FlagName = {
  [Name in SettingName]: (typeof settings)[Name] extends { readonly takes: string } ? Name : never
}[SettingName]

export type SettingFlags = { readonly [Name in FlagName]?: string | undefined }

/** Those that take text. */
export const settingFlags = Object.fromEntries(
  listSettings().flatMap(({ name, what, takes, usual }) => {
    const byDefault = usual === undefined ? '' : ` (default ${usual})`
    return takes === undefined ? [] : [[name, textFlag(`${what}, or ${variableOf(name)}${byDefault}`, takes)]]
  }),
) as { readonly [Name in FlagName]: ReturnType<typeof textFlag> }

export const requirePkceFlag = switchFlag(`${settings.requirePkce.what}, or ${variableOf('requirePkce')}=1`)

/** The flags that choose an installation. */
export type InstallationFlags = Pick<SettingFlags, 'data' | 'databaseUrl'>
export const installationFlags = { data: settingFlags.data, databaseUrl: settingFlags.databaseUrl } as const
