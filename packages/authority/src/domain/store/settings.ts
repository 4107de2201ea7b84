// The store's contract: what an installation remembers by name.

export interface SettingReads {
  get(name: string): Promise<string | undefined>
}

export interface SettingWrites extends SettingReads {
  set(name: string, value: string): Promise<void>
}
