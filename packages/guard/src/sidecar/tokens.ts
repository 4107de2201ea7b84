// `POST /v1/tokens/authenticate` and `…/authorize`, in the terms of superfly/macaroon's client.
import type { IncomingMessage } from 'node:http'

import { actions, formatAction, parseAction } from '@hallpass/macaroon'
import { caveatsToJSON } from '@hallpass/macaroon/json'

import type { Guard } from '../guard.ts'
import { isText } from '../outside.ts'
import type { VerifiedToken } from '../verdict.ts'
import type { Answer } from './answer.ts'
import { readAccess } from './read-access.ts'
import { readBody } from './read-body.ts'
import { invalid, refusedBy } from './refused.ts'

/** As the contract bounds it, in characters. */
const longestHeader = 65_536

/** Which tokens of a header are good. @throws Refused */
export async function authenticate(guard: Guard, request: IncomingMessage): Promise<Answer> {
  const { header } = await readBody(request, ['header'])
  const verification = await guard.verify(readHeaderField(header))
  if (!verification.allowed) throw refusedBy(verification)
  return { status: 200, text: `[${verification.tokens.map(writeToken).join()}]` }
}

/** Whether a token of a header allows an access, and which one does. @throws Refused */
export async function authorize(guard: Guard, request: IncomingMessage): Promise<Answer> {
  const body = await readBody(request, ['header', 'access'])
  const header = readHeaderField(body['header'])
  const asked = readAccess(body['access'])
  const verdict = await guard.allow(header, asked, { from: asked.source_address })
  if (!verdict.allowed) throw refusedBy(verdict)
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
  return { status: 200, text: `{"access":${JSON.stringify(access)},"verified_token":${writeToken(verdict.token)}}` }
}

function readHeaderField(header: unknown): string {
  if (!isText(header)) throw invalid('header is missing, or no text')
  if (header.length > longestHeader) throw invalid(`header is too long: at most ${longestHeader} characters`)
  return header
}

/** As text, because the numbers of caveats have more digits than those of JavaScript. */
function writeToken({ verified, caveats }: VerifiedToken): string {
  const bytes = Buffer.from(verified.macaroon.bytes).toString('base64')
  return `{"permission_token":"${bytes}","caveats":${caveatsToJSON(caveats)}}`
}
