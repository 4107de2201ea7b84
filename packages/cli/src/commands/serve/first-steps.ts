// What a new authority prints: the commands that lead to the first token, ready to paste.
import { commandName } from '../../command-name.ts'
import type { Environment } from '../../environment.ts'
import { defaultServer } from '../../server-url.ts'

/**
 * Lines to print. The code is behind the link's #, which browsers do not send, so that no log has it. The first command
 * names an address that is not the default; the login that it makes remembers it.
 */
export function firstSteps(url: string, setupCode: string, environment: Environment): string[] {
  const hallpass = commandName(environment)
  const address = url === defaultServer ? '' : ` --api-url ${url}`
  return [
    '',
    'There is no account yet. Create the first one in a browser, with this setup code, valid for one hour and usable once:',
    `  ${url}/setup#${setupCode}`,
    'or here:',
    `  ${hallpass} auth signup --setup-code ${setupCode} --email you@example.com${address}`,
    '',
    'Then create an organization and a token for it:',
    `  ${hallpass} orgs create "Acme Staging"`,
    `  TOKEN=$(${hallpass} tokens create org -o acme-staging -n ci)`,
    '',
    'The token controls the apps of that organization, and nothing else:',
    `  HALLPASS_API_TOKEN=$TOKEN ${hallpass} apps create web-1 -o acme-staging`,
  ]
}
