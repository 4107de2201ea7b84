// The store's contract: people, by id and by address.
import type { AddressProof, ListedUser, User, UserWithPassword } from '../user.ts'

export interface UserReads {
  byId(id: number): Promise<User | undefined>
  byEmail(email: string): Promise<UserWithPassword | undefined>
  /** The stored password of the user; null where there is none, and undefined where there is no user. */
  passwordHash(id: number): Promise<string | null | undefined>
  /** Whether there is any account yet. */
  exist(): Promise<boolean>
  /** All of them, by address. */
  list(): Promise<readonly ListedUser[]>
}

export interface UserWrites extends UserReads {
  insert(user: Omit<UserWithPassword, 'id'> & { readonly emailProvenBy: AddressProof | null }): Promise<User>
  setPasswordHash(id: number, hash: string | null): Promise<void>
  prove(id: number, at: number, by: AddressProof): Promise<void>
  /** Nobody finds it from then on, and its address is free; what was made in its name goes on naming nobody. */
  delete(id: number, at: number): Promise<void>
}
