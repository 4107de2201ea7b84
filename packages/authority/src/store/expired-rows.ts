// Removes expired rows, a hundred at once: others wait for a removal, and no request inserts more.
import { query, type Param, type QuerySession } from './query.ts'

type Expiring = 'cli_logins' | 'discharge_requests' | 'exchanged_identity_tokens' | 'passkey_challenges'

/** Removes some of those that expired before `now`, the oldest first. */
export function removeExpired(session: QuerySession, table: Expiring, now: number): Promise<void> {
  return session.run(removals[table], { now, limit: 100 })
}

const removalFrom = (table: Expiring) =>
  query((db, param: Param<{ now: number; limit: number }>) =>
    // Kysely cannot type the columns of several tables at once. All of these have the two.
    db.deleteFrom(table as 'cli_logins').where('id', 'in', (eb) =>
      eb
        .selectFrom(table as 'cli_logins')
        .select('id')
        .where('expires_at', '<=', param('now'))
        .orderBy('expires_at')
        .limit(param('limit')),
    ),
  )

const removals = {
  cli_logins: removalFrom('cli_logins'),
  discharge_requests: removalFrom('discharge_requests'),
  exchanged_identity_tokens: removalFrom('exchanged_identity_tokens'),
  passkey_challenges: removalFrom('passkey_challenges'),
}
