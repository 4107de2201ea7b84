// The configuration of a machine: the parts that matter here. The door has checked it.
import type { Caveat } from '@hallpass/macaroon'
import { caveatsFromJSON } from '@hallpass/macaroon/json'

import type { Machine } from './machine.ts'

/** Other keys are kept and shown as they came. */
export interface MachineConfig {
  readonly image: string
  readonly init?: {
    readonly exec?: readonly string[]
    readonly entrypoint?: readonly string[]
    readonly cmd?: readonly string[]
  }
  readonly env?: Readonly<Record<string, string>>
  readonly guest?: { readonly cpu_kind?: string; readonly cpus?: number; readonly memory_mb?: number }
  readonly services?: readonly unknown[]
  readonly files?: readonly {
    readonly guest_path?: string
    /** Base64. */
    readonly raw_value?: string
    readonly secret_name?: string
    readonly mode?: number
  }[]
  /** At most one. */
  readonly mounts?: readonly MachineMount[]
  readonly restart?: { readonly policy?: string; readonly max_retries?: number }
  readonly auto_destroy?: boolean
  readonly metadata?: Readonly<Record<string, string>>
  /** Present if the machine has a token of its own: its caveats, in the JSON of superfly/macaroon. */
  readonly token?: { readonly caveats?: readonly unknown[] | undefined }
  /** A Go duration. */
  readonly stop_config?: { readonly signal?: string; readonly timeout?: string }
  readonly [key: string]: unknown
}

/** A volume and its path. A stored configuration has the volume's id. */
export interface MachineMount {
  readonly volume?: string
  readonly name?: string
  readonly path?: string
  readonly [key: string]: unknown
}

/** Reads a stored configuration. */
export function readConfig(stored: string): MachineConfig {
  return JSON.parse(stored) as MachineConfig
}

/** The stored form: metadata apart, because they change without a new version. */
export function storeConfig({ metadata = {}, ...config }: MachineConfig): {
  readonly config: string
  readonly metadata: string
} {
  return { config: JSON.stringify(config), metadata: JSON.stringify(metadata) }
}

/** The reference of the image that the machine waits for; null if the driver has nothing to pull for it. */
export function awaitedImage({
  state,
  image,
  dueAt,
  startedAt,
  config,
}: Pick<Machine, 'state' | 'image' | 'dueAt' | 'startedAt' | 'config'>): string | null {
  if (image !== null || dueAt === null) return null
  const isPrepared = state === 'created' || state === 'replacing'
  const isBegun = (state === 'starting' || state === 'restarting') && startedAt === null
  return isPrepared || isBegun ? readConfig(config).image : null
}

export function readMetadata(stored: string): Readonly<Record<string, string>> {
  return JSON.parse(stored) as Record<string, string>
}

/** The caveats that narrow the machine's own token; undefined if it is to have none. */
export function readTokenCaveats({ token }: MachineConfig): readonly Caveat[] | undefined {
  return token && caveatsFromJSON(JSON.stringify(token.caveats ?? []))
}
