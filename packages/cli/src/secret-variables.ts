// The variables that carry a secret, each of which may name a file instead: `HALLPASS_ROOT_KEY_FILE`.
import type { Environment } from './environment.ts'
import { listSettings, variableOf } from './settings.ts'

const names = listSettings().flatMap(({ name, isSecret }) => (isSecret === true ? [variableOf(name)] : []))

/** The text, in which a variable that was given as a file is called by the name that a person set. */
export function nameFiles(environment: Environment, text: string): string {
  return text.replace(new RegExp(String.raw`\b(?:${names.join('|')})\b`, 'g'), (name) =>
    isGiven(environment, name) || !isGiven(environment, `${name}_FILE`) ? name : `${name}_FILE`,
  )
}

function isGiven(environment: Environment, name: string): boolean {
  return (environment[name] ?? '').trim() !== ''
}
