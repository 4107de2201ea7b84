// `hallpass tokens explain --access`: whether a token allows one access, and which caveat forbids it.
import { clearCaveats, MacaroonError, tokenId, type Access, type Caveat } from '@hallpass/macaroon'
import { validateAccess } from '@hallpass/macaroon/internal'

import { readAccess } from '../../access-json.ts'
import type { Context } from '../../context.ts'
import { missingDischarges, type Subject } from '../../effective-caveats.ts'
import { CommandError, exitCodes } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { findApp, findAskers, findOrganisationNumber, type Askers } from '../../look-up.ts'
import { writeJson, writeLine } from '../../output.ts'

interface AccessFlags extends GlobalFlags, JsonFlag {
  readonly access: string
  readonly offline?: boolean | undefined
}

interface Judgement {
  readonly tokenId: string
  /** Why not; empty where it is allowed. */
  readonly reasons: readonly { readonly caveat: Caveat | undefined; readonly reason: string }[]
}

/** Judges the caveats alone, not whether the token is genuine and not revoked. Exits with 1 if they forbid the access. */
export async function explainAccess(
  context: Context,
  flags: AccessFlags,
  token: string,
  subjects: readonly Subject[],
): Promise<void> {
  if (subjects.length === 0) throw new CommandError('failed', 'an auth token has no caveats to hold an access against')
  const access = await resolve(context, flags, token)
  const problem = validateAccess(access)
  if (problem !== undefined) throw new CommandError('misused', `the value of --access makes no sense: ${problem}`)

  const judgements = subjects.map((subject) => judge(subject, access))
  const isAllowed = judgements.some(({ reasons }) => reasons.length === 0)
  if (flags.json === true) writeJson(context, toJson(judgements, isAllowed))
  else for (const line of describe(judgements)) writeLine(context, line)
  if (!isAllowed) context.process.exitCode = exitCodes.failed
}

/** Only names need the authority; an app that is found gives its organisation too. */
async function resolve(context: Context, flags: AccessFlags, token: string): Promise<Access> {
  const { access, app, organisation } = readAccess(flags.access)
  let found: Promise<Askers> | undefined
  const askers = () => {
    if (flags.offline !== true) return (found ??= findAskers(context, flags, token))
    throw new CommandError('misused', 'names take the authority to look up: with --offline, give numbers')
  }
  const foundApp = app === undefined ? undefined : await findApp(askers, app)
  const number = organisation === undefined ? undefined : await findOrganisationNumber(askers, organisation)
  return {
    ...access,
    now: context.now().getTime() / 1000,
    orgId: number ?? foundApp?.organisation,
    appId: foundApp?.number,
  }
}

function judge(subject: Subject, access: Access): Judgement {
  const id = tokenId(subject.macaroon.nonce)
  const missing = missingDischarges(subject)
  const needs = missing.map((location) => ({ caveat: undefined, reason: `it needs a discharge from ${location}` }))
  const caveats = subject.caveats.filter(({ type }) => type !== '3P' && type !== 'BindToParentToken')
  try {
    const clearance = clearCaveats(caveats, [access])
    return { tokenId: id, reasons: clearance.allowed ? needs : [...needs, ...clearance.denials] }
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    return { tokenId: id, reasons: [...needs, { caveat: undefined, reason: error.message }] }
  }
}

function describe(judgements: readonly Judgement[]): string[] {
  const allowing = judgements.find(({ reasons }) => reasons.length === 0)
  if (allowing !== undefined) return [`Allowed by token ${allowing.tokenId}`]
  return judgements.flatMap(({ tokenId: id, reasons }) => [
    `Not allowed by token ${id}`,
    ...reasons.map(({ reason }) => `  ${reason}`),
  ])
}

function toJson(judgements: readonly Judgement[], isAllowed: boolean): unknown {
  return {
    allowed: isAllowed,
    tokens: judgements.map(({ tokenId: id, reasons }) => ({
      token_id: id,
      allowed: reasons.length === 0,
      denials: reasons.map(({ caveat, reason }) => ({ caveat: caveat?.type ?? null, reason })),
    })),
  }
}
