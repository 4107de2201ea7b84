// What the sidecar answers: in the form of the authority, from what the guard says.
import type { AskedAccess } from '@hallpass/client'
import { parseAction, formatAction, actions } from '@hallpass/macaroon'
import { formatTokens } from '@hallpass/macaroon/internal'
import { caveatsToJSON } from '@hallpass/macaroon/json'

import type { RefusalCode, Verdict, Verification, VerifiedToken } from '../verdict.ts'

/** An answer of HTTP. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly body: string
}

type Code = RefusalCode | 'invalid_request' | 'not_served' | 'too_large'

/** The error as every answer of the authority has it. */
export function refuseWith(status: number, code: Code, message: string): Answer {
  // superfly/macaroon's client knows a token that is not enough by this word.
  const error = code === 'forbidden' ? 'unauthorized' : message
  return {
    status,
    headers: {
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="hallpass"' } : {}),
      ...(status === 503 ? { 'retry-after': '1' } : {}),
    },
    body: JSON.stringify({ error, code, message }),
  }
}

/** Of `POST /v1/tokens/authenticate`. */
export function answerTokens(verification: Verification): Answer {
  if (!verification.allowed) return refuseWith(verification.status, verification.code, verification.message)
  return { status: 200, body: `[${verification.tokens.map(writeToken).join()}]` }
}

/** Of `POST /v1/tokens/authorize`. */
export function answerVerdict(verdict: Verdict, asked: AskedAccess): Answer {
  if (!verdict.allowed) {
    const { status, code, message } = verdict
    return refuseWith(code === 'not_found' ? 404 : status, code, message)
  }
  const access = {
    action: formatAction(parseAction(asked.action ?? '') & actions.all),
    orgid: verdict.organization.id,
    appid: verdict.app,
    feature: asked.org_feature,
    app_feature: asked.app_feature,
    volume: asked.volume_id,
    machine: asked.machine_id,
    machine_feature: asked.machine_feature,
    command: asked.command,
    mutation: asked.mutation,
    sourceMachine: asked.source_machine,
    sourceAddress: asked.source_address,
    storage_object: asked.storage_object,
  }
  return { status: 200, body: `{"access":${JSON.stringify(access)},"verified_token":${writeToken(verdict.token)}}` }
}

/** Of `GET /authorize`. A proxy sets the headers in the place of what the client sent under their names, so all are always there. */
export function answerProxy(verdict: Verdict, { app_name: app, action = '' }: AskedAccess): Answer {
  // A proxy knows 401 and 403, and takes every other status for a failure.
  if (!verdict.allowed) {
    const { status, code, message } = verdict
    return refuseWith(status, code === 'not_found' ? 'forbidden' : code, message)
  }
  const { token, organization } = verdict
  return {
    status: 200,
    headers: {
      'hallpass-token': token.id,
      'hallpass-organization': organization.slug,
      'hallpass-app': app ?? '',
      'hallpass-assertion': '',
    },
    body: JSON.stringify({
      token: token.id,
      organization: organization.slug,
      app: app ?? null,
      action: formatAction(parseAction(action) & actions.all),
    }),
  }
}

/** Numbers of caveats keep all their digits. */
function writeToken({ verified, caveats }: VerifiedToken): string {
  const text = formatTokens([verified.macaroon.bytes]).slice('fm2_'.length)
  return `{"permission_token":${JSON.stringify(text)},"caveats":${caveatsToJSON(caveats)}}`
}
