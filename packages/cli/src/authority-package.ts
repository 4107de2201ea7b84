// The one place where the command line touches the server's package: to serve, and to work on an installation by hand.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

import type * as Authority from '@hallpass/authority'

import { CommandError } from './errors.ts'

export type EngineAbilities = NonNullable<Awaited<ReturnType<typeof Authority.examine>>['engine']>
export type DatabaseFacts = Awaited<ReturnType<typeof Authority.backUp>>

/**
 * Loaded on demand, because it takes a hundred times as long as the rest of the command line.
 * @throws CommandError where only the command line is installed
 */
export async function loadAuthority(): Promise<typeof Authority> {
  locate('@hallpass/authority')
  return import('@hallpass/authority')
}

/**
 * The directory of the pages. They may not be built yet: the authority says so on its first page.
 * @throws CommandError where only the command line is installed
 */
export function findDashboard(): string {
  return dirname(fileURLToPath(locate('@hallpass/dashboard/index.html')))
}

function locate(module: string): string {
  try {
    return import.meta.resolve(module)
  } catch (cause) {
    throw new CommandError(
      'failed',
      'only the command line is installed here, and this takes the server: npm install --global @hallpass/authority @hallpass/dashboard',
      { cause },
    )
  }
}
