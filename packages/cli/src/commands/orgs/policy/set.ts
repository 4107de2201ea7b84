// `hallpass orgs policy set`: changes the limits that an organisation sets for its tokens.
import { connect } from '../../../connect.ts'
import type { Context } from '../../../context.ts'
import { CommandError } from '../../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../../flags.ts'
import { readDuration } from '../../../mint.ts'
import { readNetworks } from '../../../network-flag.ts'
import { wroteJson } from '../../../output.ts'
import { writePolicy } from './show.ts'

interface SetFlags extends GlobalFlags, JsonFlag {
  readonly maxLifetime?: string | undefined
  readonly defaultLifetime?: string | undefined
  readonly tokensMayMint?: boolean | undefined
  readonly onlyAdminsMint?: boolean | undefined
  readonly approval?: boolean | undefined
  readonly networks?: readonly string[] | undefined
}

/** The word that clears a limit. */
const none = 'none'

/** Changes the limits that are given, and prints all. */
export async function setTokenPolicy(context: Context, flags: SetFlags, slug: string): Promise<void> {
  const changes = {
    ...pair('max_token_lifetime', readLifetime(flags.maxLifetime, '--max-lifetime')),
    ...pair('default_token_lifetime', readLifetime(flags.defaultLifetime, '--default-lifetime')),
    ...pair('tokens_may_mint', flags.tokensMayMint),
    ...pair('only_admins_mint', flags.onlyAdminsMint),
    ...pair('approval', flags.approval),
    ...pair('networks', readList(flags.networks)),
  }
  if (Object.keys(changes).length === 0) {
    const all = '--max-lifetime, --default-lifetime, --tokens-may-mint, --only-admins-mint, --approval or --networks'
    throw new CommandError('misused', `nothing to change is given: say what with ${all}`)
  }
  const client = await connect(context, flags)
  const changed = await client.updateTokenPolicy({ org_slug: slug, ...changes })
  if (!wroteJson(context, flags, changed)) writePolicy(context, changed)
}

function pair<Name extends string, Value>(name: Name, value: Value | undefined): { [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Key in Name]: Value })
}

function readLifetime(text: string | undefined, flag: string): string | null | undefined {
  if (text === undefined || text === none) return text === none ? null : undefined
  readDuration(text, flag)
  return text
}

function readList(texts: readonly string[] | undefined): string[] | undefined {
  if (texts?.length === 1 && texts[0] === none) return []
  return texts && [...(readNetworks(texts, '--networks') ?? [])]
}
