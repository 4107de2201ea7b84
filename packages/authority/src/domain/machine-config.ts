// The configuration of a machine: the parts that decide something here. The door has checked it.
import type { Caveat } from '@hallpass/macaroon'
import { caveatsFromJSON } from '@hallpass/macaroon/json'

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
  /** One at most. */
  readonly mounts?: readonly MachineMount[]
  readonly restart?: { readonly policy?: string; readonly max_retries?: number }
  readonly auto_destroy?: boolean
  readonly metadata?: Readonly<Record<string, string>>
  /** Of a machine with a token of its own: caveats in the JSON of superfly/macaroon. */
  readonly token?: { readonly caveats?: readonly unknown[] | undefined }
  /** A Go duration. */
  readonly stop_config?: { readonly signal?: string; readonly timeout?: string }
  readonly [key: string]: unknown
}

/** A volume and its place. What the store keeps names the volume. */
export interface MachineMount {
  readonly volume?: string
  readonly name?: string
  readonly path?: string
  readonly [key: string]: unknown
}

/** A configuration that the store kept. */
export function readConfig(stored: string): MachineConfig {
  return JSON.parse(stored) as MachineConfig
}

/** What the store keeps: metadata change without a new version, so they have a place of their own. */
export function storeConfig({ metadata = {}, ...config }: MachineConfig): {
  readonly config: string
  readonly metadata: string
} {
  return { config: JSON.stringify(config), metadata: JSON.stringify(metadata) }
}

export function readMetadata(stored: string): Readonly<Record<string, string>> {
  return JSON.parse(stored) as Record<string, string>
}

/** What the machine's own token is narrowed by; undefined if it shall have none. */
export function readTokenCaveats({ token }: MachineConfig): readonly Caveat[] | undefined {
  return token && caveatsFromJSON(JSON.stringify(token.caveats ?? []))
}
