// A rule of `/authorize`: which access a request takes, by its method, host and path.
import type { AskedAccess } from '@hallpass/client'

/** The fields of an access that a rule may set. The action is always fixed, and what is said of the client comes from the proxy. */
export const fields = [
  'org_slug',
  'app_name',
  'org_feature',
  'app_feature',
  'volume_id',
  'machine_id',
  'machine_feature',
  'mutation',
  'storage_object',
] as const satisfies readonly (keyof AskedAccess)[]

type FieldName = (typeof fields)[number]

/** What a rule asks for. */
export type RuleAccess = { readonly action: string } & { readonly [Name in FieldName]?: string }

/** A part of a path: a text, any one segment, or any one that is called by this name. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any'; readonly name: string | undefined }

export interface Rule {
  /** In lower case; `*.` stands for one label. Undefined for every host. */
  readonly hosts: ReadonlySet<string> | undefined
  /** Undefined for every method. */
  readonly methods: ReadonlySet<string> | undefined
  readonly path: readonly Part[]
  /** Whether any more segments may follow. */
  readonly isOpen: boolean
  readonly action: string
  readonly fields: readonly RuleField[]
}

/** A field of the access with its text, or with the name of a part of the path. */
export interface RuleField {
  readonly name: FieldName
  readonly text?: string
  readonly part?: string
}
