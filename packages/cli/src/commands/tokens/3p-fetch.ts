// `hallpass tokens 3p fetch`: fetches the discharges that a token needs.
import type { Context } from '../../context.ts'
import { advise, fetchAllDischarges } from '../../discharges.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { readHeldToken } from '../../held-token.ts'
import { writeJson, writeLine } from '../../output.ts'

/** Prints the credential with every discharge; fails if one cannot be fetched. */
export async function fetchThirdParties(
  context: Context,
  flags: GlobalFlags & JsonFlag,
  ...words: readonly string[]
): Promise<void> {
  const token = await readHeldToken(context, flags, words)
  const { header, failures } = await fetchAllDischarges(context, token)
  const [failure] = failures
  if (failure !== undefined) throw advise(context, failure)
  if (flags.json === true) writeJson(context, { token: header })
  else writeLine(context, header)
}
