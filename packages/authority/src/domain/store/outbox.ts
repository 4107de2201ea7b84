// The store's contract: what is to be done outside.
import type { OutboxTask } from '../outbox.ts'

export interface OutboxReads {
  /** Whether any task is due at `now`. */
  isDue(now: number): Promise<boolean>
}

export interface OutboxWrites extends OutboxReads {
  /** Whoever inserts it has it until `dueAt`. Its id; undefined where ten thousand wait already. */
  insert(task: Omit<OutboxTask, 'id' | 'tries'>): Promise<number | undefined>
  /** The one that is due longest, which nobody else takes before `until`. Those that have expired are removed, a hundred of them. */
  claim(now: number, until: number): Promise<OutboxTask | undefined>
  /** It has failed, and is due again at that time. */
  postpone(id: number, dueAt: number): Promise<void>
  /** It is done. */
  delete(id: number): Promise<void>
}
