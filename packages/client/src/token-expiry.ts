// The header of answers that says when the token of the request ends.

/** RFC 3339, in answers to a token that ends within seven days. */
export const expiryHeader = 'hallpass-token-expires'
