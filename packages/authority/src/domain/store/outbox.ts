// The store's contract: tasks to do after the commit.
import type { OutboxTask } from '../outbox.ts'

export interface OutboxReads {
  /** Whether any task is due at `now`. */
  isDue(now: number): Promise<boolean>
}

export interface OutboxWrites extends OutboxReads {
  /** The caller owns the task until `dueAt`. Returns its id; undefined if ten thousand tasks wait already. */
  insert(task: Omit<OutboxTask, 'id' | 'tries'>): Promise<number | undefined>
  /** Claims the task that is due longest; nobody else gets it before `until`. Removes up to a hundred expired tasks. */
  claim(now: number, until: number): Promise<OutboxTask | undefined>
  /** After a failure, or to renew a claim: the task is due again at that time. */
  postpone(id: number, dueAt: number): Promise<void>
  /** The task is done. */
  delete(id: number): Promise<void>
}
