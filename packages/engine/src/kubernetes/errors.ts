// Turns what a Kubernetes API server, its nodes and its scheduler say into errors of ours.
import { EngineError, type EngineErrorCode } from '../engine-error.ts'
import { errorOfWords } from '../words-of-engines.ts'

/** A `Status` of Kubernetes, the parts that we read. */
export interface ApiStatus {
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}

/** Of an answer with a status from 300 on. */
export function errorOfAnswer(status: number, text: string): EngineError {
  const { message: words = text.trim(), reason = '' } = statusOfText(text)
  const cause = new Error(`${status} ${reason}: ${words}`)
  const said = quote(words)
  for (const [pattern, code, sentence] of meanings) {
    if (pattern.test(words))
      return new EngineError(
        code,
        sentence.replace('%s', () => said),
        { cause },
      )
  }
  if (status === 404) return new EngineError('run_not_found', `The engine does not know it: ${said}`, { cause })
  if (status === 401)
    return new EngineError('unavailable', 'The engine does not let us in: look at its token', { cause })
  if (status === 403) return new EngineError('unsupported', `The engine does not allow it: ${said}`, { cause })
  if (status === 414 || status === 431) {
    return new EngineError('bad_spec', 'argv must be shorter: a cluster takes about 1 MB', { field: 'argv', cause })
  }
  if (status === 409 && reason === 'AlreadyExists') {
    return new EngineError('name_taken', 'The engine has something of that name already', { cause })
  }
  if (status === 422) return new EngineError('bad_spec', `The engine takes no such spec: ${said}`, { cause })
  // Also a store behind it that is away.
  if ([408, 429, 500, 503, 504].includes(status)) {
    return new EngineError('unavailable', `The engine is not ready: ${said}`, { cause })
  }
  return new EngineError('failed', `The engine refused it: ${said}`, { cause })
}

/** Why a Pod waits, in the words of its node. */
export function errorOfWaiting(reason: string, message: string): EngineError | undefined {
  const words = message === '' ? reason : message
  if (imageReasons.has(reason)) {
    for (const [pattern, code, sentence] of pullMeanings) {
      if (pattern.test(words)) {
        return new EngineError(
          code,
          sentence.replace('%s', () => quote(words)),
          { cause: new Error(words) },
        )
      }
    }
    const error = errorOfWords(words.replace(/^Back-off pulling image "[^"]*":? ?(?:ErrImagePull: )?/, ''))
    if (imageCodes.has(error.code)) return error
    return new EngineError('registry_unreachable', `The image cannot be pulled: ${quote(words)}`, { cause: error })
  }
  if (/will run as root|non-numeric user/.test(words)) {
    const sentence = 'user must be a number other than 0: the cluster runs no machine as root'
    return new EngineError('bad_spec', sentence, { field: 'user', cause: new Error(words) })
  }
  // The files and variables of the run may come a moment later.
  if (reason === 'CreateContainerConfigError' && /secret .*not found|configmap .*not found/.test(words))
    return undefined
  if (reason === 'CreateContainerConfigError' || reason === 'CreateContainerError') return errorOfWords(words)
  return undefined
}

/** Of a command in a Pod that the cluster could not begin: the server's own words about the way to the node, or those of the node. */
export function errorOfCommand(words: string): EngineError {
  if (
    /^(?:Internal error occurred: )?error (?:sending request|dialing backend|trying to reach service)\b/.test(words)
  ) {
    return new EngineError('unavailable', 'The node of the run does not answer', { cause: new Error(words) })
  }
  return errorOfWords(words)
}

/** Why the scheduler finds no node for a Pod, as the Machines API says it. */
export function errorOfScheduler(message: string): EngineError {
  const cause = new Error(message)
  if (/persistentvolumeclaim "[^"]*" (?:not found|is being deleted)/.test(message)) {
    return new EngineError('volume_not_found', 'There is no such volume', { cause })
  }
  const [, what = 'nodes'] = /Insufficient (cpu|memory|ephemeral-storage|pods)/.exec(message) ?? []
  const name = { cpu: 'CPUs', memory: 'memory', 'ephemeral-storage': 'disk', pods: 'nodes' }[what] ?? 'nodes'
  return new EngineError('no_capacity', insufficient(name), { cause })
}

/** The words that clients of the Machines API look for. */
function insufficient(what: string): string {
  return `could not reserve resource for machine: insufficient ${what} available to fulfill request on the current host`
}

/** Of the text of an answer; empty where it is none. */
export function statusOfText(text: string): ApiStatus {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

/** In order: the first that fits. */
const meanings: readonly (readonly [RegExp, EngineErrorCode, string])[] = [
  [/exceeded quota/, 'no_capacity', `${insufficient('quota')}: %s`],
  [/violates PodSecurity/, 'bad_spec', "user or another field breaks the cluster's rules for machines: %s"],
  // The second is its store's word, of which the server says that it has failed.
  [/^Request entity too large|request is too large/, 'bad_spec', 'The configuration is larger than a cluster takes'],
  [/is being terminated|object is being deleted/, 'unavailable', 'The namespace is being removed: %s'],
  [/error looking up service account/, 'unavailable', 'The namespace is not ready yet: %s'],
  [/namespaces "[^"]*" not found/, 'unavailable', 'The namespace is gone: %s'],
  [/persistentvolumeclaims? "[^"]*" not found/, 'volume_not_found', 'There is no such volume'],
  [
    /only dynamically provisioned pvc can be resized/,
    'unsupported',
    'The storage class of the volume does not let it grow',
  ],
]

/** How containerd says it; the others are as of all engines. */
const pullMeanings: readonly (readonly [RegExp, EngineErrorCode, string])[] = [
  [/: not found$|code = NotFound/, 'image_not_found', 'There is no such image: %s'],
  [/authorization failed|insufficient_scope/, 'image_refused', 'The registry refuses to give the image: %s'],
  [/no match for platform/, 'image_unusable', 'The image is not for the nodes: %s'],
]

const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'ImageInspectError',
  'InvalidImageName',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])

const imageCodes = new Set<EngineErrorCode>([
  'image_not_found',
  'image_refused',
  'image_unusable',
  'registry_unreachable',
  'no_space',
])

/** On one line, and shortened. */
export function quote(words: string): string {
  const line = words.replace(/\p{C}+/gu, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
