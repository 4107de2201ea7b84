// The tree of commands and the words that the parser uses.
import {
  AliasNotFoundError,
  ArgumentParseError,
  ArgumentScannerError,
  buildApplication,
  EnumValidationError,
  FlagNotFoundError,
  text_en,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
  type Application,
  type ApplicationText,
} from '@stricli/core'

import { appsRoutes } from './commands/apps/routes.ts'
import { authRoutes } from './commands/auth/routes.ts'
import { completeCommand, completionCommand } from './commands/completion/routes.ts'
import { backupCommand, doctorCommand, restoreCommand } from './commands/installation/routes.ts'
import { guardCommand } from './commands/guard/routes.ts'
import { flyctlRoutes } from './commands/flyctl/routes.ts'
import { machineRoutes } from './commands/machine/routes.ts'
import { orgsRoutes } from './commands/orgs/routes.ts'
import { secretsRoutes } from './commands/secrets/routes.ts'
import { serveCommand } from './commands/serve/routes.ts'
import { tokensRoutes } from './commands/tokens/routes.ts'
import { usersRoutes } from './commands/users/routes.ts'
import { verifiersRoutes } from './commands/verifiers/routes.ts'
import { tourCommand } from './commands/tour/routes.ts'
import { versionCommand } from './commands/version/routes.ts'
import { volumesRoutes } from './commands/volumes/routes.ts'
import { scanArguments } from './arguments.ts'
import { describeClientVariables } from './client-variables.ts'
import { flagsOf, helpFlag, isCommand, namesakes, versionFlag, type Route, type Target } from './command-table.ts'
import { adviseBy } from './command-name.ts'
import type { Context } from './context.ts'
import type { Environment } from './environment.ts'
import { describeError, exitCodeFor, CommandError } from './errors.ts'
import { formatHelp, helpWidth } from './help.ts'
import { enoughAlike, likeness } from './likeness.ts'
import { group } from './routes.ts'
import { readVersion } from './version.ts'

/**
 * The whole command line.
 * @param columns of the terminal, where there is one
 * @param given the arguments, for error messages
 */
export function buildHallpass(
  environment: Environment,
  columns: number | undefined,
  given: readonly string[] = [],
): Application<Context> & { readonly root: Route } {
  const root = group({
    brief: 'Org tokens that you host yourself',
    description:
      'Hallpass gives every organization on your platform its own API tokens, and you host it yourself.\n\n' +
      'Start an authority with `hallpass serve`, or see what it does with `hallpass tour`.\n\n' +
      `Commands read these variables of the environment:\n${describeClientVariables()}`,
    routes: {
      serve: serveCommand,
      guard: guardCommand,
      auth: authRoutes,
      orgs: orgsRoutes,
      apps: appsRoutes,
      machine: machineRoutes,
      secrets: secretsRoutes,
      volumes: volumesRoutes,
      tokens: tokensRoutes,
      flyctl: flyctlRoutes,
      backup: backupCommand,
      restore: restoreCommand,
      doctor: doctorCommand,
      users: usersRoutes,
      verifiers: verifiersRoutes,
      tour: tourCommand,
      completion: completionCommand,
      version: versionCommand,
      __complete: completeCommand,
    },
    aliases: {
      app: 'apps',
      m: 'machine',
      machines: 'machine',
      org: 'orgs',
      secret: 'secrets',
      token: 'tokens',
      user: 'users',
    },
    hidden: ['__complete'],
  })
  const application = buildApplication<Context>(
    root,
    {
      name: 'hallpass',
      scanner: {
        caseStyle: 'allow-kebab-for-camel',
        allowArgumentEscapeSequence: true,
        distanceOptions: { threshold: 3, weights: { insertion: 1, deletion: 3, substitution: 2, transposition: 0 } },
      },
      documentation: { disableAnsiColor: true },
      localization: { text: wordsOf(environment, root, given) },
      determineExitCode: exitCodeFor,
    },
    {
      help: {
        flag: {
          brief: helpFlag.brief,
          aliases: [helpFlag.letter],
          global: true,
          defaultForRouteMap: true,
          run(_, { result: { target, prefix, aliases } }) {
            const width = helpWidth(columns)
            const text = formatHelp(target, { prefix, aliases: aliases['convert-camel-to-kebab'], width })
            this.process.stdout.write(adviseBy(environment, text))
          },
        },
      },
      version: {
        flag: {
          brief: versionFlag.brief,
          aliases: [versionFlag.letter],
          async run() {
            this.process.stdout.write(`${await readVersion()}\n`)
          },
        },
      },
    },
  )
  return { ...application, root }
}

/** The parser's words, without a stack trace and without repeating what may be a secret. */
function wordsOf(environment: Environment, root: Route, given: readonly string[]): ApplicationText {
  const describe = (error: unknown) => describeError(error, environment)
  return {
    ...text_en,
    keywords: { default: 'default', separator: 'separator' },
    briefs: { ...text_en.briefs, argumentEscapeSequence: 'What follows are arguments, not flags' },
    noCommandRegisteredForInput: ({ input, corrections }) => {
      const { route } = scanArguments(root, given)
      const place = ['hallpass', ...route].join(' ')
      // The parser puts backticks around each.
      const nearest = corrections.map((name) => `${place} ${name.replaceAll('`', '')}`)
      const meant = nearest.length > 0 ? nearest : namesakes(root, input).map((words) => `hallpass ${words}`)
      const advice = meant.length > 0 ? `, did you mean \`${meant.join('` or `')}\`?` : `: see \`${place} --help\``
      return describe(new CommandError('misused', `there is no command ${JSON.stringify(input)}${advice}`))
    },
    exceptionWhileParsingArguments: (error) => describe(asMisuse(error, scanArguments(root, given).target)),
    exceptionWhileLoadingCommandFunction: describe,
    exceptionWhileLoadingCommandContext: describe,
    exceptionWhileRunningCommand: describe,
    commandErrorResult: describe,
    exceptionWhileRunningIntegrationFlag: ({ exception }) => describe(exception),
    exceptionWhileRunningIntegrationHook: ({ exception }) => describe(exception),
  }
}

function asMisuse(error: unknown, target: Target): unknown {
  const sentence = describeMisuse(error, target)
  return sentence === undefined ? error : new CommandError('misused', sentence, { cause: error })
}

/** The parser's own sentences repeat what was typed, which may be a secret. */
function describeMisuse(error: unknown, target: Target): string | undefined {
  if (error instanceof FlagNotFoundError) {
    // One word of a name suggests that flag: --password, --token.
    const longer = isCommand(target) ? flagsOf(target).map(({ name }) => name) : []
    const input = error.input.toLowerCase()
    const holding = longer.filter((name) => name.split('-').includes(input) || likeness(name, input) >= enoughAlike)
    const meant = error.corrections.length > 0 ? error.corrections : holding
    const advice = meant.length > 0 ? `, did you mean --${meant.join(' or --')}?` : ''
    return `there is no flag --${error.input}${advice}`
  }
  if (error instanceof AliasNotFoundError) return `there is no flag -${error.input}`
  if (error instanceof ArgumentParseError) {
    // Text flags take any value, so only a switch can fail here.
    return `--${error.externalFlagNameOrPlaceholder} takes no value but true and false`
  }
  if (error instanceof EnumValidationError) {
    return `--${error.externalFlagName} is ${error.values.join(' or ')}, not ${JSON.stringify(error.input)}`
  }
  if (error instanceof UnsatisfiedFlagError) return `--${error.externalFlagName} needs a value`
  if (error instanceof UnexpectedFlagError) return `--${error.externalFlagName} is given twice`
  if (error instanceof UnexpectedPositionalError) {
    const limit = error.expectedCount === 0 ? 'none is' : `${error.expectedCount} at most are`
    return `${JSON.stringify(error.input)} is one argument too many: ${limit} expected`
  }
  if (error instanceof UnsatisfiedPositionalError) return `the argument ${error.placeholder} is missing`
  return error instanceof ArgumentScannerError ? error.message : undefined
}
