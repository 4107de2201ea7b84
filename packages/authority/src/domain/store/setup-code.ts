// The store's contract: the setup code for the first account.
import type { SetupCode } from '../user.ts'

export interface SetupCodeReads {
  get(): Promise<SetupCode | undefined>
}

export interface SetupCodeWrites extends SetupCodeReads {
  /** Replaces any earlier code. */
  replace(code: SetupCode): Promise<void>
  delete(): Promise<void>
}
