// What verifiers ask: which tokens of many headers are good, and what is needed to remember that and to forget it in time.
import type { KnownTokenAnswer, Verification } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'
import { readAddress } from '@hallpass/guard/forwarded'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { z } from 'zod'

import { DomainError } from '../../domain/errors.ts'
import { writeNetworks } from '../../domain/token-policy.ts'
import { knowVerifier } from '../../operations/feed/know-verifier.ts'
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { isRefusal } from '../../operations/perform/perform.ts'
import { tokensAmong, type Presented } from '../../operations/perform/principal.ts'
import { identifyVerifier } from '../../operations/perform/verifier.ts'
import { knowName, knowTokens, type KnownName, type KnownToken } from '../../operations/tokens/verify-tokens.ts'
import { describeError } from '../http/errors.ts'
import { nobody, openExchange } from '../http/exchange.ts'
import { parse } from '../http/parse.ts'
import { print } from '../http/pieces.ts'
import { ClientOfVerifier, verifierSecretIn } from '../http/verifier.ts'
import { encodePosition } from './encode.ts'

interface Door {
  readonly environment: Environment
  readonly authenticate: Authenticate
}

/** Headers that are verified at once. The store is asked about them together, and others wait for no more. */
const atOnce = 10

export function openVerificationsDoor(server: FastifyInstance, { environment, authenticate }: Door): void {
  const { method, path, body, bodyLimit } = routes.verifyTokens
  server.route({
    method,
    url: path,
    bodyLimit,
    config: { authenticatesFirst: true },
    async onRequest(request) {
      request.verifier = await openExchange(environment, nobody, request).perform(
        knowVerifier,
        verifierSecretIn(request),
      )
    },
    async handler(request, reply) {
      const asked = parse(body, request.body, 'the body')
      const read: (Presented | DomainError)[] = []
      for (let first = 0; first < asked.headers.length; first += atOnce) {
        const some = asked.headers.slice(first, first + atOnce)
        read.push(...(await Promise.all(some.map((each) => readHeader(authenticate, request, each)))))
        if (environment.isLate()) await environment.pause()
      }
      const good = read.flatMap((presented, at) =>
        presented instanceof DomainError ? [] : [{ presented, from: addressIn(asked.headers[at]) }],
      )
      const secret = verifierSecretIn(request)
      const { performForEach } = openExchange(environment, nobody, request)
      const { also, answers } = await performForEach(knowTokens, good, async (tx) => {
        const names = asked.names.map(({ org_slug, app_name }) => knowName(tx, { slug: org_slug, appName: app_name }))
        const [, end, known] = await Promise.all([identifyVerifier(tx, secret), tx.feed.end(), Promise.all(names)])
        return { end, known }
      })
      let next = 0
      const answer: Verification = {
        after: encodePosition(also.end),
        now: new Date(environment.now()).toISOString(),
        nonce: asked.nonce,
        answers: read.map((one) => encodeAnswer(one instanceof DomainError ? one : answers[next++], request)),
        names: also.known.map(encodeName),
      }
      const text = print(answer, environment.pause)
      void reply.header('cache-control', 'no-store').type('application/json; charset=utf-8')
      return reply.send(typeof text === 'string' ? text : await text)
    },
  })
}

type AskedHeader = z.output<typeof routes.verifyTokens.body>['headers'][number]

/** What a header has, or why none of it counts. */
async function readHeader(
  authenticate: Authenticate,
  request: FastifyRequest,
  asked: AskedHeader,
): Promise<Presented | DomainError> {
  try {
    return tokensAmong(await authenticate(asked.header, new ClientOfVerifier(request, addressIn(asked))))
  } catch (error) {
    if (isRefusal(error)) return error
    throw error
  }
}

/** As it is written once, however the service wrote it. */
function addressIn(asked: AskedHeader | undefined): string | undefined {
  return asked?.from === undefined ? undefined : readAddress(asked.from)
}

function encodeAnswer(
  answer: readonly KnownToken[] | DomainError | undefined,
  request: FastifyRequest,
): Verification['answers'][number] {
  if (answer !== undefined && !(answer instanceof DomainError)) return { tokens: answer.map(encodeToken) }
  const { code, message } = describeError(answer, request)
  const retryAfter = answer?.retryAfter
  return { refused: { code, message, ...(retryAfter === undefined ? {} : { retry_after: retryAfter }) } }
}

function encodeToken({ record, verified, organisation, line }: KnownToken): KnownTokenAnswer {
  const { macaroon, discharges, otherDischarges } = verified
  return {
    permission_token: encode(macaroon.bytes),
    discharges: [...discharges, ...otherDischarges].map(({ bytes }) => encode(bytes)),
    id: record.id,
    organization: {
      id: organisation.id,
      slug: organisation.slug,
      ...(organisation.personalOf === null ? {} : { personal: true }),
    },
    app: record.appId,
    person: record.createdBy,
    line: line === undefined ? null : [...line],
    expires_at: new Date(record.expiresAt).toISOString(),
    networks: writeNetworks(organisation.tokenPolicy.networks),
    // Then some that are derived from it are dead, and only the authority knows which.
    ...(record.revokedDerived === 0 ? {} : { exact: true }),
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function encodeName(name: KnownName | undefined): Verification['names'][number] {
  return name === undefined ? null : { organization: name.organisation.id, app: name.app?.id ?? null }
}
