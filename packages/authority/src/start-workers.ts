// Starts the work that no request asks for: removing, forgetting, mail, and the last uses.
import type { Logger } from 'pino'

import type { Config } from './config.ts'
import { writeNotice } from './mail/notice-mail.ts'
import type { RunningPostbox } from './mail/postbox.ts'
import type { Environment } from './operations/perform/operation.ts'
import { createNotices, type NoticeOptions } from './workers/notices.ts'
import { startOutbox } from './workers/outbox.ts'
import {
  finishRevocations,
  forgetFeed,
  forgetMachines,
  forgetTries,
  forgetVolumes,
  removeLeftovers,
} from './workers/removing.ts'
import { createRetention } from './workers/retention.ts'
import { startUseWriter } from './workers/uses.ts'
import { startWorker, type Worker } from './workers/worker.ts'

interface Wiring {
  readonly log: Logger
  readonly postbox: RunningPostbox | undefined
}

export function startWorkers(
  { store, now, randomBytes, publicUrl }: Environment,
  { keep, mail, notifyBefore }: Config,
  { log, postbox }: Wiring,
): readonly Worker[] {
  const worker = startWorker({
    store,
    chores: [
      finishRevocations,
      removeLeftovers,
      forgetMachines(now),
      forgetVolumes(now),
      forgetFeed(now),
      // A server that is alone counts in memory.
      ...(store.isRemote ? [forgetTries] : []),
      ...createRetention(keep, { now, elapsed: () => performance.now() }),
      ...createNotices({ days: notifyBefore, now, post: postbox && postNotices(postbox, { now, publicUrl }) }),
    ],
    now,
    id: Buffer.from(randomBytes(12)).toString('base64url'),
    report: ({ chore, error }) => {
      if (error === undefined) log.info({ chore }, 'a chore works again')
      else log.warn({ chore, err: error }, 'a chore failed, and will be tried again')
    },
  })
  if (postbox === undefined) return [worker]
  const outbox = startOutbox({
    store,
    perform: (task) => postbox.deliver(task),
    now,
    interval: mail?.interval,
    report: (error) => log.warn({ err: error }, 'a task of the outbox failed, and will be tried again'),
  })
  return [worker, postbox, outbox]
}

function postNotices(
  postbox: RunningPostbox,
  { now, publicUrl }: Pick<Environment, 'now' | 'publicUrl'>,
): NoticeOptions['post'] {
  return (tx, { email }, { kind, tokens, others }) => {
    const noticed = tokens.map(({ record: { id, name, expiresAt, revokedAt, successorId }, organisation, use }) => ({
      id,
      name,
      organisation,
      endsAt: Math.min(expiresAt, revokedAt ?? Infinity),
      successorId,
      use,
    }))
    const mail = writeNotice({ kind, to: email, tokens: noticed, others, publicUrl: publicUrl() })
    return postbox.leave(tx, mail, now() + noticeMailLifetime)
  }
}

/** Milliseconds. As long as an invitation is retried. */
const noticeMailLifetime = 2 * 86_400_000

/** Its end writes the last uses, so it is stopped after all that note some. */
export function startUses({ store, uses }: Environment, { usesInterval: interval }: Config, log: Logger): Worker {
  return startUseWriter({
    store,
    uses,
    interval,
    report: (error) => log.warn({ err: error }, 'the last uses of tokens could not be written, and are tried again'),
    reportDropped: (count) => log.warn({ count }, 'too many tokens were used at once: some last uses are not known'),
  })
}
