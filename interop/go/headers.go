package main

import (
	"encoding/base64"
	"strings"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/bundle"
)

// headerVectors pairs header texts with what is expected of us ("ok", or the code of the error) and with what Go's Parse
// makes of them; beside tokens also which elements are none, and which of them Go's bundle takes for the bytes of macaroons.
func headerVectors() []any {
	token := func(name string) []byte { return bytesOf(name, 40) }
	b64 := func(name string) string { return base64.StdEncoding.EncodeToString(token(name)) }
	a, b := "fm2_"+b64("a"), "fm2_"+b64("b")
	user := "fo1_" + strings.Repeat("aZ0_-", 8) + "xyz"
	var out []any
	add := func(text, expected string, leftOut ...string) {
		entry := map[string]any{"header": text, "expected": expected}
		if tokens, err := macaroon.Parse(text); err == nil {
			var list []string
			for _, token := range tokens {
				list = append(list, toHex(token))
			}
			entry["go"] = list
		}
		if len(leftOut) > 0 {
			entry["leftOut"], entry["bundle"] = leftOut, bundled(text)
		}
		out = append(out, entry)
	}
	for _, text := range []string{
		a, "FlyV1 " + a, "flyv1 " + a, "FLYV1 " + a, "Bearer " + a, "bearer " + a, "BEARER FlyV1 " + a, "FlyV1 Bearer " + a,
		"FlyV1 FlyV1 " + a, "Bearer bearer BEARER " + a, "  FlyV1   " + a + "  ", "\t" + a + "\r\n", "FlyV1 " + a + "," + b,
		a + "," + a, "FlyV1 " + user + "," + a, "FlyV1 " + a + "," + user, "Bearer " + user, user + "," + user,
		"fm1r_" + b64("a") + ",fm1a_" + b64("b"), "fm2_AA==", "fm2_AAA=", "fm2_AAAA", "fm2_//++", a + " , " + b, "FlyV1 " + a + ",\n" + b,
		"fo1_x", "fo1_" + strings.Repeat("x", 256), strings.Repeat(a+",", 31) + a, "FlyV1 \t " + a,
	} {
		add(text, "ok")
	}
	for _, text := range []string{"", " ", "FlyV1", "Bearer ", "FlyV1 Bearer", "fm2_", "FlyV1 fm2_,", "fo1_", ",", ",,fm3_AAAA"} {
		add(text, "empty")
	}
	for _, text := range []string{
		"x", "fm3_AAAA", "FM2_AAAA", "fm2AAAA", "Basic dXNlcjpwYXNz", "Token " + a, "FlyV1" + a, "Bearer,", "fm2", "_AAAA", "v2.public.x",
		"Bearer\t" + a, "\u00a0" + a, a + ";" + b + ",x_y",
	} {
		expected := "unknown-prefix"
		if strings.Contains(text, ";") {
			expected = "missing-comma"
		}
		add(text, expected)
	}
	for _, text := range []string{
		"fm2_AA-_", "fm2_AA=A", "fm2_=AAA", "fm2_A=AA", "fm2_====", "fm2_AAAA====", "fm2_AB==", "fm2_AAB=", "fm2_AA\nAA", "fm2_AA AA", "fm2_AAA\u00e9", "fm2_A===", "fo1_a b",
		"fo1_\u00e9", "fo1_a=", "fo1_" + strings.Repeat("x", 257), "fm2_AAA\U0001f511", "fm2_AAAA\x00AAA",
	} {
		add(text, "bad-base64")
	}
	for _, text := range []string{"fm2_A", "fm2_AA", "fm2_AAA", a[:len(a)-1], "fm2_AAAAA"} {
		add(text, "truncated")
	}
	for _, text := range []string{a + b, a + " " + b, "fm2_AAAA" + user, "fm1r_AAAAfm1a_AAAA", "fo1_a=fm2_AAAA", a + "\n" + b} {
		add(text, "missing-comma")
	}
	for _, kept := range [][]string{
		{a + ",", "2:empty"}, {"," + a, "1:empty"}, {a + ",," + b, "2:empty"}, {a + ", ," + b, "2:empty"}, {a + ",fm2_", "2:empty"},
		{"FlyV1 " + user + ",,", "2:empty", "3:empty"}, {"Bearer," + a, "1:unknown-prefix"}, {a + ",FlyV1 " + b, "2:unknown-prefix"},
		{a + ",fm3_AAAA," + b, "2:unknown-prefix"}, {"v2.public.x," + a, "1:unknown-prefix"}, {"fm3_AA,x,," + user, "1:unknown-prefix", "2:unknown-prefix", "3:empty"},
		{a[:len(a)-2] + "," + b, "1:truncated"}, {a + "," + b[:22], "2:truncated"}, {a + ",fm2_AA-_", "2:bad-base64"}, {a + ",fo1_a b", "2:bad-base64"},
		{"FlyV1 " + a + "," + a + b, "2:missing-comma"}, {a + b + "," + user, "1:missing-comma"}, {a + ",fm2_AB==", "2:bad-base64"}, {a + ",\u00a0" + b, "2:unknown-prefix"},
	} {
		add(kept[0], "ok", kept[1:]...)
	}
	add(strings.Repeat(a+",", 256)+a, "too-many")
	add(a+strings.Repeat(",", 256), "too-many")
	return out
}

// bundled tells which elements Go's bundle reads as the base64 of a macaroon, counted from 1.
func bundled(text string) []int {
	positions, at := []int{}, 0
	parsed, _ := bundle.ParseBundleWithFilter("", text, bundle.Predicate(func(bundle.Token) bool { return true }))
	for _, token := range bundle.Map(parsed, func(token bundle.Token) bundle.Token { return token }) {
		at++
		if malformed, ok := token.(*bundle.MalformedMacaroon); ok && strings.HasPrefix(malformed.Err.Error(), "bad macaroon") {
			positions = append(positions, at)
		}
	}
	return positions
}
