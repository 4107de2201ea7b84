// `hallpass tokens debug`: what is in a token, as flyctl prints it.
import { decodeMacaroon, MacaroonError, parseAuthorization, type Macaroon } from '@hallpass/macaroon'
import { caveatsToJSON } from '@hallpass/macaroon/json'

import type { Context } from '../../context.ts'
import { checkCredential } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags } from '../../flags.ts'
import { readHeldToken, readText } from '../../held-token.ts'
import { tell, writeJsonText } from '../../output.ts'

interface DebugFlags extends GlobalFlags {
  readonly file?: string | undefined
  readonly json?: boolean | undefined
}

/** Prints every macaroon's location and caveats; one that is damaged does not hide the others. */
export async function debugToken(context: Context, flags: DebugFlags, ...words: readonly string[]): Promise<void> {
  const { macaroons, leftOut } = parseAuthorization(await readToken(context, flags, words))
  for (const { error } of leftOut) tell(context, `left out: ${error.message}`)
  if (macaroons.length === 0) throw new CommandError('failed', 'an auth token says nothing about itself')
  const printed: string[] = []
  for (const [position, bytes] of macaroons.entries()) {
    const read = attempt(bytes)
    if (!(read instanceof MacaroonError)) printed.push(print(read))
    else if (macaroons.length === 1) throw read
    else tell(context, `unable to decode token at position ${position}: ${read.message}`)
  }
  writeJsonText(context, printed.length === 0 ? '[]' : `[\n${printed.join(',\n')}\n]`)
  const damaged = macaroons.length - printed.length
  if (damaged > 0) throw new CommandError('failed', `${damaged} of ${macaroons.length} tokens could not be decoded`)
}

async function readToken(context: Context, flags: DebugFlags, words: readonly string[]): Promise<string> {
  if (flags.file === undefined) return readHeldToken(context, flags, words)
  if (words.length > 0 || flags.accessToken !== undefined) {
    throw new CommandError('misused', 'two tokens are given: one with --file, and another one')
  }
  return checkCredential(await readText(context, flags.file), '--file')
}

function attempt(bytes: Uint8Array): Macaroon | MacaroonError {
  try {
    return decodeMacaroon(bytes)
  } catch (error) {
    if (error instanceof MacaroonError) return error
    throw error
  }
}

/** Numbers of 64 bits must stay as they are, so the caveats are not read again, only moved to the right. */
function print({ location, unsafeCaveats }: Macaroon): string {
  const caveats = caveatsToJSON(unsafeCaveats, { indent: 2 }).replaceAll('\n', '\n    ')
  return `  {\n    "location": ${JSON.stringify(location)},\n    "caveats": ${caveats}\n  }`
}
