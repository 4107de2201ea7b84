// The steps from an empty database to today's tables, each written once for both engines. Never change one that shipped.
import type { Migration } from './migration.ts'
import { migration1 } from './migrations/0001-organisations-people-apps-keys-tokens-audit.ts'
import { migration2 } from './migrations/0002-caveats-of-tokens.ts'
import { migration3 } from './migrations/0003-sessions-and-cli-logins.ts'
import { migration4 } from './migrations/0004-membership-as-third-party.ts'
import { migration5 } from './migrations/0005-invitations-of-an-address.ts'
import { migration6 } from './migrations/0006-lists-of-tokens.ts'
import { migration7 } from './migrations/0007-passkeys-and-identities.ts'
import { migration8 } from './migrations/0008-histories-of-tokens.ts'
import { migration9 } from './migrations/0009-descent-of-tokens.ts'
import { migration10 } from './migrations/0010-proofs-of-sessions.ts'
import { migration11 } from './migrations/0011-one-open-invitation.ts'
import { migration12 } from './migrations/0012-removal-in-steps.ts'
import { migration13 } from './migrations/0013-names-beyond-ascii.ts'
import { migration14 } from './migrations/0014-proven-addresses.ts'
import { migration15 } from './migrations/0015-organisations-revoked-whole.ts'
import { migration16 } from './migrations/0016-outbox.ts'
import { migration17 } from './migrations/0017-long-caveats.ts'
import { migration18 } from './migrations/0018-machines.ts'
import { migration19 } from './migrations/0019-run-labels.ts'
import { migration20 } from './migrations/0020-volumes.ts'
import { migration21 } from './migrations/0021-tokens-of-machines.ts'
import { migration22 } from './migrations/0022-awaited-images.ts'
import { migration23 } from './migrations/0023-trust-policies.ts'
import { migration24 } from './migrations/0024-last-uses.ts'
import { migration25 } from './migrations/0025-rotation-of-tokens.ts'
import { migration26 } from './migrations/0026-notices-of-ends.ts'
import { migration27 } from './migrations/0027-limits-of-organisations.ts'
import { migration28 } from './migrations/0028-feed.ts'
import { migration29 } from './migrations/0029-derived-tokens.ts'
import { migration30 } from './migrations/0030-counted-tries.ts'
import { migration31 } from './migrations/0031-final-events.ts'

export const migrations: readonly Migration[] = [
  migration1,
  migration2,
  migration3,
  migration4,
  migration5,
  migration6,
  migration7,
  migration8,
  migration9,
  migration10,
  migration11,
  migration12,
  migration13,
  migration14,
  migration15,
  migration16,
  migration17,
  migration18,
  migration19,
  migration20,
  migration21,
  migration22,
  migration23,
  migration24,
  migration25,
  migration26,
  migration27,
  migration28,
  migration29,
  migration30,
  migration31,
]
