// What runs machines, as operations see it. Only the driver behind it knows an engine.
import type { Machine } from './machine.ts'

export interface MachineRunner {
  /** Why machines get no token of their own here, for people; undefined if they do, or the engine does not say now. */
  tokenTrouble(): Promise<string | undefined>
  /** Wakes the driver, because a machine waits for it. */
  wake(): void
  /** Whether the engine answers, and the host of a machine where one is given, as far as this authority knows. */
  answers(machine?: { readonly runId: string | null }): boolean
  /** Where machines can be placed, as far as this authority knows; empty where there is one place. */
  regions(): readonly string[]
  /** How far the image is that a machine waits for: known to the authority that drives machines alone, once a registry has said it. */
  pulling(machine: Pick<Machine, 'organisationId' | 'image' | 'config'>): ImageProgress | undefined
  /** Resolves when the store has another state of the machine than this, or the signal is aborted. */
  changed(machine: Pick<Machine, 'id' | 'updatedAt' | 'lastEventId'>, signal: AbortSignal): Promise<void>
  /**
   * Runs a command in a run of a machine, to its end.
   * @throws DomainError `failed_precondition` if it does not run, `invalid` if the command cannot be run,
   * `deadline_exceeded`, `engine_unavailable` if the engine does not answer
   */
  exec(runId: string, command: MachineCommand): Promise<MachineCommandResult>
  /**
   * Runs a command with its input and output as they come. The caller closes the session.
   * @throws DomainError as `exec`; the methods of the session throw the same
   */
  openCommand(runId: string, command: OpenedCommand): Promise<CommandSession>
  /**
   * The processes of a run.
   * @throws DomainError `failed_precondition` if it does not run, `engine_unavailable`
   */
  processes(runId: string): Promise<readonly MachineProcess[]>
  /**
   * The output of the main process of a run, oldest first; nothing if there is no such run.
   * @throws DomainError `engine_unavailable`
   */
  logs(runId: string, options: MachineLogOptions): AsyncIterable<MachineLogLine>
  /**
   * Sends a signal to the main process of a run.
   * @throws DomainError `failed_precondition` if it does not run, `engine_unavailable`
   */
  signal(runId: string, signal: NodeJS.Signals): Promise<void>
}

/** Of the layers that are known so far: the total grows. */
export interface ImageProgress {
  readonly phase: 'downloading' | 'unpacking'
  readonly bytes: number
  readonly totalBytes: number
}

/** What an engine does not know is 0, or empty. */
export interface MachineProcess {
  readonly pid: number
  readonly startedAt: Date
  readonly command: string
  readonly directory: string
  /** Percent of one processor. */
  readonly cpu: number
  /** Bytes. */
  readonly memory: number
}

interface OpenedCommand {
  /** The program and its words: no shell reads them. */
  readonly argv: readonly string[]
  /** Gives it a terminal of this size. All output is `stdout` then. */
  readonly terminal?: TerminalSize
  /** Ends the command. */
  readonly abort?: AbortSignal
}

interface MachineCommand extends Omit<OpenedCommand, 'terminal'> {
  readonly input?: Uint8Array
  /** Milliseconds. */
  readonly timeout: number
  /** How much of each output is kept. */
  readonly maxBytes: number
}

/** In characters. */
export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

export interface CommandSession {
  /** Ends when the command has ended. The command waits while nobody reads. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }>
  /** Resolves when the command can be given more. */
  write(bytes: Uint8Array): Promise<void>
  endInput(): void
  resize(size: TerminalSize): Promise<void>
  /** To be called when `output` has ended. */
  exitCode(): Promise<number>
  /** Kills the command with what it began, if it has not ended. */
  close(): Promise<void>
}

export interface MachineCommandResult {
  readonly exitCode: number
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly truncated: boolean
}

interface MachineLogOptions {
  /** The `at` of a line: only later lines. */
  readonly after?: string
  /** Only so many of the existing lines, the newest. */
  readonly tail?: number
  /** Goes on with new lines until the run has ended. */
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
