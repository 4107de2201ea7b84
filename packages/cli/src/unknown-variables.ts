// Variables that begin with HALLPASS_ and that nothing reads: most are misspelled, and have no effect.
import { holdsWholeSecret } from '@hallpass/client/secret-text'

import { clientVariables } from './client-variables.ts'
import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'
import { enoughAlike, likeness } from './likeness.ts'
import { listSettings, variableOf } from './settings.ts'

/** HALLPASS with typing errors: letters swapped, doubled or missing. */
const ownPrefix = /^h[al]{2,4}[_-]?p[as]{2,3}s?[_-]?/i

const settings = listSettings().map(({ name, isSecret }) => ({ variable: variableOf(name), isSecret }))

const known: readonly string[] = [
  ...settings.flatMap(({ variable, isSecret }) => (isSecret === true ? [variable, `${variable}_FILE`] : [variable])),
  ...clientVariables.flatMap(([name]) => (ownPrefix.test(name) ? [name] : [])),
  ...['DOMAIN', 'FLYCTL_RECORD', 'NODE_RETRIED', 'REQUIRE_ALL'].map((name) => `HALLPASS_${name}`),
]

// Kubernetes and Docker set these for a service or a container that is called hallpass, or begins with it.
const ofPlatforms =
  /^HALLPASS_(?:NAME$|ENV_|(?:[A-Z\d_]+_)?(?:SERVICE_(?:HOST|PORT)|PORT$|PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)))/

/** A sentence for each, with the name that is probably meant. */
export function describeUnknownVariables(environment: Environment): string[] {
  return listUnknown(environment).map((name) => `Note: ${name} is not known and has no effect${advise(name)}`)
}

/**
 * Refuses those that seem to name a credential or a server: otherwise a login would be used by mistake.
 * @param flags the flags that are given, for which the variables do not matter
 * @throws CommandError `misused` naming the variable, and the one that may be meant
 */
export function expectKnownVariables(
  environment: Environment,
  flags: { readonly accessToken?: string | undefined; readonly apiUrl?: string | undefined },
): void {
  for (const name of listUnknown(environment)) {
    const value = environment[name] ?? ''
    const kind = kinds.find(({ names, isLike }) => names.test(bareName(name)) || isLike(value))
    if (kind === undefined || flags[kind.flag] !== undefined) continue
    const advice = advise(name) || `: did you mean ${kind.meant}?`
    throw new CommandError('misused', `${name} is not known and has no effect${advice} Rename it, or unset it`)
  }
}

const kinds = [
  {
    flag: 'accessToken',
    meant: 'HALLPASS_API_TOKEN',
    names: /TOKE?N|KEY|SECRET|PASS|AUTH|CRED|LOGIN|BEARER|JWT|PAT$|SESSION/,
    isLike: holdsWholeSecret,
  },
  {
    flag: 'apiUrl',
    meant: 'HALLPASS_API_URL',
    names: /API|UR[IL]|HOST|ADDR|SERVER|ENDPOINT|BASE|ORIGIN|REMOTE/,
    isLike: (value: string) => /^https?:/i.test(value),
  },
  // It decides whose login is used.
  { flag: 'accessToken', meant: 'HALLPASS_CONFIG_DIR', names: /CONF|HOME|DIR|PROFILE/, isLike: () => false },
] as const

function listUnknown(environment: Environment): string[] {
  // On Windows their case does not matter.
  const asRead = (name: string) => (process.platform === 'win32' ? name.toUpperCase() : name)
  return Object.keys(environment).filter(
    (name) => ownPrefix.test(name) && !known.includes(asRead(name)) && !ofPlatforms.test(asRead(name)),
  )
}

function advise(name: string): string {
  const bare = name.replace(/_FILE$/, '')
  if (known.includes(bare)) return `: only secrets may be in files. Set ${bare} itself.`
  const likenessTo = (other: string) => likeness(bareName(name), bareName(other))
  const nearest = known.toSorted((one, other) => likenessTo(other) - likenessTo(one))[0] ?? ''
  return likenessTo(nearest) >= enoughAlike ? `: did you mean ${nearest}?` : ''
}

function bareName(name: string): string {
  return name.replace(ownPrefix, '').toUpperCase()
}
