/** Actions: a bit mask of what may be, or is about to be, done to a resource. */

import { badArgument, expectText } from './boundary.ts'
import { MacaroonError } from './errors.ts'

/** A mask of 16 bits. Five of them have names; the rest can occur on the wire and are kept. */
export type Action = number

export const actions = /* @__PURE__ */ Object.freeze({
  none: 0,
  read: 1,
  write: 2,
  create: 4,
  delete: 8,
  control: 16,
  /** The five together: `rwcdC`. */
  all: 31,
  /** All 16 bits: what `*` means. */
  any: 0xffff,
} as const)

/** `rwcdC` in this order, for as many of the five as are set. The other bits have no letters, as in Go. */
export function formatAction(action: Action): string {
  expectAction(action)
  return letters.reduce((text, [letter, bit]) => ((action & bit) === 0 ? text : text + letter), '')
}

/**
 * Reads letters of `rwcdC` in any order, each as often as one likes, or `*` alone for all 16 bits.
 *
 * Throws MacaroonError `bad-action` for any other character; Go's `ActionFromString` would ignore it.
 */
export function parseAction(text: string): Action {
  if (text === '*') return actions.any
  let action = 0
  for (const character of expectText(text, 'text')) {
    const found = letters.find(([letter]) => letter === character)
    if (found === undefined) {
      throw new MacaroonError(
        'bad-action',
        `unknown action ${JSON.stringify(character)} (known are r w c d C, and * alone)`,
      )
    }
    action |= found[1]
  }
  return action
}

/** Whether every bit of `action` is set in `mask`. */
export function isSubset(action: Action, mask: Action): boolean {
  return allows(expectAction(mask), expectAction(action))
}

/** The same for what was checked already. */
export function allows(mask: Action, action: Action): boolean {
  return (action & mask) === action
}

/** Whether this is a mask of 16 bits at all. */
export function isAction(value: unknown): value is Action {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff
}

function expectAction(value: Action): Action {
  if (!isAction(value)) throw badArgument('action', 'a mask of 16 bits')
  return value
}

/** In words: "read and write", "nothing". */
export function describeAction(action: Action): string {
  expectAction(action)
  const names: string[] = letters.filter(([, bit]) => (action & bit) !== 0).map(([, , name]) => name)
  if ((action & ~actions.all) !== 0 && action !== actions.any) names.push('actions without a name')
  const last = names.pop()
  if (last === undefined) return 'nothing'
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`
}

const letters = [
  ['r', actions.read, 'read'],
  ['w', actions.write, 'write'],
  ['c', actions.create, 'create'],
  ['d', actions.delete, 'delete'],
  ['C', actions.control, 'control'],
] as const satisfies readonly (readonly [string, number, string])[]
