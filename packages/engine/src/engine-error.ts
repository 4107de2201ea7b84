// The one error of an engine: a code for programs, a sentence for people, and what the engine itself said as the cause.

export type EngineErrorCode =
  /** No registry that was asked has the image; or it is not here yet: `pullImage` fetches it. */
  | 'image_not_found'
  /** The registry wants other credentials. */
  | 'image_refused'
  /** The reference is not one, or the image is for another kind of processor. */
  | 'image_unusable'
  | 'registry_unreachable'
  /** The run id was used before, with another spec. */
  | 'run_exists'
  /** Somebody else has something of that name in the engine. */
  | 'name_taken'
  /** No private network can be made any more: the engine's addresses are used up. */
  | 'no_addresses'
  | 'run_not_found'
  /** The run has not started or has ended: there is nothing to signal, pause or execute in. */
  | 'not_running'
  | 'volume_not_found'
  /** A run has the volume. */
  | 'volume_in_use'
  /** The command is not in the image. */
  | 'command_not_found'
  /** The command is in the image, and cannot be run: it is no program, or may not be executed. */
  | 'command_not_runnable'
  /** A field of the request has a wrong value: `field` names it. */
  | 'bad_spec'
  /** The engine cannot do it, or cannot enforce it; `capabilities` says so before. */
  | 'unsupported'
  /** The engine does not keep the networks of organizations apart. */
  | 'not_isolated'
  | 'no_space'
  /** No machine of the engine has room for the run, or the tenant may not have more. */
  | 'no_capacity'
  /** There is no engine at the address, it went away, or it does not let us in. */
  | 'unavailable'
  /** The engine, the registry or the command took longer than it may. */
  | 'timeout'
  /** The engine refused for a reason that is none of these; the sentence quotes it. */
  | 'failed'

export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  /** The field of the spec or the options that is wrong, if there is one. */
  readonly field: string | undefined

  constructor(
    code: EngineErrorCode,
    sentence: string,
    options: { readonly field?: string; readonly cause?: unknown } = {},
  ) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.field = options.field
  }
}

// What several engines and calls refuse, in the same words.

export function noRun(runId: string): EngineError {
  return new EngineError('run_not_found', `There is no run ${runId} in the engine`)
}

export function notRunning(runId: string): EngineError {
  return new EngineError('not_running', `The run ${runId} is not running`)
}

export function noMoreInput(cause: Error): EngineError {
  return new EngineError('not_running', 'The command takes no input any more', { cause })
}

export function noVolume(volumeId: string): EngineError {
  return new EngineError('volume_not_found', `There is no volume ${volumeId} in the engine`)
}
