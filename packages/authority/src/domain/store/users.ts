// The store's contract: people, by id and by address.
import type { AddressProof, ListedUser, User, UserWithPassword } from '../user.ts'

export interface UserReads {
  byId(id: number): Promise<User | undefined>
  byEmail(email: string): Promise<UserWithPassword | undefined>
  /** The user's stored password hash; null if there is none, undefined if there is no user. */
  passwordHash(id: number): Promise<string | null | undefined>
  /** Whether there is any account. */
  exist(): Promise<boolean>
  /** All users, by address. */
  list(): Promise<readonly ListedUser[]>
}

export interface UserWrites extends UserReads {
  insert(user: Omit<UserWithPassword, 'id'> & { readonly emailProvenBy: AddressProof | null }): Promise<User>
  setPasswordHash(id: number, hash: string | null): Promise<void>
  prove(id: number, at: number, by: AddressProof): Promise<void>
  /**
   * From then on nobody finds the account, and its address is free. What was made in its name stays and names nobody.
   */
  delete(id: number, at: number): Promise<void>
}
