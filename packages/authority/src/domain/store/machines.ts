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
  /** Those whose driver must act by now, the longest due first. */
  due(now: number, limit: number): Promise<readonly Machine[]>
  /** When the driver must act next after this; undefined if never. */
  nextDue(after: number): Promise<number | undefined>
  /** The newest first. */
  events(machineId: string, limit: number): Promise<readonly MachineEvent[]>
  /** The newest first. */
  versions(machineId: string, limit: number): Promise<readonly MachineVersion[]>
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
