// `hallpass tokens attenuate`: narrows a token, without asking anyone.
import { permissionLocation, attenuate, MacaroonError, type Caveat, type Macaroon } from '@hallpass/macaroon'
import { explain } from '@hallpass/macaroon/explain'
import { caveatsFromJSON } from '@hallpass/macaroon/json'
import { caveatsOfWords } from '@hallpass/macaroon/narrow'

import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { dropEnded, readHeldToken, readText, splitPermissions } from '../../held-token.ts'
import { findApp, findAskers, findOrganisationNumber, type Askers } from '../../look-up.ts'
import { joinTokens } from '../../narrow.ts'
import { readNetworks } from '../../network-flag.ts'
import {
  narrows,
  readActions,
  readCommands,
  readEnd,
  readFeatures,
  readItems,
  readLabel,
  type NarrowingFlags,
} from '../../narrowing-flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'

interface AttenuateFlags extends GlobalFlags, JsonFlag, NarrowingFlags {
  readonly file?: string | undefined
  readonly location?: string | undefined
}

/** Adds the caveats to every permission token, and prints the whole credential: discharges that hold stay behind, in their order. */
export async function attenuateToken(
  context: Context,
  flags: AttenuateFlags,
  ...words: readonly string[]
): Promise<void> {
  const file = flags.file ?? (narrows(flags) ? undefined : '-')
  if (file === '-' && words.join(' ') === '-') {
    throw new CommandError('misused', 'standard input cannot be both the token and the caveats')
  }
  if (flags.file === undefined && file === '-' && context.stdin.isTTY) throw nothingSaid()
  const token = await readHeldToken(context, flags, words)
  const held = splitPermissions(token, flags.location ?? permissionLocation)
  const caveats = [
    ...(file === undefined ? [] : await readCaveats(context, file)),
    ...(await readWords(context, flags, token)),
  ]
  const narrowed = held.permissions.map((permission) => attenuate(permission, caveats))
  if (held.authTokens.length > 0) tell(context, 'The auth token beside it is left out: nobody can narrow that.')
  warnOfNothing(context, narrowed)
  const text = joinTokens(narrowed, dropEnded(held.discharges, context.now()))
  if (flags.json === true) writeJson(context, { token: text })
  else writeLine(context, text)
}

async function readCaveats(context: Context, file: string): Promise<readonly Caveat[]> {
  const text = await readText(context, file)
  if (file === '-' && text.trim() === '') throw nothingSaid()
  try {
    return caveatsFromJSON(text)
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    const source = file === '-' ? 'on standard input' : `in ${file}`
    throw new CommandError('failed', `the caveats ${source} are not as they should be: ${error.message}`)
  }
}

function nothingSaid(): CommandError {
  return new CommandError('misused', 'nothing says what to narrow to: use --read-only, --app, --for, … or --file')
}

/** Only names need the authority. */
async function readWords(context: Context, flags: AttenuateFlags, token: string): Promise<readonly Caveat[]> {
  const read = {
    machines: readItems('machine', flags.machine),
    volumes: readItems('volume', flags.volume),
    features: readFeatures(flags),
    commands: readCommands(flags),
    mutations: readItems('mutation', flags.mutation),
    actions: readActions(flags),
    networks: readNetworks(flags.from),
    notAfter: readEnd(flags, context.now()),
    label: readLabel(flags),
  }
  let found: Promise<Askers> | undefined
  const askers = () => (found ??= findAskers(context, flags, token))
  const names = readItems('app', flags.app)
  const apps: bigint[] = []
  for (const value of names ?? []) context.givenBy.set('app_name', { by: '--app', value })
  for (const name of names ?? []) apps.push((await findApp(askers, name)).number)
  const organisation = flags.org === undefined ? undefined : await findOrganisationNumber(askers, flags.org)
  try {
    return caveatsOfWords({ ...read, organisation, apps: names === undefined ? undefined : apps })
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    throw new CommandError('misused', error.message)
  }
}

function warnOfNothing(context: Context, narrowed: readonly Macaroon[]): void {
  const now = Math.floor(context.now().getTime() / 1000)
  const reasons = narrowed.map(({ unsafeCaveats }) => explain(unsafeCaveats, { now }).nothing)
  const [first] = reasons
  if (first !== undefined && !reasons.includes(undefined)) tell(context, `Warning: it allows nothing now: ${first}`)
}
