// The parts of an image, from any source.
import { EngineError } from '../engine-error.ts'

/** Where an image comes from. */
export interface ImageSource {
  /** Of its manifest in a registry. */
  readonly digest: string | undefined
  /** JSON, with `sha256:…` of it for its id. */
  readonly config: Buffer
  /** In the order of the configuration, the lowest first. */
  readonly layers: readonly LayerSource[]
}

export interface LayerSource {
  /** As it is stored; undefined where that is not known. */
  readonly size: number | undefined
  open(): Promise<AsyncIterable<Uint8Array>>
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw unusable('what describes it is no JSON')
  }
}

export function unusable(why: string): EngineError {
  return new EngineError('image_unusable', `The image cannot be used: ${why}`)
}

/** As images name the processor. */
export const platform = process.arch === 'x64' ? 'amd64' : process.arch
