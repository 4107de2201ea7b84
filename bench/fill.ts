// Authorities with very many tokens, whose rows are written straight into the table.
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { furnish, openAuthority, orgToken, type Furniture } from '../e2e/open-authority.ts'
import type { Run } from './run.ts'

export interface Filled extends Furniture {
  readonly directory: string
}

/** An authority with one app and a million tokens (a smoke run: fewer), all live or a thousand of them; made once in a run. */
export function fillWithMillion(run: Run, live: 'all' | 'few'): Promise<Filled> {
  const tokens = run.quick ? 100_000 : 1_000_000
  return run.once(`${live} of ${tokens}`, () => fill(run, tokens, live === 'all' ? tokens : 1000))
}

/** Up to 8,192 of the live tokens are genuine: more rows than fit into the cache of a connection. */
export async function fill(run: Run, tokens: number, live: number): Promise<Filled> {
  const started = performance.now()
  const directory = run.directory()
  const genuine = Math.min(8192, live)
  const furniture = await furnish(directory, { apps: 1, tokens: genuine })
  const authority = await openAuthority(directory)
  await authority.close()
  const { organisation, user } = authority
  insertTokens(join(directory, 'hallpass.db'), tokens - genuine, live - genuine, [organisation.id, user.id])
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  run.say(`filled a store with ${tokens} tokens, ${live} of them live, in ${seconds} s`)
  return { ...furniture, directory }
}

/**
 * Ids are random, as those of real tokens, so that the indexes are as loosely packed as after years. Half of the dead
 * tokens are revoked, half expired, mixed among the live ones.
 */
function insertTokens(
  path: string,
  count: number,
  live: number,
  [organisation, user]: readonly [number, number],
): void {
  const database = new DatabaseSync(path)
  database.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -1000000')
  database
    .prepare(
      `with recursive
        numbers (i) as (select 0 where :count > 0 union all select i + 1 from numbers where i + 1 < :count),
        made as (
          select i, :now - :year + :year * i / :count as created_at, (i + 1) * :live / :count > i * :live / :count as is_live
          from numbers
        )
      insert into tokens (id, organisation_id, profile, name, name_key, created_by, created_at, expires_at, revoked_at, revoked_by)
      select
        randomblob(16), :organisation, 'deploy_organization', 'CI ' || i, 'ci ' || i, :user, created_at,
        case when is_live or i % 2 = 0 then created_at + :lifetime else :now - 1 - :year * i / :count end,
        case when not is_live and i % 2 = 0 then created_at + 1 end,
        case when not is_live and i % 2 = 0 then 'ada@example.com' end
      from made`,
    )
    .run(
      integers({
        count,
        live,
        organisation,
        user,
        now: Date.now(),
        year: 365 * 86_400_000,
        lifetime: orgToken.lifetime * 1000,
      }),
    )
  database.exec('pragma journal_mode = wal')
  database.close()
  // On disk now, so that their writing does not disturb the next measurement.
  const file = openSync(path, 'r+')
  fsyncSync(file)
  closeSync(file)
}

/** Numbers beyond 32 bits would be bound as floating point. */
function integers(values: Readonly<Record<string, number>>): Record<string, bigint> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, BigInt(value)]))
}
