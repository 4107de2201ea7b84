// What runs machines, as operations see it: the driver behind it is the only one that knows an engine.
import type { Machine } from './machine.ts'

export interface MachineRunner {
  /** Says that a machine waits for the driver. */
  wake(): void
  /** Whether the engine answers, as far as this authority knows. */
  answers(): boolean
  /** Resolves when the store has another state of the machine than this, or the signal is aborted. */
  changed(machine: Pick<Machine, 'id' | 'updatedAt' | 'lastEventId'>, signal: AbortSignal): Promise<void>
  /**
   * Runs a command in a run of a machine, to its end.
   * @throws DomainError `failed_precondition` if it does not run, `invalid` if the command cannot be run,
   * `deadline_exceeded`, `engine_unavailable` if the engine does not answer
   */
  exec(runId: string, command: MachineCommand): Promise<MachineCommandResult>
  /**
   * What the main process of a run wrote, oldest first; nothing if there is no such run.
   * @throws DomainError `engine_unavailable`
   */
  logs(runId: string, options: MachineLogOptions): AsyncIterable<MachineLogLine>
  /**
   * Sends a signal to the main process of a run.
   * @throws DomainError `failed_precondition` if it does not run, `engine_unavailable`
   */
  signal(runId: string, signal: NodeJS.Signals): Promise<void>
}

interface MachineCommand {
  /** The program and its words: no shell reads them. */
  readonly argv: readonly string[]
  readonly input?: Uint8Array
  /** Milliseconds. */
  readonly timeout: number
  /** How much of each output is kept. */
  readonly maxBytes: number
  /** Ends the command. */
  readonly abort?: AbortSignal
}

export interface MachineCommandResult {
  readonly exitCode: number
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly truncated: boolean
}

interface MachineLogOptions {
  /** Only what came after it: the `at` of a line. */
  readonly after?: string
  /** Only this many lines of what is there. */
  readonly tail?: number
  /** Goes on with what comes, until the run has ended. */
  readonly follow?: boolean
  readonly abort?: AbortSignal
}

export interface MachineLogLine {
  /** RFC 3339, in UTC, with nanoseconds. */
  readonly at: string
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
  readonly truncated: boolean
}
