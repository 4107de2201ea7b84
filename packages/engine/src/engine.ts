// What an engine does for the driver of machines. It is mechanical: it keeps no state of its own and decides nothing.

/**
 * A place where machines run.
 *
 * It knows runs, not machines. A run is one start of a machine, from its creation to its end: it starts once, with a
 * fresh root filesystem, and never again. So a machine that starts again, or is updated, is a new run with a new id.
 * States of machines, versions, restarts and leases are the caller's.
 *
 * Every call can be repeated with the same run id, by another process too, and does what is left to do: repeat a call
 * if you do not know whether it was carried out. What an engine makes carries the owner's label; it shows and touches
 * nothing else. After a restart, `list` or `watch` says what is there: adopt it, or remove it.
 *
 * Calls throw an EngineError. After `unavailable` and `timeout` nobody knows whether the call was carried out.
 */
export interface Engine {
  readonly kind: 'docker' | 'local' | 'kubernetes'

  /** What this engine can do and enforce, and what it cannot, found out from the engine itself and remembered. */
  capabilities(): Promise<Capabilities>

  /**
   * Brings an image here where it is missing, and says what it is. It may take minutes. Create runs by the `id` in the
   * answer, or by a reference with a digest: a tag may mean something else tomorrow.
   */
  pullImage(reference: string, options?: PullOptions): Promise<Image>

  /**
   * Makes a run that does not start yet: image, network, files, limits. It pulls nothing, and changes nothing where it
   * exists. Call it again for a run that is `created`, before `start`: the first call may have written no files.
   */
  create(spec: RunSpec): Promise<RunStatus>

  /**
   * Starts a run, once: where it runs or has ended, its status is all that comes back. Only one driver may call it at a time: of
   * two calls in the same millisecond, the second may start again what the first started and saw end.
   * @throws EngineError `command_not_found`: the engine found no such program in the image. Most are found missing by the run
   *   itself, which ends with 126 or 127, and then `exit.problem` says why.
   */
  start(runId: string): Promise<RunStatus>

  /** Sends a signal to the main process, and waits for nothing. */
  signal(runId: string, signal: NodeJS.Signals): Promise<void>

  /** Sends the signal, waits until the run has ended, and kills it after the time-out. Nothing to do where it does not run. */
  stop(runId: string, options: StopOptions): Promise<RunStatus>

  /** Freezes all processes, which keep their memory. */
  pause(runId: string): Promise<RunStatus>
  resume(runId: string): Promise<RunStatus>

  /** Ends the run at once and removes it with its root filesystem and its log. Read its exit before. */
  remove(runId: string): Promise<void>

  /** Undefined where there is no such run of this owner. */
  inspect(runId: string): Promise<RunStatus | undefined>

  /** All runs of this owner, in any state; without `exit.problem`, and then the code is that of the init process. */
  list(): Promise<readonly RunStatus[]>

  /** Waits until the run has ended: its status then, or undefined where it is gone. For many runs use `watch`. */
  wait(runId: string, options?: { readonly abort?: AbortSignal }): Promise<RunStatus | undefined>

  /**
   * Follows the owner's runs. First come all, then each run that changed, in its newest state: changes between two
   * looks are one, and a change may come twice. A run that the caller knows and the first list lacks is lost. A slow
   * reader misses no run and costs no memory. It ends with `unavailable` when the engine goes away: call it again.
   */
  watch(options?: WatchOptions): AsyncIterable<Change>

  /** Runs a command in a run, to its end. */
  exec(runId: string, command: CommandOutput): Promise<CommandResult>

  /** Runs a command in a run, with its input and output as they come. The caller reads `output` and closes the session. */
  openExec(runId: string, command: Command): Promise<CommandSession>

  /**
   * The processes of a run, at most {@link mostProcesses}. What the engine cannot say is 0, or empty.
   * @throws EngineError `run_not_found`, `not_running`
   */
  processes(runId: string): Promise<readonly RunProcess[]>

  /** The output of the main process, oldest first. The engine keeps only the last of it: at least 8 MiB of text a run. */
  logs(runId: string, options?: LogOptions): AsyncIterable<LogLine>

  /** Whether runs can see a folder of the caller's own machine, tested with this one, which must exist. */
  sharesFolder(folder: string): Promise<boolean>

  /**
   * Removes a private network in which no run is left; false where there are some. With it goes what the engine keeps for the
   * tenant of that name, unless a volume is left there.
   */
  removeNetwork(network: string): Promise<boolean>

  /**
   * Makes a volume: a disk that outlives runs. Changes nothing where it exists.
   * @param tenant of the runs that will have it
   * @throws EngineError `unsupported`
   */
  createVolume(volumeId: string, sizeMb: number, tenant?: string): Promise<void>

  /** Makes a volume larger, never smaller. @throws EngineError `volume_in_use` where a run that has not ended has it */
  extendVolume(volumeId: string, sizeMb: number): Promise<void>

  /** Removes a volume with all that is in it, where there is one. @throws EngineError `volume_in_use` where a run has it */
  removeVolume(volumeId: string): Promise<void>

  /** The ids of all volumes of this owner. */
  listVolumes(): Promise<readonly string[]>

  /** The regions in which runs can be placed, as they are now; empty for an engine that has one place. */
  regions(): Promise<readonly string[]>
}

/** What an engine can do. What it cannot enforce it refuses, except where a field says otherwise. */
export interface Capabilities {
  /** What separates machines: a kernel of their own, or the namespaces and limits of one that they share. */
  readonly isolation: 'vm' | 'container'
  /** Whether private networks are kept apart. Where they are not known to be, `create` refuses a network. */
  readonly networks: 'isolated' | 'shared' | 'unknown'
  readonly memoryLimit: boolean
  readonly cpuLimit: boolean
  readonly processLimit: boolean
  /** Whether the size of a root filesystem can be limited. */
  readonly diskLimit: boolean
  /** Whether there are volumes, and whether one is held to its size. */
  readonly volumes: 'sized' | 'unsized' | 'none'
  readonly pause: boolean
  /** Whether a command can be run as another user than the run. */
  readonly commandUser: boolean
  /** Whether the log says which output a line came from; otherwise all of it is `stdout`. */
  readonly logStreams: boolean
  /** Whether `exit.oomKilled` can be trusted to be true where memory ran out. */
  readonly oomReported: boolean
  /** Name and version of what answers. */
  readonly engine: { readonly name: string; readonly version: string }
  readonly host: {
    readonly name: string
    readonly cpus: number
    readonly memoryMb: number
    readonly architecture: string
  }
  /** For the operator: what is missing, and what to do about it, a sentence each. */
  readonly remedies: readonly string[]
}

export interface RunSpec {
  /** Of the caller's making, unique for the owner, never used again: 1 to 63 of a-z, 0-9, "-", "_" and ".". */
  readonly runId: string
  /** An image that is here: the `id` of `pullImage`, or a reference. */
  readonly image: string
  /** In the place of the image's own; an empty list takes it away. */
  readonly entrypoint?: readonly string[]
  /** The words after the entrypoint, in the place of the image's own. */
  readonly command?: readonly string[]
  /** A name or number, with ":" and a group if need be, in the place of the image's own. */
  readonly user?: string
  readonly workingDirectory?: string
  /** In addition to the image's own variables. Everybody with access to the engine can read them. */
  readonly env?: Readonly<Record<string, string>>
  /** Returned in the status: organization, app, machine, version. Names as of a run id. */
  readonly labels?: Readonly<Record<string, string>>
  readonly hostname?: string
  readonly limits: Limits
  /**
   * Whose run it is: engines that have rooms for tenants put runs of different ones into different rooms. `network` where it
   * is left out. A name as of a run id.
   */
  readonly tenant?: string
  /** One of `regions`; any where it is left out. */
  readonly region?: string
  /**
   * The private network, one for an organization; without one the run has no network at all, or where networks are `shared`
   * and no run can be without, the one of all. A name as of a run id.
   */
  readonly network?: string
  /** The names under which others in the private network find the run. */
  readonly names?: readonly string[]
  /** Written over the image's files before the start. 1 MiB in all. */
  readonly files?: readonly FileSpec[]
  /** Shown read-only, and as it changes. */
  readonly sharedFolder?: SharedFolder
  /** That are there. The caller sees to it that no two runs have one at a time. */
  readonly volumes?: readonly VolumeMount[]
}

export interface Limits {
  readonly memoryMb: number
  /** Of one processor: 0.5 is half of one. */
  readonly cpus: number
  /** How much of `cpus` an engine with several machines keeps free for it; all of it where it is left out. */
  readonly reservedCpus?: number
  /** How many processes and threads there may be. */
  readonly processes: number
  /** Of what is written to the root filesystem. Unlimited where it is left out. */
  readonly diskMb?: number
}

export interface FileSpec {
  /** Absolute. Folders on the way are made. */
  readonly path: string
  readonly content: Uint8Array
  /** 0o644 where it is left out; of root. */
  readonly mode?: number
}

export interface SharedFolder {
  /** On the caller's own machine; it stays there for as long as the run. Absolute, as is the path. */
  readonly folder: string
  /** In the run. */
  readonly path: string
}

export interface VolumeMount {
  readonly volumeId: string
  /** Absolute. Folders on the way are made, and what the image has there is hidden. */
  readonly path: string
}

/** The state of a run. `exited` is the end: also of a run that the engine could not start. */
export type RunState = 'created' | 'running' | 'paused' | 'exited'

export interface RunStatus {
  readonly runId: string
  readonly state: RunState
  /** Of the spec. */
  readonly labels: Readonly<Record<string, string>>
  readonly network: string | undefined
  /** In the private network, while it runs; an IPv4 address. */
  readonly address: string | undefined
  /** The id of the image. */
  readonly image: string
  readonly createdAt: Date
  readonly startedAt: Date | undefined
  /** How it ended; undefined before. */
  readonly exit: Exit | undefined
  /** Whether the machine on which it runs does not answer, so that the rest is as it was last seen. */
  readonly isOutOfReach?: boolean
}

export interface Exit {
  readonly code: number
  /** Which one a code above 128 stands for, by the rule of shells: a program can also choose such a code itself. */
  readonly signal: NodeJS.Signals | undefined
  /** Whether the kernel killed something in the run because its memory was used up. */
  readonly oomKilled: boolean
  readonly at: Date | undefined
  /** Why the command could not be run or the run not be started, as a sentence for people. */
  readonly problem: string | undefined
  /** Why the engine itself, or somebody with access to it, took its place away; for people. */
  readonly evicted?: string
}

export interface WatchOptions {
  /** The caller needs to hear only of runs that have ended, are gone, or out of reach or back. It may hear of others too. */
  readonly onlyEnds?: boolean
  readonly abort?: AbortSignal
}

export type Change =
  | { readonly kind: 'all'; readonly runs: readonly RunStatus[] }
  /** Undefined: it is gone. */
  | { readonly kind: 'run'; readonly runId: string; readonly run: RunStatus | undefined }

export interface Image {
  /** `sha256:…` of its configuration: what `create` takes. */
  readonly id: string
  readonly registry: string
  readonly repository: string
  readonly tag: string | undefined
  /** Of its manifest in the registry; undefined for an image that came from none. */
  readonly digest: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly user: string
  readonly workingDirectory: string
}

export interface PullOptions {
  /** Whether to ask the registry also where the image is here already, since its tag may have moved. */
  readonly always?: boolean
  /** Called as layers arrive. */
  readonly onProgress?: (progress: PullProgress) => void
  readonly abort?: AbortSignal
}

/** Of the layers that are known so far: the total grows. */
export interface PullProgress {
  readonly phase: 'downloading' | 'unpacking'
  readonly bytes: number
  readonly totalBytes: number
}

export interface StopOptions {
  readonly signal: NodeJS.Signals
  /** How long the run may take to end before it is killed. */
  readonly timeoutMs: number
}

export interface Command {
  /** The program and its words: no shell reads them. */
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly user?: string
  readonly workingDirectory?: string
  /** Gives it a terminal of this size: then all output is `stdout`. */
  readonly terminal?: TerminalSize
  /** Ends the command. */
  readonly abort?: AbortSignal
}

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

export interface CommandOutput extends Omit<Command, 'terminal'> {
  readonly input?: Uint8Array
  /** When the command is ended, and the call fails with `timeout`. */
  readonly timeoutMs: number
  /** How much of each output is kept; the rest is read and dropped. */
  readonly maxBytes: number
}

export interface CommandResult {
  readonly exitCode: number
  /** As of an exit of a run. */
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** Whether some of the output was dropped. */
  readonly truncated: boolean
}

export interface CommandSession {
  /** Ends when the command has ended. The command waits while nobody reads. Without what the engine says if it cannot run it. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }>
  /** Resolves when the engine has taken it. */
  write(bytes: Uint8Array): Promise<void>
  /** Says that no more input comes. */
  endInput(): void
  resize(size: TerminalSize): Promise<void>
  /** How the command ended; to be called when `output` has ended. @throws EngineError `command_not_found`, `command_not_runnable` */
  exitCode(): Promise<number>
  /**
   * Leaves the session. A command that has not ended is killed with what it began, where the image has `sh` and `grep`:
   * engines know no other way. Elsewhere it loses its input and output, and ends with the run at the latest.
   */
  close(): Promise<void>
}

export const mostProcesses = 1024

export interface RunProcess {
  /** Of Podman and the local engine as the run counts; of a Docker Engine as its machine does. */
  readonly pid: number
  readonly startedAt: Date
  /** 4,096 characters of it. */
  readonly command: string
  readonly directory: string
  /** Percent of one processor, in all the time that it runs. */
  readonly cpu: number
  /** Bytes. */
  readonly memory: number
}

export interface LogOptions {
  /** Only what came after it: the `at` of a line that was read before. */
  readonly after?: string
  /** Only this many lines of what is there. */
  readonly tail?: number
  /** Goes on with what comes, until the run has ended. */
  readonly follow?: boolean
  readonly abort?: AbortSignal
}

export interface LogLine {
  /** RFC 3339, in UTC, with nanoseconds. */
  readonly at: string
  readonly stream: 'stdout' | 'stderr'
  /** Without its end. What is not UTF-8 is replaced. */
  readonly text: string
  /** Whether the line was longer than 64 KiB, and lost its end. */
  readonly truncated: boolean
}
