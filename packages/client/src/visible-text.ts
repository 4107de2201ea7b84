// Which characters people see: names from strangers must not mislead.

/**
 * What leaves no mark of its own, or changes how other text is read: control and format characters (bidirectional ones among
 * them), what Unicode says may be ignored (zero-width spaces, fillers, variation selectors, tags), the line separators,
 * halves of surrogate pairs, what is no character, and signs that are drawn as nothing: the Braille pattern without a dot,
 * what stands for an object, a note without a head, blanks between hieroglyphs and in Khitan.
 */
const unseen =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\ufffc\u{1d159}\u{13441}\u{13442}\u{16fe4}]/u
const unseenRun = new RegExp(`${unseen.source}+`, 'gu')
/** A joiner between two pictures, as in the picture of a family, and the selector that colours a picture. */
const pictureJoint = /(?<=\p{Extended_Pictographic}\ufe0f?)(?:\u200d(?=\p{Extended_Pictographic})|\ufe0f)/u
const keepsPictures = new RegExp(`${pictureJoint.source}|(${unseen.source}|(?<=\\p{M}{4})\\p{M})`, 'gu')

/** Calls `replace` for each character that is not seen, and for marks heaped on one letter past the fourth. */
export function replaceUnseen(text: string, replace: (character: string) => string): string {
  return text.replace(keepsPictures, (found: string, character: string | undefined) =>
    character === undefined ? found : replace(character),
  )
}

/** The text as it may be shown beside other text: in one line, without invisible characters. */
export function cleanse(text: string): string {
  return replaceUnseen(text, (character) => (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(character) ? ' ' : ''))
}

/** The text with the characters that are invisible, or change how other text is read, written as `\u{1b}`. */
export function printable(text: string): string {
  return replaceUnseen(text, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** Whether it has an invisible character. */
export function hasUnseen(text: string): boolean {
  return cleanse(text) !== text
}

/** Whether it has a visible character: a letter, a digit, a sign. */
export function isVisible(text: string): boolean {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(text.replaceAll(unseenRun, ''))
}

/** Whether it turns the direction of the text that stands around it. */
export function turnsDirection(text: string): boolean {
  return /[\u202a-\u202e\u2066-\u2069]/u.test(text)
}
