// Where the suite of all engines tries one: what it needs to know of it, and to do to it.
import type { Engine } from '../engine.ts'

export interface Place {
  /** An engine there, of another owner where one is named. */
  readonly open: (owner?: string) => Engine
  /** Of busybox: its programs lie in /bin. */
  readonly image: string
  /** How much a run writes to its log in the test that writes much. */
  readonly flood: number
  /** Kills what answers there, and begins anew when what it returns is called. Undefined where nothing stands between. */
  readonly kill?: () => Promise<() => Promise<void>>
  /** Ends it, and removes all that it kept. */
  readonly stop: () => Promise<void>
}
