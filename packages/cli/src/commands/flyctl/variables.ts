// The variables that keep flyctl at one authority: each replaces an address that flyctl would use by itself.
import { join } from 'node:path'

interface Variable {
  readonly name: string
  readonly value: (authority: URL) => string
  /** Whether the value is a path in the home directory. */
  readonly underHome?: true
}

/**
 * An address where nothing can listen: the broadcast address of the loopback network. Traces hold the login and go
 * unencrypted to a port where many machines have a collector. Go uses no proxy for it.
 */
const nowhere = '127.255.255.255'

const base = ({ origin }: URL) => origin

const variables: readonly Variable[] = [
  // Organizations, apps, tokens, logging in.
  { name: 'FLY_API_BASE_URL', value: base },
  // The Machines API.
  { name: 'FLY_FLAPS_BASE_URL', value: base },
  // Look-ups of newer releases.
  { name: 'FLY_UIEX_BASE_URL', value: base },
  // Where `auth docker` logs in.
  { name: 'FLY_REGISTRY_HOST', value: ({ host }) => host },
  // Traces of `deploy` and `launch`, with the login.
  { name: 'FLY_TRACE_COLLECTOR_URL', value: () => nowhere },
  // The scanner of images.
  { name: 'FLY_SCANTRON', value: base },
  // Metrics.
  { name: 'FLY_METRICS_BASE_URL', value: base },
  { name: 'FLY_SEND_METRICS', value: () => '0' },
  // Versions of flyctl before late 2025 send them all the same, and ask for a token if there is none.
  { name: 'FLY_METRICS_TOKEN', value: () => 'none' },
  // Probes.
  { name: 'FLY_SYNTHETICS_BASE_URL', value: base },
  { name: 'FLY_SYNTHETICS_AGENT', value: () => '0' },
  // flyctl fails on anything but JSON here, and reads this as no incidents. Incidents.
  { name: 'FLY_STATUSPAGE_UNRESOLVED_INCIDENTS_URL', value: ({ origin }) => `${origin}/healthz` },
  { name: 'FLY_INCIDENTS_CHECK', value: () => '0' },
  { name: 'FLY_NO_INCIDENTS_CHECK', value: () => '1' },
  // Look-ups of newer versions.
  { name: 'FLY_UPDATE_CHECK', value: () => '0' },
  { name: 'FLY_NO_UPDATE_CHECK', value: () => '1' },
  {
    name: 'FLY_CONFIG_DIR',
    // Each authority has its own directory, so that a login is sent only where it was made.
    value: ({ host }) => `.hallpass-fly/${host.replaceAll(/[^\w.-]/g, '_')}`,
    underHome: true,
  },
]

/** Variables that hold a token for the authority that the environment names, and for no other. */
export const tokenVariables = ['FLY_ACCESS_TOKEN', 'FLY_API_TOKEN'] as const

interface Quoting {
  readonly set: (name: string, quoted: string) => string
  /** As it is, whatever it holds. */
  readonly quote: (text: string) => string
}

const quotings = {
  bash: {
    set: (name, quoted) => `export ${name}=${quoted}`,
    quote: (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`,
  },
  fish: {
    set: (name, quoted) => `set -gx ${name} ${quoted}`,
    quote: (text) => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`,
  },
  powershell: {
    set: (name, quoted) => `$env:${name} = ${quoted}`,
    quote: (text) => `'${text.replaceAll("'", "''")}'`,
  },
} as const satisfies Readonly<Record<string, Quoting>>

export type Shell = keyof typeof quotings
export const shells: readonly Shell[] = ['bash', 'fish', 'powershell']

/** The lines that set the variables in a shell; without comments, which zsh runs where they are pasted. */
export function formatVariables(shell: Shell, server: string): string {
  const { set, quote } = quotings[shell]
  const lines = list(server).map(({ name, value, underHome }) =>
    // All of these shells know the home directory by this name, and it is looked up in double quotes.
    set(name, underHome === true ? `"$HOME/${value}"` : quote(value)),
  )
  return lines.join('\n')
}

/** The same for a process. */
export function listVariables(server: string, home: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    list(server).map(({ name, value, underHome }) => [name, underHome === true ? join(home, value) : value]),
  )
}

function list(server: string) {
  const authority = new URL(server)
  return variables.map((variable) => ({ ...variable, value: variable.value(authority) }))
}
