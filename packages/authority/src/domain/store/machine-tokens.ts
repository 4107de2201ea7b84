// The store's contract: machines' own tokens.

interface MachineToken {
  readonly tokenId: string
  /** The token as it was minted. Nobody gets it in this form. */
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
  /** Revokes the machine's token and removes it from here, if it has one. */
  end(machineId: string, at: number, by: string): Promise<void>
}
