// The type of a piece of the benchmark: a function from the options of a run to its rows.
import type { Fills } from './fill.ts'
import type { Row } from './rows.ts'
import type { Workspace } from './workspace.ts'

export interface Run {
  /** A smoke run: few rounds, and a hundred thousand tokens instead of a million. */
  readonly quick: boolean
  readonly workspace: Workspace
  readonly fills: Fills
  /** The installed command of the built packages. */
  readonly builtEntry: () => string
}

export type Piece = (run: Run) => Promise<readonly Row[]>
