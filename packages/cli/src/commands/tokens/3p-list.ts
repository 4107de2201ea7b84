// `hallpass tokens 3p list`: the third parties of a token, and the discharges that are missing.
import { listQuestions } from '@hallpass/client/discharge'

import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { readHeldToken } from '../../held-token.ts'
import { writeTable, wroteJson } from '../../output.ts'
import { encodeBase64 } from '../../third-party.ts'

/** Prints a line for every ticket: where to take it, and until when it is answered. */
export async function listThirdParties(
  context: Context,
  flags: GlobalFlags & JsonFlag,
  ...words: readonly string[]
): Promise<void> {
  const token = await readHeldToken(context, flags, words)
  const questions = listQuestions(token, { now: context.now().getTime() / 1000 }).map((question) => ({
    location: question.location,
    state: question.state,
    ends_at: formatSecond(question.endsAt),
    ticket: encodeBase64(question.ticket),
  }))
  if (wroteJson(context, flags, questions)) return
  writeTable(
    context,
    ['THIRD PARTY', 'DISCHARGE', 'ENDS AT'],
    questions.map(({ location, state, ends_at }) => [
      location,
      state === 'answered' ? 'there' : 'missing',
      ends_at ?? '',
    ]),
  )
}

// ECMA-262 §21.4.1.1: what a Date can hold; discharges may name any second.
const lastSecond = 8_640_000_000_000n

function formatSecond(second: bigint | undefined): string | null {
  if (second === undefined || second > lastSecond || second < -lastSecond) return null
  return new Date(Number(second) * 1000).toISOString().replace('.000Z', 'Z')
}
