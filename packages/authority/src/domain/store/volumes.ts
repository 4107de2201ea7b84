// The store's contract: volumes of apps.
import type { Volume } from '../volume.ts'

export interface VolumeReads {
  byId(id: string): Promise<Volume | undefined>
  /** The first by id, after this id; without those that are destroyed. */
  ofApp(appId: number, query: VolumeQuery): Promise<readonly Volume[]>
  ofOrganisation(organisationId: number, query: VolumeQuery): Promise<readonly Volume[]>
  /** The oldest of this name that no machine has. */
  freeOfName(appId: number, name: string): Promise<Volume | undefined>
  /** Those whose driver must act by now, the longest due first. */
  due(now: number, limit: number): Promise<readonly Volume[]>
  /** When the driver must act next after this; undefined if never. */
  nextDue(after: number): Promise<number | undefined>
  /** Whether any were destroyed before that time. */
  hasDestroyed(before: number): Promise<boolean>
}

export interface VolumeQuery {
  readonly limit: number
  readonly after?: string
}

export interface VolumeWrites extends VolumeReads {
  insert(volume: Volume): Promise<void>
  /** Stores a volume again, except its id, name, region, app and creation, which never change. */
  save(volume: Volume): Promise<void>
  /** Frees the volumes of a machine of which nothing is left. */
  release(machineId: string, now: number): Promise<void>
  /** Destroys all volumes of an app: the driver removes each once no machine has it. */
  destroyOfApp(appId: number, now: number): Promise<void>
  destroyOfOrganisation(organisationId: number, now: number): Promise<void>
  /** Removes up to a few dozen that were destroyed before. Returns whether there may be more. */
  deleteDestroyed(before: number): Promise<boolean>
}
