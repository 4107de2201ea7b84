// What the errors of an engine mean for a machine, and for the caller of a request.
import { EngineError } from '@hallpass/engine'

import { DomainError } from '../domain/errors.ts'

const usualTries = 3

/** The errors that are worth another try, and the number of tries. */
const tries: Partial<Record<EngineError['code'], number>> = {
  unavailable: Infinity,
  timeout: Infinity,
  registry_unreachable: 3,
  no_addresses: 3,
  no_space: 3,
  no_capacity: usualTries,
  failed: usualTries,
  run_exists: usualTries,
  // The earlier run still has it, and is being removed.
  volume_in_use: usualTries,
  // The image is pulled again.
  image_not_found: 1,
}

/** Whether it is tried again after so many failures. */
export function isRetried(error: unknown, failures: number): boolean {
  return failures <= (error instanceof EngineError ? (tries[error.code] ?? 0) : usualTries)
}

/** Whether it says nothing of the machine: such failures are not counted. */
export function isEndless(error: unknown): boolean {
  return error instanceof EngineError && tries[error.code] === Infinity
}

export function isOf(error: unknown, ...codes: readonly EngineError['code'][]): boolean {
  return error instanceof EngineError && codes.includes(error.code)
}

/** What the fields of a run are to people: the engine's sentences about a field begin with its name. */
const places: Readonly<Record<string, string>> = {
  volumes: 'config.mounts',
  files: 'config.files',
  sharedFolder: 'the folder /.fly of its own token',
}

/** The engine's sentence about why a machine cannot run, in the words of its configuration. */
export function explainTrouble(sentence: string): string {
  return sentence.replace(/^\w+(?= must )/, (field) => places[field] ?? field)
}

/** The error for the caller of a request. */
export function forCaller(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error
  const { code, message } = error
  if (code === 'run_not_found' || code === 'not_running') {
    return new DomainError('failed_precondition', 'failed_precondition: machine is not running', { cause: error })
  }
  if (code === 'command_not_found' || code === 'command_not_runnable') {
    return new DomainError(code, message, { cause: error })
  }
  if (code === 'bad_spec') return new DomainError('invalid', message, { cause: error })
  if (code === 'timeout') {
    return new DomainError('deadline_exceeded', `deadline_exceeded: ${message}`, { cause: error })
  }
  const sentence = code === 'unavailable' ? 'the engine that runs machines does not answer: try again later' : message
  return new DomainError('engine_unavailable', sentence, { cause: error })
}
