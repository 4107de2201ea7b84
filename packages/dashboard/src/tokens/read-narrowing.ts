// What the fields that restrict a new token say, for its kind.
import { caveatsOfWords } from '@hallpass/macaroon/narrow'
import type { Caveat } from '@hallpass/macaroon'

import {
  problemsOfNarrowing,
  sayNarrowing,
  wordsOfNarrowing,
  type Narrowing,
  type NarrowingProblems,
} from '../caveats/narrowing.ts'

export type Kind = 'org' | 'readonly' | 'app'

export interface ReadNarrowing {
  /** In a few words; empty if it restricts nothing. */
  readonly said: string
  readonly problems: NarrowingProblems
  /** None if there is a problem. */
  readonly caveats: readonly Caveat[]
}

export function readNarrowing(narrowing: Narrowing, kind: Kind): ReadNarrowing {
  const counting = countingFields(narrowing, kind)
  const problems = problemsOf(counting, kind)
  const isRight = Object.keys(problems).length === 0
  return {
    said: sayNarrowing(counting),
    problems,
    caveats: isRight ? caveatsOfWords(wordsOfNarrowing(counting)) : [],
  }
}

/** Hidden fields, which the kind of the token decides, do not count. */
function countingFields(narrowing: Narrowing, kind: Kind): Narrowing {
  if (kind === 'app') return { ...narrowing, apps: [] }
  return kind === 'readonly' ? { ...narrowing, actions: '' } : narrowing
}

function problemsOf(narrowing: Narrowing, kind: Kind): NarrowingProblems {
  const problems = problemsOfNarrowing(narrowing)
  if (kind !== 'readonly' || narrowing.commands.trim() === '') return problems
  return {
    ...problems,
    commands: 'A read-only token cannot run commands. Choose another reach or remove the commands.',
  }
}
