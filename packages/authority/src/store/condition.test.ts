// What the log says about the database, however many requests report it.
import { expect, test } from 'vitest'

import { Condition } from './condition.ts'
import { StoreTrouble } from './trouble.ts'

function listen() {
  const reported: string[] = []
  const condition = new Condition((what, trouble) => reported.push(`${what} ${trouble?.reason ?? 'well'}`))
  const note = (what: 'reads' | 'writes', ...reasons: (StoreTrouble['reason'] | undefined)[]) => {
    for (const reason of reasons) condition.note(what, reason && new StoreTrouble(reason, 'read'))
  }
  return { reported, note }
}

test('each change of reads and of writes is reported once', () => {
  const { reported, note } = listen()
  note('reads', undefined, 'locked', 'locked', undefined, undefined, 'locked', 'damaged')
  note('writes', 'locked')
  expect(reported).toEqual(['reads locked', 'reads well', 'reads locked', 'reads damaged', 'writes locked'])
})

test('a server that is gone is reported once, whether it refuses or does not answer', () => {
  const { reported, note } = listen()
  note('reads', 'unreachable', 'slow', 'unreachable', 'slow', undefined)
  note('writes', 'slow', 'unreachable', 'slow', 'read_only')
  expect(reported).toEqual(['reads unreachable', 'reads well', 'writes slow', 'writes read_only'])
})
