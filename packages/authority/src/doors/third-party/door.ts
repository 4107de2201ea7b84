// The third party's side of superfly/macaroon's discharge protocol (tp/README.md): tickets in, discharges out, at once
// or after a person confirmed. No credential is read: the ticket is complete.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'

import { DomainError } from '../../domain/errors.ts'
import { Secret } from '../../domain/secret.ts'
import { askForDischarge, type DischargeAnswer } from '../../operations/discharges/ask-for-discharge.ts'
import { collectDischarge, pollDischarge } from '../../operations/discharges/collect-discharge.ts'
import { thirdPartyLocation } from '../../operations/discharges/membership-demand.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { explainRefusal, statusOf, setRetryAfter } from '../http/errors.ts'
import { nobody, openExchange } from '../http/exchange.ts'
import { parse } from '../http/parse.ts'

const path = '/.well-known/macfly/3p'

/** Newer clients may send more; our tickets are short. */
const initBody = z.object({ ticket: z.string().min(1).max(2048) })
const pollParams = z.object({ secret: z.string() })

/** Opens the protocol's two routes, under the location that tokens name and at the root. */
export function openThirdPartyDoor(server: FastifyInstance, environment: Environment): void {
  for (const prefix of ['/aaa/v1', '']) {
    server.post(prefix + path, async (request, reply) => {
      const { ticket } = parse(initBody, request.body, 'the body')
      const exchange = openExchange(environment, nobody, request)
      return answer(reply, async () => {
        const given = await exchange.perform(askForDischarge, { ticket })
        void reply.code(201)
        return describeAnswer(environment, given)
      })
    })

    server.get(`${prefix + path}/poll/:secret`, async (request, reply) => {
      const secret = new Secret(parse(pollParams, request.params, 'the path').secret)
      const exchange = openExchange(environment, nobody, request)
      return answer(reply, async () => {
        if ((await exchange.perform(pollDischarge, { secret })) === 'pending') {
          return reply.code(202).send()
        }
        const collected = await exchange.perform(collectDischarge, { secret })
        return 'refusal' in collected ? { error: collected.refusal } : { discharge: collected.discharge.reveal() }
      })
    })
  }
}

function describeAnswer(environment: Environment, given: DischargeAnswer) {
  if (given.kind === 'discharge') return { discharge: given.discharge.reveal() }
  return {
    user_interactive: {
      user_url: `${environment.publicUrl()}/discharge/${given.forPerson.reveal()}`,
      // Clients use the URL unchanged, so it is complete.
      poll_url: `${thirdPartyLocation(environment)}${path}/poll/${given.forPolling.reveal()}`,
    },
  }
}

/** In this protocol `error` is the sentence itself. */
async function answer(reply: FastifyReply, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    setRetryAfter([error], reply)
    return reply.code(statusOf(error)).send({ error: explainRefusal(error, reply.request) })
  }
}
