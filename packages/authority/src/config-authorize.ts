// Reads the rules of /authorize from their file.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { routes } from '@hallpass/client/contract'
import { parseRules, RulesError, type Rule } from '@hallpass/guard/forwarded'

import { checkPath } from './config-text.ts'
import { refusalOf, StartupError } from './domain/errors.ts'
import { describeIssues } from './doors/http/errors.ts'

const { access } = routes.authorizeToken.body.shape

/**
 * The rules in the file.
 * @throws StartupError `configuration_invalid`, with the number of the rule that is wrong
 */
export function checkAuthorizeRules(file: string, trustsProxies: boolean): readonly Rule[] {
  if (!trustsProxies) throw invalid('needs --trusted-proxies: what a request is, only a proxy of yours may say')
  const path = resolve(checkPath(file, '--authorize-rules'))
  try {
    return parseRules(readFileSync(path, 'utf8'), (asked) => {
      const { error } = access.safeParse(asked)
      return error && describeIssues('it', asked, error).message
    })
  } catch (error) {
    if (error instanceof RulesError) throw invalid(`names a file with a mistake: ${error.message}`)
    throw invalid(`names a file that cannot be read (${refusalOf(error)})`, error)
  }
}

function invalid(predicate: string, cause?: unknown): StartupError {
  return new StartupError('configuration_invalid', `--authorize-rules ${predicate}`, { cause })
}
