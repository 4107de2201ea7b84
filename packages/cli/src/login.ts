// What signing up and logging in share: asking for the password, and keeping the login.
import type { SessionAnswer } from '@hallpass/client'

import { askPassword, askText } from './ask.ts'
import { expectWritable, locateConfig, readConfig, writeConfig } from './config-file.ts'
import { canAsk, type Context } from './context.ts'
import { chooseServer, tellOverrides } from './credentials.ts'
import { CommandError } from './errors.ts'
import type { GlobalFlags } from './flags.ts'
import { tell } from './output.ts'

const longestPassword = 4096

/**
 * The server to log in at.
 * @throws CommandError also if the login could not be stored, because otherwise the code would be used up in vain
 */
export async function chooseLoginServer(context: Context, flags: GlobalFlags): Promise<string> {
  const file = locateConfig(context.environment)
  const server = chooseServer(flags, context.environment, await readConfig(file))
  await expectWritable(file)
  return server
}

/** The email address, from the flag or the person. */
export async function readEmail(context: Context, flag: string | undefined): Promise<string> {
  if (flag !== undefined) return flag
  if (!canAsk(context)) throw new CommandError('misused', 'no email address is given: name one with --email EMAIL')
  return askText(context, 'Email:')
}

/** The password, from standard input or the person; never from an argument, which other processes can see. */
export async function readPassword(
  context: Context,
  fromStdin: boolean | undefined,
  options: { readonly twice: boolean },
): Promise<string> {
  if (fromStdin === true) return readPasswordFromStdin(context)
  if (!canAsk(context)) {
    throw new CommandError('misused', 'no password is given: pipe it in with --password-stdin')
  }
  const password = await askPassword(context, 'Password:')
  if (options.twice && (await askPassword(context, 'Password again:')) !== password) {
    throw new CommandError('failed', 'the two passwords differ')
  }
  return password
}

/** Keeps a new login in the file and says so. */
export async function keepLogin(context: Context, server: string, session: SessionAnswer): Promise<void> {
  await writeConfig(locateConfig(context.environment), {
    api_url: server,
    access_token: session.access_token,
    email: session.user.email,
  })
  tell(context, `Logged in at ${server} as ${session.user.email}`)
  for (const sentence of tellOverrides(context.environment, server)) tell(context, `Note: ${sentence}`)
}

async function readPasswordFromStdin(context: Context): Promise<string> {
  if (context.stdin.isTTY) {
    throw new CommandError('misused', '--password-stdin reads from a pipe: leave it away to be asked at the terminal')
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  try {
    for await (const chunk of context.stdin) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (text.length > longestPassword) throw new CommandError('misused', 'the password on standard input is too long')
    }
    text += decoder.decode()
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError('misused', 'the password on standard input is not UTF-8 text', { cause })
  }
  const password = text.replace(/\r?\n$/, '')
  if (password === '') throw new CommandError('misused', 'there is no password on standard input')
  return password
}
