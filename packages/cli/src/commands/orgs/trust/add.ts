// `hallpass orgs trust add`: lets jobs of a CI service exchange their identity tokens.
import { actions, MacaroonError, type Caveat } from '@hallpass/macaroon'
import { caveatsFromJSON, caveatsToJSON } from '@hallpass/macaroon/json'
import type { CaveatJson } from '@hallpass/client'

import { connect } from '../../../connect.ts'
import type { Context } from '../../../context.ts'
import { CommandError } from '../../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../../flags.ts'
import { readText } from '../../../held-token.ts'
import { readDuration } from '../../../mint.ts'
import { tell, writeLine, wroteJson } from '../../../output.ts'
import { describeClaims, describeTokens } from './list.ts'

interface AddFlags extends GlobalFlags, JsonFlag {
  readonly issuer?: string | undefined
  readonly claim?: readonly string[] | undefined
  readonly audience?: string | undefined
  readonly app?: string | undefined
  readonly readOnly?: boolean | undefined
  readonly file?: string | undefined
  readonly lifetime: string
}

const issuers: ReadonlyMap<string, string> = new Map([
  ['github', 'https://token.actions.githubusercontent.com'],
  ['gitlab', 'https://gitlab.com'],
  ['buildkite', 'https://agent.buildkite.com'],
])

/** Adds the policy, prints it, and says on stderr what a job sends. */
export async function addTrustPolicy(context: Context, flags: AddFlags, slug: string, name: string): Promise<void> {
  const { issuer, audience, app, lifetime } = flags
  if (issuer === undefined) {
    throw new CommandError(
      'misused',
      'no issuer is given: say whose identity tokens with --issuer github, gitlab, buildkite or URL',
    )
  }
  const claims = readClaims(flags.claim ?? [])
  readDuration(lifetime, '--lifetime')
  const caveats = await readCaveats(context, flags)
  const client = await connect(context, flags)
  const policy = await client.addTrustPolicy({
    org_slug: slug,
    name,
    issuer: issuers.get(issuer) ?? issuer,
    claims,
    lifetime,
    caveats,
    ...(audience === undefined ? {} : { audience }),
    ...(app === undefined ? {} : { app }),
  })
  if (policy.issuer_problem !== null) tell(context, `Warning: ${policy.issuer_problem}`)
  if (wroteJson(context, flags, policy)) return
  writeLine(context, `Id: ${policy.id}`)
  writeLine(context, `Issuer: ${policy.issuer}`)
  writeLine(context, `Audience: ${policy.audience}`)
  for (const claim of describeClaims(policy)) writeLine(context, `Claim: ${claim}`)
  writeLine(context, `Gives: ${describeTokens(policy)}`)
  tell(context, `Jobs ask their CI service for an identity token with that audience, and post it to /oauth/token`)
  tell(context, `with audience=${slug}: docs/ci.md has a step for GitHub Actions and one for GitLab.`)
}

/** `repository_id=1`, several values of a claim in several flags. */
function readClaims(texts: readonly string[]): Record<string, string[]> {
  if (texts.length === 0) {
    throw new CommandError('misused', 'no claim is given: say which jobs with --claim, as --claim repository_id=123456')
  }
  const claims = new Map<string, string[]>()
  for (const text of texts) {
    const at = text.indexOf('=')
    const [claim, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
    if (claim === '' || value === '') throw new CommandError('misused', 'a value of --claim is not NAME=VALUE')
    claims.set(claim, [...(claims.get(claim) ?? []), value])
  }
  return Object.fromEntries(claims)
}

async function readCaveats(context: Context, { readOnly, file }: AddFlags): Promise<CaveatJson[]> {
  const reading: readonly Caveat[] = readOnly === true ? [{ type: 'Action', mask: actions.read }] : []
  try {
    const given = file === undefined ? [] : caveatsFromJSON(await readText(context, file))
    return JSON.parse(caveatsToJSON([...reading, ...given])) as CaveatJson[]
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    throw new CommandError('misused', `the caveats of --file are not as they should be: ${error.message}`)
  }
}
