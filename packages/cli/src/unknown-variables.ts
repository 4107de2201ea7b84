// Variables that begin with HALLPASS_ and that nothing reads: most are misspelled, and what was meant has no effect.
import type { Environment } from './environment.ts'
import { listSettings, variableOf } from './settings.ts'

const settings = listSettings().map(({ name, isSecret }) => ({ variable: variableOf(name), isSecret }))

const known: ReadonlySet<string> = new Set([
  ...settings.flatMap(({ variable, isSecret }) => (isSecret === true ? [variable, `${variable}_FILE`] : [variable])),
  ...[
    'API_TOKEN',
    'API_URL',
    'CONFIG_DIR',
    'DEBUG',
    'DOMAIN',
    'FLYCTL',
    'FLYCTL_RECORD',
    'NODE_RETRIED',
    'REQUIRE_ALL',
  ].map((name) => `HALLPASS_${name}`),
])

// Kubernetes and Docker set these for a service or a container that is called hallpass.
const ofPlatforms = /^HALLPASS_(?:SERVICE_|PORT|ENV_|NAME$)/

/** A sentence for each, with the name that is probably meant. */
export function describeUnknownVariables(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('HALLPASS_') && !known.has(name) && !ofPlatforms.test(name))
    .map((name) => `Note: ${name} is not known and has no effect${advise(name)}`)
}

function advise(name: string): string {
  const bare = name.replace(/_FILE$/, '')
  if (known.has(bare)) return `: only secrets may be in files. Set ${bare} itself`
  const [nearest] = [...known].toSorted((one, other) => distanceOf(name, one) - distanceOf(name, other))
  return nearest !== undefined && distanceOf(name, nearest) <= mostEdits ? `: did you mean ${nearest}?` : ''
}

const mostEdits = 4

/** How many letters must be added, removed or changed (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let at = 0; at < one.length; at += 1) {
    const next = [at + 1]
    for (let index = 0; index < other.length; index += 1) {
      const changed = (row[index] ?? 0) + (one[at] === other[index] ? 0 : 1)
      next.push(Math.min(changed, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
