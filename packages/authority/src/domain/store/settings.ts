// The store's contract: named values of the installation.

export interface SettingReads {
  get(name: string): Promise<string | undefined>
}

export interface SettingWrites extends SettingReads {
  set(name: string, value: string): Promise<void>
}
