// What every piece of the benchmark is: a function from the options of a run to the rows that it measured.
import type { Fills } from './fill.ts'
import type { Row } from './rows.ts'
import type { Workspace } from './workspace.ts'

export interface Run {
  /** A smoke run: few rounds, and a hundred thousand tokens where there should be a million. */
  readonly quick: boolean
  readonly workspace: Workspace
  readonly fills: Fills
  /** The command of the built packages, installed. */
  readonly builtEntry: () => string
}

export type Piece = (run: Run) => Promise<readonly Row[]>
