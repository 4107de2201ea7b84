// `/authorize`: a proxy asks whether a request that it holds may pass, as it asks the authority.
import type { IncomingMessage } from 'node:http'
import { parse } from 'node:querystring'

import { expiryHeader, type AskedAccess } from '@hallpass/client'
import { actions, formatAction, parseAction } from '@hallpass/macaroon'

import {
  expectNoDisguise,
  findAccess,
  findClient,
  ForwardedError,
  readForwarded,
  type ClientAddress,
  type OwnLine,
  type Rule,
  type Trusts,
} from '../forwarded/index.ts'
import type { Guard } from '../guard.ts'
import type { VerifiedToken } from '../verdict.ts'
import type { Answer } from './answer.ts'
import { readAccess } from './read-access.ts'
import { invalid, Refused, refusedBy } from './refused.ts'

const authorizePath = '/authorize'

/** As the authority bounds it. */
const mostFields = 32
/** Milliseconds before its end for which a token is said to end soon. */
const week = 7 * 86_400_000

export interface ForwardAuth {
  readonly guard: Guard
  /** Undefined where the query of the question says which access is asked for. */
  readonly rules: readonly Rule[] | undefined
  readonly trusts: Trusts | undefined
}

/** Whether this is a question of a proxy. */
export function isForwardAuth({ rules }: ForwardAuth, method: string, path: string): boolean {
  if (path === authorizePath) return method === 'GET' || method === 'HEAD'
  return rules !== undefined && path.startsWith(`${authorizePath}/`)
}

/**
 * What the authority answers, but for its assertion, which it alone can sign.
 * @throws Refused
 */
export async function answerProxy(
  { guard, rules, trusts }: ForwardAuth,
  request: IncomingMessage,
  url: string,
): Promise<Answer> {
  const client = findClient(
    request.socket.remoteAddress ?? '',
    String(request.headers['x-forwarded-for'] ?? ''),
    trusts,
  )
  const { authorization } = request.headers
  const asker = { from: client.isReported ? client.address : undefined }
  let asked: AskedAccess
  try {
    asked = readAsked(rules, { request, url, client, trusts })
  } catch (error) {
    // Who has no token that is good learns nothing of the rules.
    const verification = await guard.verify(authorization, asker)
    if (!verification.allowed && verification.status === 401) throw refusedBy(verification)
    throw error
  }
  const verdict = await guard.allow(authorization, asked, asker)
  if (!verdict.allowed) {
    // A proxy knows 401 and 403, and takes every other status for a failure of ours.
    if (verdict.code === 'not_found') throw new Refused(403, 'forbidden', verdict.message)
    throw refusedBy(verdict)
  }
  const { token, organization, app } = verdict
  const action = formatAction(parseAction(asked.action ?? '') & actions.all)
  const name = app === undefined ? null : (asked.app_name ?? null)
  return {
    status: 200,
    // A proxy sets these in the place of what the client sent under their names, so all of them are always there.
    headers: {
      'hallpass-token': token.id,
      'hallpass-organization': organization.slug,
      'hallpass-app': name ?? '',
      'hallpass-assertion': '',
      ...tellEnd(token),
    },
    text: JSON.stringify({ token: token.id, organization: organization.slug, app: name, action }),
  }
}

interface Held extends Pick<ForwardAuth, 'trusts'> {
  readonly request: IncomingMessage
  readonly url: string
  readonly client: ClientAddress
}

/** The access that is asked for. @throws Refused */
function readAsked(rules: readonly Rule[] | undefined, held: Held): AskedAccess {
  try {
    return rules === undefined ? readQuery(held) : readByRules(rules, held)
  } catch (error) {
    if (!(error instanceof ForwardedError)) throw error
    // If it does not say what it holds, the proxy does not ask as it should, which its operator must see.
    throw error.reason === 'missing' ? invalid(error.message) : forbidden(error.message)
  }
}

function readQuery({ request, url, client: { address } }: Held): AskedAccess {
  expectNoDisguise(request.rawHeaders)
  const at = url.indexOf('?')
  const text = at === -1 ? '' : url.slice(at + 1)
  if (text.split('&', mostFields + 1).length > mostFields) {
    throw invalid(`the query has too many fields: ${mostFields} are the limit`)
  }
  const query = parse(text, '&', '=', { maxKeys: 0 })
  if ('source_address' in query) {
    throw invalid('source_address is not taken here: it is the address that a trusted proxy reports')
  }
  const asked = readAccess({ ...query, source_address: address })
  // Without one every token of the organization would pass, where a proxy has lost a variable.
  if ((asked.action ?? '') === '') throw invalid('action is needed: letters of rwcdC')
  return asked
}

function readByRules(rules: readonly Rule[], { request, url, client: { address }, trusts }: Held): AskedAccess {
  if (trusts?.(request.socket.remoteAddress ?? '') !== true) {
    throw forbidden('only a proxy that --trusted-proxies of the sidecar names may ask here')
  }
  const found = findAccess(rules, readForwarded(request.rawHeaders, readOwnLine(request, url)))
  if (found === undefined) throw forbidden('no rule of the sidecar is about this request')
  try {
    return readAccess({ ...found, source_address: address })
  } catch (error) {
    if (error instanceof Refused) throw forbidden('the request has a name that no name can be')
    throw error
  }
}

/** Undefined where the path of the held request does not stand behind ours. */
function readOwnLine({ method = '', headers: { host } }: IncomingMessage, url: string): OwnLine | undefined {
  if (!url.startsWith(`${authorizePath}/`)) return undefined
  return { method, target: url.slice(authorizePath.length), host }
}

function tellEnd({ expiresAt }: VerifiedToken): Readonly<Record<string, string>> {
  return expiresAt.getTime() - Date.now() > week ? {} : { [expiryHeader]: expiresAt.toISOString() }
}

function forbidden(message: string): Refused {
  return new Refused(403, 'forbidden', message)
}
