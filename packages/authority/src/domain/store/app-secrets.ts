// The store's contract: secrets of apps, sealed.

export interface AppSecret {
  readonly name: string
  /** What tells values apart without telling them. */
  readonly digest: string
  /** The value, sealed by the keyring. */
  readonly sealed: Uint8Array
  readonly createdAt: number
  readonly updatedAt: number
}

export interface AppSecretReads {
  /** By name. */
  ofApp(appId: number): Promise<readonly AppSecret[]>
  byName(appId: number, name: string): Promise<AppSecret | undefined>
  /** Counts up with every change; 0 if there was none. */
  version(appId: number): Promise<number>
}

export interface AppSecretWrites extends AppSecretReads {
  /** Stores one, in the place of one of this name, whose creation it keeps. */
  set(appId: number, secret: AppSecret): Promise<void>
  /** Returns whether there was one. */
  delete(appId: number, name: string): Promise<boolean>
  /** Counts one change more, and returns the version. */
  countChange(appId: number): Promise<number>
}
