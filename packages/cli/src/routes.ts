// How commands are declared.
import type { Context } from './context.ts'

/** A command as the parser calls it, out of a function that is given its context like any other argument. */
export function withContext<Flags, Words extends readonly unknown[]>(
  command: (context: Context, flags: Flags, ...words: Words) => Promise<void>,
) {
  return function run(this: Context, flags: Flags, ...words: Words): Promise<void> {
    return command(this, flags, ...words)
  }
}

/** The same names, in an object that knows no others: a plain one would have a command called `constructor`. */
export function withoutInheritance<Routes extends object>(routes: Routes): Routes {
  return Object.assign(Object.create(null), routes)
}
