/** Random accesses of both kinds. */

import type { Access, DischargeAccess } from '@hallpass/macaroon'
import { rollId, rollMask, rollName } from './caveats.ts'
import type { Dice } from './dice.ts'

/** An ordinary one, which mostly makes sense. */
export function rollAccess(dice: Dice): Access {
  const base: Writable<Access> = {
    action: dice.pick([0, 1, 1, 2, 3, 16, 31, rollMask(dice)]),
    now: dice.below(6000) / 2,
  }
  if (!dice.once(25)) base.orgId = dice.pick([1n, 1n, 2n, rollId(dice)])
  switch (dice.below(9)) {
    case 0:
      base.feature = rollName(dice)
      if (dice.once(3)) base.cluster = rollName(dice)
      if (dice.once(2)) base.feature = 'litefs-cloud'
      break
    case 1:
      base.storageObject = rollName(dice)
      break
    case 2:
    case 3:
    case 4:
      base.appId = rollId(dice)
      break
    case 5:
    case 6:
      base.appId = rollId(dice)
      rollMachine(dice, base)
      break
    case 7:
      base.appId = rollId(dice)
      if (dice.once(2)) base.volume = rollName(dice)
      else base.appFeature = rollName(dice)
      break
  }
  if (dice.once(4)) base.mutation = rollName(dice)
  if (dice.once(3)) base.sourceMachine = rollName(dice)
  if (dice.once(3)) base.sourceApp = rollName(dice)
  if (dice.once(3)) base.sourceOrganization = rollName(dice)
  // Now and then one that makes no sense.
  if (dice.once(30)) base.machine = rollName(dice)
  if (dice.once(30)) base.feature = rollName(dice)
  return base
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

function rollMachine(dice: Dice, base: Writable<Access>): void {
  base.machine = rollName(dice)
  const inside = dice.pick(['command', 'feature', 'nothing'])
  if (inside === 'command') base.command = dice.list(3, () => rollName(dice))
  if (inside === 'feature') base.machineFeature = rollName(dice)
}

export function rollDischargeAccess(dice: Dice): DischargeAccess {
  const now = dice.below(6000) / 2
  return {
    type: 'discharge',
    now,
    // Half a second off the whole ones: Go's clock runs on while it judges.
    expiry:
      now + dice.pick([-1, 0.5, 1.5, 126.5, 127.5, 128.5, 299.5, 300.5, 65_535.5, 65_536.5, dice.below(2 ** 33) + 0.5]),
    flyio: dice.list(2, () => ({ userId: rollId(dice), organizationIds: dice.list(3, () => rollId(dice)) })),
    google: dice.list(2, () => ({ hd: rollName(dice) })),
    gitHub: dice.list(2, () => ({ orgIds: dice.list(3, () => rollId(dice)) })),
  }
}
