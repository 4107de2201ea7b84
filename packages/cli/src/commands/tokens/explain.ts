// `hallpass tokens explain`: what a token can do, in sentences.
import { ConnectionError } from '@hallpass/client'
import { derivedTokenId, permissionLocation, formatAction, getCaveats, tokenId } from '@hallpass/macaroon'
import { explain, type Explanation, type Names, type Scope } from '@hallpass/macaroon/explain'

import { adviseBy } from '../../command-name.ts'
import type { Context } from '../../context.ts'
import { subjectsOf, type Subject } from '../../effective-caveats.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { readHeldToken, splitToken, type HeldTokens } from '../../held-token.ts'
import { findAskers, findNames } from '../../look-up.ts'
import { writeJsonText, writeLine } from '../../output.ts'
import { askVerdict, notAsked, type Verdict } from '../../verdict.ts'

interface ExplainFlags extends GlobalFlags, JsonFlag {
  readonly offline?: boolean | undefined
  readonly access?: string | undefined
}

interface Explained extends Explanation {
  readonly subject: Subject
  readonly verdict: Verdict
}

/** Explains every permission token; the authority supplies what is unknown offline, if it answers. */
export async function explainToken(context: Context, flags: ExplainFlags, ...words: readonly string[]): Promise<void> {
  const token = await readHeldToken(context, flags, words)
  const held = splitToken(token)
  const now = Math.floor(context.now().getTime() / 1000)
  const subjects = subjectsOf(held, now)
  if (flags.access !== undefined) {
    const { explainAccess } = await import('./explain-access.ts')
    await explainAccess(context, { ...flags, access: flags.access }, token, subjects)
    return
  }
  const { server, verdicts, names } =
    flags.offline === true ? offline(subjects) : await askAuthority(context, flags, token, subjects)
  const explained = subjects.map((subject, index) => ({
    ...explain(subject.caveats, { now, names }),
    subject,
    verdict: verdicts[index] ?? notAsked,
  }))
  if (flags.json === true) writeJsonText(context, formatJson(explained, held, server))
  else writeLines(context, explained, held)
}

interface Answers {
  readonly server: string | undefined
  readonly verdicts: readonly Verdict[]
  readonly names: Names
}

function offline(subjects: readonly Subject[]): Answers {
  return { server: undefined, verdicts: subjects.map(() => notAsked), names: {} }
}

async function askAuthority(
  context: Context,
  flags: ExplainFlags,
  token: string,
  subjects: readonly Subject[],
): Promise<Answers> {
  const { server, mayShow, clients } = await findAskers(context, flags, token)
  const verdicts: Verdict[] = []
  for (const subject of mayShow ? subjects : []) {
    const isGone = verdicts.at(-1)?.state === 'unreachable'
    verdicts.push(isGone ? (verdicts.at(-1) ?? notAsked) : await askVerdict(context, server, subject))
  }
  if (verdicts.at(-1)?.state === 'unreachable') return { server, verdicts, names: {} }
  const caveats = subjects.flatMap((subject) => subject.caveats)
  const apps = getCaveats(caveats, 'Apps').flatMap((caveat) => [...(caveat.apps?.keys() ?? [])])
  const wanted = {
    organizations: new Set(getCaveats(caveats, 'Organization').map(({ id }) => id)),
    apps: new Set(apps),
  }
  for (const set of [wanted.organizations, wanted.apps]) set.delete(0n)
  try {
    return { server, verdicts, names: await findNames(clients, wanted) }
  } catch (error) {
    if (error instanceof ConnectionError) return { server, verdicts, names: {} }
    throw error
  }
}

function writeLines(context: Context, explained: readonly Explained[], held: HeldTokens): void {
  for (const { subject, sentences, verdict } of explained) {
    const { nonce, location } = subject.macaroon
    writeLine(context, `Token ${tokenId(nonce)}${location === permissionLocation ? '' : ` of ${location}`}`)
    for (const sentence of [...sentences, verdict.message, ...revokeAlone(context, subject)])
      writeLine(context, `  ${sentence}`)
    if (verdict.state === 'undischarged') {
      const advice = '  `hallpass tokens 3p fetch` asks the third parties for what is missing.'
      writeLine(context, adviseBy(context.environment, advice))
    }
  }
  for (const { nonce, location } of strayDischarges(explained, held)) {
    writeLine(context, `Token ${tokenId(nonce)} of ${location}`)
    writeLine(context, '  A discharge that nothing here asks for: it allows nothing by itself.')
  }
  if (held.authTokens.length > 0) {
    writeLine(context, 'Auth token')
    writeLine(context, '  It can do whatever its owner can, in every organization; it says nothing about itself.')
  }
}

/** Whether somebody has narrowed it, only its authority knows. */
function revokeAlone({ environment }: Context, { macaroon }: Subject): readonly string[] {
  if (macaroon.location !== permissionLocation) return []
  const command = `\`hallpass tokens revoke --derived ${derivedTokenId(macaroon)}\``
  return [adviseBy(environment, `If it was narrowed after it was minted, ${command} revokes it alone.`)]
}

function strayDischarges(explained: readonly Explained[], held: HeldTokens) {
  if (held.permissions.length === 0) return []
  const used = new Set(explained.flatMap(({ subject }) => subject.discharges))
  return held.discharges.filter((discharge) => !used.has(discharge))
}

function formatJson(explained: readonly Explained[], held: HeldTokens, server: string | undefined): string {
  const tokens = explained.map(({ subject, sentences, nothing, scopes, begins, ends, needs, caveats, verdict }) => ({
    token_id: tokenId(subject.macaroon.nonce),
    derived_id: subject.macaroon.location === permissionLocation ? derivedTokenId(subject.macaroon) : null,
    location: subject.macaroon.location,
    sentences,
    allows_nothing: nothing ?? null,
    scopes: scopes?.map(spellActions) ?? null,
    not_before: begins === undefined || begins <= 0n ? null : begins,
    not_after: ends ?? null,
    needs,
    authority: { url: server ?? null, state: verdict.state, message: verdict.message },
    caveats,
  }))
  const stray = strayDischarges(explained, held)
  const others = stray.map(({ nonce, location }) => ({ token_id: tokenId(nonce), location }))
  const value = { tokens, unused_discharges: others, auth_tokens: held.authTokens.length }
  return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? exactly(field) : field), 2)
}

/** `rC` instead of a mask. */
function spellActions(scope: Scope): unknown {
  return { ...scope, abilities: scope.abilities.map(({ on, actions }) => ({ on, actions: formatAction(actions) })) }
}

/** A number of 64 bits as it is; TypeScript does not know this part of JSON yet. */
function exactly(number: bigint): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(number))
}
