// Class names put together.

/** What is there of these, with spaces between. */
export function joinClasses(...classes: readonly (string | false | undefined)[]): string {
  return classes.filter((each) => each !== false && each !== undefined && each !== '').join(' ')
}
