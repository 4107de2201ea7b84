// The store's contract: machines of apps, with their versions and events.
import type { Machine, MachineEvent, MachineVersion } from '../machine.ts'

export interface MachineReads {
  byId(id: string): Promise<Machine | undefined>
  /** The first by id, after this id. */
  ofApp(appId: number, query: MachineQuery): Promise<readonly Machine[]>
  ofOrganisation(organisationId: number, query: MachineQuery): Promise<readonly Machine[]>
  /** Machines of all organisations, for the driver; destroyed ones only if asked for. */
  page(query: MachineQuery): Promise<readonly Machine[]>
  /** Whether any were destroyed before that time. */
  hasDestroyed(before: number): Promise<boolean>
  /** The first organisations by id, after this id, whose driver must act by now for machines that wait for no image. */
  organisationsDue(after: number, now: number, limit: number): Promise<readonly number[]>
  /** The ids of such machines of an organisation; the longest due first. */
  due(organisationId: number, now: number, limit: number): Promise<readonly string[]>
  /** The ids of those that wait for this image, and whose driver must act by now; the longest due first. */
  dueForImage(image: AwaitedImage, now: number, limit: number): Promise<readonly string[]>
  /** The first organisations by id, after this id, whose machines wait for images. */
  organisationsAwaiting(after: number, limit: number): Promise<readonly number[]>
  /** The first images by reference, after this reference, that an organisation waits for; and when it must be pulled. */
  imagesAwaited(
    organisationId: number,
    after: string,
    limit: number,
  ): Promise<readonly { readonly reference: string; readonly dueAt: number }[]>
  /** When the driver must act next after this; undefined if never. */
  nextDue(after: number): Promise<number | undefined>
  /** The newest first. */
  events(machineId: string, limit: number): Promise<readonly MachineEvent[]>
  /** The newest first. */
  versions(machineId: string, limit: number): Promise<readonly MachineVersion[]>
}

/** An image that machines of an organisation wait for. */
export interface AwaitedImage {
  readonly organisationId: number
  readonly reference: string
}

export interface MachineQuery {
  readonly limit: number
  readonly after?: string
  readonly withDestroyed?: boolean
  /** Only those that changed after this. */
  readonly updatedAfter?: number
}

export interface MachineWrites extends MachineReads {
  /**
   * Stores a new machine, its version and its first events.
   * @throws DomainError `name_taken`
   */
  insert(machine: Machine, events: readonly MachineEvent[]): Promise<void>
  /**
   * Stores a machine again, except its id, name, region, app, creation and run labels, which never change; and its new events,
   * of which the newest hundred are kept. If the machine is destroyed, its own token ends.
   */
  save(machine: Machine, events: readonly MachineEvent[]): Promise<void>
  /** Keeps the newest hundred of a machine. */
  addVersion(machineId: string, version: MachineVersion): Promise<void>
  /** Destroys all machines of an app: the driver removes them from the engine. */
  destroyOfApp(appId: number, now: number): Promise<void>
  destroyOfOrganisation(organisationId: number, now: number): Promise<void>
  /** Removes up to a few dozen that were destroyed before, with their versions and events. Returns whether there may be more. */
  deleteDestroyed(before: number): Promise<boolean>
}
