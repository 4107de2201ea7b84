// The store's contract: the own tokens of machines.

interface MachineToken {
  readonly tokenId: string
  /** The token as it was minted, which nobody is given. */
  readonly sealed: Uint8Array
}

export interface MachineTokenReads {
  /** Undefined if the machine has none. It may be revoked. */
  of(machineId: string): Promise<MachineToken | undefined>
  /** Ids of machines that have one, in order, after this id. */
  machines(limit: number, after: string): Promise<readonly string[]>
}

export interface MachineTokenWrites extends MachineTokenReads {
  set(machineId: string, token: MachineToken): Promise<void>
  /** Revokes the machine's token and forgets it; nothing if it has none. */
  end(machineId: string, at: number, by: string): Promise<void>
}
