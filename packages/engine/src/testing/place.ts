// An engine for the conformance suite, with what the suite must know of it and do to it.
import type { Engine } from '../engine.ts'

export interface Place {
  /** An engine there, of another owner where one is named. */
  readonly open: (owner?: string) => Engine
  /** Of busybox: its programs lie in /bin. */
  readonly image: string
  /** How much the flood test writes to a log. */
  readonly flood: number
  /**
   * Whether it keeps networks apart, as most places do; `shared` is of one where every run reaches every other. `either` is of one
   * where every run has a device of a network, where no names are found, and what keeps networks apart may be there or not.
   */
  readonly networks?: 'isolated' | 'shared' | 'either'
  /** Kills the engine's process, or cuts the way to it; the returned function starts it again. Undefined for an engine without one. */
  readonly kill?: () => Promise<() => Promise<void>>
  /** Ends it, and removes all that it kept. */
  readonly stop: () => Promise<void>
}
