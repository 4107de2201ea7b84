// Opens a sidecar: a guard, and a server that answers from its memory.
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

import { parseRules, readProxies, RulesError, type Rule, type RuleAccess, type Trusts } from '../forwarded/index.ts'
import { createGuard, type Guard, type GuardOptions } from '../guard.ts'
import { retryAfter, type Answer } from './answer.ts'
import { answerProxy, isForwardAuth } from './forward-auth.ts'
import { readAccess } from './read-access.ts'
import { Refused } from './refused.ts'
import { closeServer, createBoundedServer, serverBounds, type ServerBounds } from './server.ts'
import { authenticate, authorize } from './tokens.ts'
import { watchGuard } from './watch.ts'

export interface SidecarOptions extends Pick<GuardOptions, 'authority' | 'credential'> {
  /** As of a guard. */
  readonly graceForReads?: string | undefined
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** The JSON text of the rules of `/authorize`; without it, the query of a question says which access it is about. */
  readonly rules?: string | undefined
  /** Addresses and networks whose X-Forwarded headers are believed; nobody's if it is empty. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Called with a sentence when what it answers from changes, and when it fails. */
  readonly report: (sentence: string) => void
  /** For tests. */
  readonly bounds?: Partial<ServerBounds>
}

export interface RunningSidecar {
  readonly url: string
  /** Resolves if it cannot go on. */
  readonly failed: Promise<Error>
  /** Takes no more connections, and ends once its requests are answered. */
  close(): Promise<void>
}

/** It cannot be opened; the message says why. */
export class SidecarError extends Error {
  override readonly name = 'SidecarError'
  readonly code:
    | 'rules' // the rules have a mistake, or nobody may say what a request is
    | 'proxies' // a trusted proxy is no address and no network
    | 'address' // it cannot listen there

  constructor(code: SidecarError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * It is open once it listens; what it knows comes later, as `/readyz` says.
 * @throws SidecarError; TypeError and DurationError as {@link createGuard}
 */
export async function openSidecar(options: SidecarOptions): Promise<RunningSidecar> {
  const { authority, credential, graceForReads, report } = options
  const trusts = takeProxies(options.trustedProxies ?? [])
  const rules = takeRules(options.rules, trusts)
  const bounds = { ...serverBounds, ...options.bounds }
  const guard = createGuard({ authority, credential, ...(graceForReads === undefined ? {} : { graceForReads }) })
  let isClosing = false

  function answer(request: IncomingMessage, url: string): Answer | Promise<Answer> {
    const { method = '' } = request
    const [path = ''] = url.split('?', 1)
    const forwardAuth = { guard, rules, trusts }
    if (isForwardAuth(forwardAuth, method, path)) return answerProxy(forwardAuth, request, url)
    const route = `${method === 'HEAD' ? 'GET' : method} ${path}`
    if (route === 'POST /v1/tokens/authenticate') return authenticate(guard, request)
    if (route === 'POST /v1/tokens/authorize') return authorize(guard, request)
    if (route === 'GET /healthz') return { status: 200, text: '{"ok":true}' }
    if (route === 'GET /readyz') return describeReadiness(guard, isClosing)
    // Not 404, which clients read as "it is gone already".
    throw new Refused(501, 'not_served', 'this is a sidecar, which answers whether a token is good, and nothing else')
  }

  const reportError = (error: unknown) => {
    report(`a request failed for an unforeseen reason: ${error instanceof Error ? error.stack : String(error)}`)
  }
  const server = createBoundedServer(answer, reportError, trusts, bounds)
  const { host, port } = options.listen
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new SidecarError('address', `it cannot listen at ${host}:${port} (${cause.code ?? 'unknown'})`, { cause }))
    })
    server.listen({ host, port }, resolve)
  })
  const failed = new Promise<Error>((resolve) => void server.on('error', resolve))
  const watching = watchGuard(guard, report)
  // Nobody waits for it: until then each token is asked about.
  void guard.ready()
  const { port: listening } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    failed,
    async close() {
      isClosing = true
      watching.end()
      await closeServer(server, bounds)
      guard.close()
    },
  }
}

function describeReadiness(guard: Guard, isClosing: boolean): Answer {
  const { isFresh, trouble } = guard.state()
  if (isFresh && !isClosing) return { status: 200, text: '{"ok":true}' }
  const [reason, message] = isClosing
    ? ['draining', 'this sidecar stops']
    : ['feed', trouble ?? 'the feed was not heard yet']
  return { status: 503, headers: { 'retry-after': retryAfter }, text: JSON.stringify({ ok: false, reason, message }) }
}

function takeProxies(proxies: readonly string[]): Trusts | undefined {
  if (proxies.length === 0) return undefined
  const trusts = readProxies(proxies)
  if (trusts !== undefined) return trusts
  throw new SidecarError(
    'proxies',
    'lists addresses and networks, separated by commas, for example 10.0.0.0/8,192.0.2.7',
  )
}

function takeRules(text: string | undefined, trusts: Trusts | undefined): readonly Rule[] | undefined {
  if (text === undefined) return undefined
  if (trusts === undefined)
    throw new SidecarError('rules', 'needs --trusted-proxies: what a request is, only a proxy of yours may say')
  try {
    return parseRules(text, checkAccess)
  } catch (cause) {
    if (cause instanceof RulesError)
      throw new SidecarError('rules', `names a file with a mistake: ${cause.message}`, { cause })
    throw cause
  }
}

/** What is wrong with the access of a rule; undefined if nothing is. */
function checkAccess(asked: RuleAccess): string | undefined {
  try {
    readAccess(asked)
    return undefined
  } catch (error) {
    if (error instanceof Refused) return error.message.replace(/^access\./, '')
    throw error
  }
}
