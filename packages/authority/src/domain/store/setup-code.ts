// The store's contract: the code of the first account.
import type { SetupCode } from '../user.ts'

export interface SetupCodeReads {
  get(): Promise<SetupCode | undefined>
}

export interface SetupCodeWrites extends SetupCodeReads {
  /** In the place of any earlier one. */
  replace(code: SetupCode): Promise<void>
  delete(): Promise<void>
}
