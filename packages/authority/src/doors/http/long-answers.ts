// Makes answers with lists, a few at a time.
import type { FastifyReply, FastifyRequest } from 'fastify'

import { createFairQueue, type FairQueue, type Turn } from '../../domain/fair-queue.ts'
import { ClientOfRequest } from './address.ts'

/**
 * Each may take a few megabytes while it is made, and a client can ask for thousands at once. They are made in turns
 * anyway.
 */
const atOnce = 32

/** Those that wait are as many as the connections allow; they have read nothing yet. */
export function createLongAnswers(): FairQueue {
  return createFairQueue({ atOnce, longest: Infinity, refuse: () => new Error('this queue refuses nobody') })
}

/**
 * Makes an answer in the turn of the client's network, and lets the next begin while it is sent. Nothing is made for a
 * client that is gone by then. `make` gets the milliseconds that the request has waited, which count for its wait for a database that hangs.
 */
export function answerInTurn(
  queue: FairQueue,
  request: FastifyRequest,
  reply: FastifyReply,
  make: (waited: number) => Promise<unknown>,
): Promise<FastifyReply> {
  const client = new ClientOfRequest(request)
  const arrived = performance.now()
  const made = queue.run(turnOf(request), async () => {
    if (client.hasLeft()) reply.hijack()
    else await make(performance.now() - arrived)
  })
  return made.then(() => reply)
}

/** The turn of a request, also for each part of an answer that is made while it is sent. */
export function turnOf(request: FastifyRequest): Turn {
  return { lane: new ClientOfRequest(request).network(), key: request.id }
}
