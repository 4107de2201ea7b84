// The store's contract: secrets of apps, sealed.

export interface AppSecret {
  readonly name: string
  /** Differs between values without revealing them. */
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
  /** Stores it. If there is one of this name, it is replaced, except for its time of creation. */
  set(appId: number, secret: AppSecret): Promise<void>
  /** Returns whether there was one. */
  delete(appId: number, name: string): Promise<boolean>
  /** Counts one more change, and returns the version. */
  countChange(appId: number): Promise<number>
}
