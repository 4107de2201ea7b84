// The variables that a command is run with.

export type Environment = Readonly<Record<string, string | undefined>>
