import { readFileSync } from 'node:fs'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  isResting,
  machineStates,
  machineTransitions,
  nextState,
  type MachineCause,
  type MachineState,
} from './machine-states.ts'

const causes = Object.keys(machineTransitions) as MachineCause[]
const ofPeople: readonly MachineCause[] = ['start', 'stop', 'suspend', 'restart', 'update', 'destroy', 'kill']
const ofDriver = causes.filter((cause) => !ofPeople.includes(cause))

/** The states after these causes, from the creation on. A cause that cannot happen changes nothing. */
function walk(path: readonly MachineCause[]) {
  return path.reduce<MachineState>((state, cause) => nextState(state, cause) ?? state, 'created')
}

const paths = fc.array(fc.constantFrom(...causes), { maxLength: 40 })

test('nothing follows destroyed, and only destroying leads to it', () => {
  fc.assert(
    fc.property(paths, fc.constantFrom(...causes), (path, cause) => {
      const state = walk(path)
      const next = nextState(state, cause) ?? state
      if (state === 'destroyed') expect(next).toBe('destroyed')
      if (next === 'destroyed') expect(['destroying', 'destroyed']).toContain(state)
      if (state === 'destroying') expect(['destroying', 'destroyed']).toContain(next)
    }),
  )
})

test('the driver brings every machine to rest, whatever people asked for before', () => {
  fc.assert(
    fc.property(paths, (path) => {
      const seen = new Set([walk(path)])
      let grows = true
      while (grows) {
        grows = false
        for (const state of seen) {
          for (const cause of isResting(state) ? [] : ofDriver) {
            const next = nextState(state, cause)
            if (next !== undefined && !seen.has(next)) {
              seen.add(next)
              grows = true
            }
          }
        }
      }
      expect([...seen].some(isResting)).toBe(true)
    }),
  )
})

test('force destroys in every state; without force a resting machine can be destroyed, unless it runs', () => {
  for (const state of machineStates) {
    expect(nextState(state, 'kill')).toBe(state === 'destroyed' ? 'destroyed' : 'destroying')
    if (isResting(state)) expect(nextState(state, 'destroy') !== undefined).toBe(state !== 'started')
  }
})

test('asking again for something that is in progress or done changes nothing', () => {
  for (const cause of ofPeople.filter((one) => one !== 'update')) {
    for (const state of machineStates) {
      const next = nextState(state, cause)
      if (next !== undefined) expect(nextState(next, cause)).toBe(next)
    }
  }
})

test('every state can be reached', () => {
  const reached = new Set<MachineState>(['created'])
  for (const state of reached) {
    for (const cause of causes) {
      const next = nextState(state, cause)
      if (next !== undefined) reached.add(next)
    }
  }
  expect([...reached].toSorted()).toEqual([...machineStates].toSorted())
})

test('docs/machines.md has the same table', () => {
  const docs = readFileSync(new URL('../../../../docs/machines.md', import.meta.url), 'utf8')
  const documented = new Map(
    [...docs.matchAll(/^\| `(\w+)` *\| (.*?) *\|$/gm)].map(([, state = '', follows = '']) => [state, follows]),
  )
  for (const state of machineStates) {
    const followers = new Map<string, string[]>()
    for (const cause of causes) {
      const next = nextState(state, cause)
      if (next !== undefined && next !== state) followers.set(next, [...(followers.get(next) ?? []), cause])
    }
    const words = [...followers].map(([next, by]) => `${by.join(', ')} → \`${next}\``)
    expect([state, documented.get(state)]).toEqual([state, words.join('; ') || '–'])
  }
})
