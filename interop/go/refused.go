package main

import (
	"encoding/base64"
	"slices"
	"strings"
)

// spelling is a macaroon written by hand, part by part, in hexadecimal; every part has a decent default.
type spelling struct {
	head, nonce, location, count, tail, trailing string
	caveats                                      []string
	// signed is what the tail covers, where that is another spelling than the one on the wire.
	signed []string
}

const (
	goodNonce    = "93 c4026b31 c41000000000000000000000000000000000 c2"
	goodLocation = "a161"
	goodCaveat   = "00 920c1f"
)

// wire puts the parts together. The tail covers the caveats as they are spelt, so that whoever hashes what came over the
// wire finds nothing wrong; Go hashes what it would have written itself.
func (s spelling) wire(key []byte) []byte {
	if s.caveats == nil {
		s.caveats = []string{goodCaveat}
	}
	nonce := fromHex(or(s.nonce, goodNonce))
	tail := sign(key, nonce)
	if s.signed == nil {
		s.signed = s.caveats
	}
	for _, caveat := range s.signed {
		tail = sign(tail, append([]byte{0x92}, fromHex(caveat)...))
	}
	count := s.count
	if count == "" {
		count = toHex(arrayHead(2 * len(s.caveats)))
	}
	parts := [][]byte{fromHex(or(s.head, "94")), nonce, fromHex(or(s.location, goodLocation)), fromHex(count)}
	for _, caveat := range s.caveats {
		parts = append(parts, fromHex(caveat))
	}
	written := append([]byte{0xc4, 0x20}, tail...)
	switch s.tail {
	case "":
	case "short":
		written = append([]byte{0xc4, 31}, tail[:31]...)
	case "long":
		written = append(append([]byte{0xc4, 33}, tail...), 0)
	case "wide":
		written = append([]byte{0xc5, 0, 0x20}, tail...)
	case "text":
		written = append([]byte{0xd9, 0x20}, tail...)
	default:
		written = fromHex(s.tail)
	}
	parts = append(parts, written, fromHex(s.trailing))
	return slices.Concat(parts...)
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

func arrayHead(n int) []byte {
	if n < 16 {
		return []byte{0x90 | byte(n)}
	}
	return []byte{0xdc, byte(n >> 8), byte(n)}
}

func repeat(caveat string, n int) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(caveat+",", n), ","), ",")
}

func caveatsOf(list ...string) spelling { return spelling{caveats: list} }

func nestedHex(depth int) string {
	inner := "1a 01"
	for ; depth > 0; depth-- {
		inner = "0d 92 92 " + inner + " 01"
	}
	return inner
}

// refusedVectors are macaroons that we refuse to decode, with the code that we give and with what Go makes of them.
func refusedVectors() []any {
	key := keyOf("refused")
	var out []any
	put := func(name, code string, wire []byte, verdict string) {
		out = append(out, map[string]any{
			"name": name, "code": code, "token": base64.StdEncoding.EncodeToString(wire), "go": verdict,
		})
	}
	add := func(name, code string, s spelling) {
		wire := s.wire(key)
		put(name, code, wire, goVerdict(wire, key))
	}
	const malformed, spelt = "malformed", "not-canonical"

	add("a byte behind the end", malformed, spelling{trailing: "00"})
	add("a macaroon behind the end", malformed, spelling{trailing: "94"})
	add("outer array of three", malformed, spelling{head: "93"})
	add("outer array of five", malformed, spelling{head: "95", trailing: "c0"})
	add("outer array spelt long", spelt, spelling{head: "dc0004"})
	add("outer map", malformed, spelling{head: "84"})
	add("outer nil", malformed, spelling{head: "c0"})

	add("nonce of one field", malformed, spelling{nonce: "91 c4026b31"})
	add("nonce of four fields", malformed, spelling{nonce: "94 c4026b31 c401ff c2 c2"})
	add("nonce nil", malformed, spelling{nonce: "c0"})
	add("nonce spelt long", spelt, spelling{nonce: "dc0003 c4026b31 c401ff c2"})
	add("kid as text", malformed, spelling{nonce: "93 a26b31 c401ff c2"})
	add("kid spelt long", spelt, spelling{nonce: "93 c500026b31 c401ff c2"})
	add("kid longer than the rest", malformed, spelling{nonce: "93 c6ffffffff6b31 c401ff c2"})
	add("proof nil", malformed, spelling{nonce: "93 c4026b31 c401ff c0"})
	add("proof as number", malformed, spelling{nonce: "93 c4026b31 c401ff 00"})

	add("location nil", malformed, spelling{location: "c0"})
	add("location as bytes", malformed, spelling{location: "c40161"})
	add("location spelt long", spelt, spelling{location: "d90161"})
	add("location not UTF-8", malformed, spelling{location: "a1ff"})
	add("location with half a surrogate pair", malformed, spelling{location: "a3eda080"})
	add("location with overlong slash", malformed, spelling{location: "a2c0af"})
	add("location beyond Unicode", malformed, spelling{location: "a4f4908080"})

	add("caveats nil", malformed, spelling{count: "c0", caveats: []string{}})
	add("caveats odd", malformed, spelling{count: "91"})
	add("caveats spelt long", spelt, spelling{count: "dc0002"})
	add("caveats spelt longer", spelt, spelling{count: "dd00000002"})
	// Go allocates as many caveats as are announced, and dies of it; so it is not asked.
	put("caveats of four thousand million", malformed, spelling{count: "ddfffffffe"}.wire(key), "exhausts memory")
	add("caveats as map", malformed, spelling{count: "81"})

	add("tail of 31", malformed, spelling{tail: "short"})
	add("tail of 33", malformed, spelling{tail: "long"})
	add("tail spelt long", spelt, spelling{tail: "wide"})
	add("tail as text", malformed, spelling{tail: "text"})
	add("tail nil", malformed, spelling{tail: "c0"})
	add("tail empty", malformed, spelling{tail: "c400"})

	add("caveat number spelt long", spelt, caveatsOf("cc00 920c1f"))
	add("caveat number signed", malformed, caveatsOf("d000 920c1f"))
	add("caveat number negative", malformed, caveatsOf("ff 920c1f"))
	add("caveat number nil", malformed, caveatsOf("c0 920c1f"))
	add("caveat number as text", malformed, caveatsOf("a130 920c1f"))
	add("caveat number as float", malformed, caveatsOf("cb0000000000000000 920c1f"))

	add("organization nil", malformed, caveatsOf("00 c0"))
	add("organization empty", malformed, caveatsOf("00 90"))
	add("organization of one", malformed, caveatsOf("00 910c"))
	add("organization of three", malformed, caveatsOf("00 930c1f01"))
	add("organization as map", malformed, caveatsOf("00 82 a24944 0c a44d61736b 1f"))
	add("organization id spelt long", spelt, caveatsOf("00 92cc0c1f"))
	add("organization id spelt in 64 bits", spelt, caveatsOf("00 92cf000000000000000c1f"))
	add("organization id negative", malformed, caveatsOf("00 92ff1f"))
	add("organization id nil", malformed, caveatsOf("00 92c01f"))
	add("organization mask of 17 bits", malformed, caveatsOf("00 920cce0001001f"))
	add("organization mask spelt long", spelt, caveatsOf("00 920ccc1f"))

	add("apps not in order", spelt, caveatsOf("03 91 82 0901 0701"))
	add("apps twice", spelt, caveatsOf("03 91 82 0701 071f"))
	add("apps spelt long", spelt, caveatsOf("03 91 de0001 0701"))
	add("apps id as text", malformed, caveatsOf("03 91 81 a13701"))
	add("apps as list", malformed, caveatsOf("03 91 92 0701"))
	add("apps not wrapped", malformed, caveatsOf("03 81 0701"))
	add("apps behind an extension", malformed, caveatsOf("03 91 c70001 81 0701"))
	add("apps of two thousand million", malformed, caveatsOf("03 91 df7fffffff 0701"))
	add("machines not in order", spelt, caveatsOf("07 91 82 a16201 a16101"))
	add("machines twice", spelt, caveatsOf("07 91 82 a16101 a16101"))
	add("machines, longer before shorter", spelt, caveatsOf("07 91 82 a2616101 a16101"))
	add("machines in the order of UTF-16", spelt, caveatsOf("07 91 82 a4f09f988001 a3efbfbf01"))
	add("machines id not UTF-8", malformed, caveatsOf("07 91 81 a1ff01"))
	add("machines id as bytes", malformed, caveatsOf("07 91 81 c4016101"))
	add("machines id spelt long", spelt, caveatsOf("07 91 81 d9016101"))

	add("window beyond signed 64 bits", malformed, caveatsOf("04 9200 cfffffffffffffffff"))
	add("window with a positive number signed", spelt, caveatsOf("04 92d00500"))
	add("window with -1 spelt long", spelt, caveatsOf("04 92d0ff00"))
	add("window with -1 in 64 bits", spelt, caveatsOf("04 92d3ffffffffffffffff00"))
	add("window with -128 in 16 bits", spelt, caveatsOf("04 92d1ff8000"))
	add("window with -32768 in 32 bits", spelt, caveatsOf("04 92d2ffff800000"))
	add("window as float", malformed, caveatsOf("04 92cb3ff000000000000000"))

	add("member nil", malformed, caveatsOf("16 c0"))
	add("member as map", malformed, caveatsOf("16 80"))
	add("member of one", malformed, caveatsOf("16 91c0"))
	add("roles of 33 bits", malformed, caveatsOf("1e cf0000000100000000"))
	add("action nil", malformed, caveatsOf("1a c0"))
	add("action of 17 bits", malformed, caveatsOf("1a ce00010000"))
	add("action number spelt wrongly", spelt, caveatsOf("cc1a 01"))
	add("mutations as bytes", malformed, caveatsOf("06 91 91 c40161"))
	add("mutations not wrapped", malformed, caveatsOf("06 91 a161"))
	add("mutations with nil inside", malformed, caveatsOf("06 91 91 c0"))
	add("commands with exact nil", malformed, caveatsOf("1b 91 92 91a161 c0"))
	add("commands with one field", malformed, caveatsOf("1b 91 91 91a161"))
	add("commands with nil inside", malformed, caveatsOf("1b 91 c0"))
	add("google user of 33 bytes", malformed, caveatsOf("19 c421"+strings.Repeat("01", 33)))
	add("google user with leading zero", spelt, caveatsOf("19 c4020001"))

	add("confine user not wrapped", malformed, caveatsOf("08 07"))
	add("confine user of two", malformed, caveatsOf("08 920707"))
	add("confine organization spelt long", spelt, caveatsOf("09 91cc07"))
	add("confine google domain as bytes", malformed, caveatsOf("13 c40161"))
	add("confine google domain nil", malformed, caveatsOf("13 c0"))
	add("confine github organization wrapped", malformed, caveatsOf("14 9107"))
	add("max validity signed", malformed, caveatsOf("15 d005"))
	add("is user empty", malformed, caveatsOf("0a 90"))
	add("machine features not in order", spelt, caveatsOf("0e 91 82 a16201 a16101"))
	add("app features not wrapped", malformed, caveatsOf("1c 81 a16101"))
	add("storage objects twice", spelt, caveatsOf("1d 91 82 a16101 a16101"))
	add("storage objects not UTF-8", malformed, caveatsOf("1d 91 81 a1ff01"))
	add("from machine not wrapped", malformed, caveatsOf("0f a161"))
	add("fly src of two", malformed, caveatsOf("1f 92 a161 a162"))
	add("fly src nil inside", malformed, caveatsOf("1f 93 a161 c0 a162"))

	add("if present odd inside", malformed, caveatsOf("0d 92 91 1a 01"))
	add("if present without else", malformed, caveatsOf("0d 91 92 1a 01"))
	add("if present, nine deep", "too-deep", caveatsOf(nestedHex(9)))
	add("if present, a thousand deep", "too-deep", caveatsOf(nestedHex(1000)))
	add("257 caveats", "too-many", caveatsOf(repeat("1a 01", 257)...))
	add("256 caveats and one inside", "too-many", caveatsOf(append(repeat("1a 01", 255), "0d 92 92 1a 01 01")...))

	// Where the tail covers the canonical spelling, Go is content with any other on the wire.
	add("organization as map, signed as it should be", malformed, spelling{caveats: []string{"00 82 a24944 0c a44d61736b 1f"}, signed: []string{"00 920c1f"}})
	add("organization id spelt long, signed as it should be", spelt, spelling{caveats: []string{"00 92cc0c1f"}, signed: []string{"00 920c1f"}})
	add("apps not in order, signed as they should be", spelt, spelling{caveats: []string{"03 91 82 0901 0701"}, signed: []string{"03 91 82 0701 0901"}})
	add("apps twice, signed as they should be", spelt, spelling{caveats: []string{"03 91 82 0701 071f"}, signed: []string{"03 91 81 071f"}})
	add("member nil, signed as it should be", malformed, spelling{caveats: []string{"16 c0"}, signed: []string{"16 90"}})

	add("unknown with the byte that is never used", malformed, caveatsOf("cd1092 c1"))
	add("unknown with nil", malformed, caveatsOf("cd1092 c0"))
	add("unknown with an extension", malformed, caveatsOf("cd1092 d40500"))
	add("unknown with a long extension", malformed, caveatsOf("cd1092 91 c7020500ff"))
	add("unknown with a timestamp", malformed, caveatsOf("cd1092 d6ff00000000"))
	add("unknown with a list as key", malformed, caveatsOf("cd1092 82 a161 93010203 9101 c0"))
	add("unknown with a map as key", malformed, caveatsOf("cd1092 91 81 80 c0"))
	add("unknown with bytes as key", malformed, caveatsOf("cd1092 81 c40161 c0"))
	add("unknown with a length that lies", malformed, caveatsOf("cd1092 ddffffffff"))
	add("unknown with a map that lies", malformed, caveatsOf("cd1092 dfffffffff"))
	add("unknown with bytes that lie", malformed, caveatsOf("cd1092 c6ffffffff"))
	return out
}
