package main

import (
	"encoding/base64"
	"strings"

	"github.com/superfly/macaroon"
)

// headerVectors pairs header texts with what is expected of us ("ok", or the code of the error) and with what Go's Parse
// makes of them.
func headerVectors() []any {
	token := func(name string) []byte { return bytesOf(name, 40) }
	b64 := func(name string) string { return base64.StdEncoding.EncodeToString(token(name)) }
	a, b := "fm2_"+b64("a"), "fm2_"+b64("b")
	user := "fo1_" + strings.Repeat("aZ0_-", 8) + "xyz"
	var out []any
	add := func(text, expected string) {
		entry := map[string]any{"header": text, "expected": expected}
		if tokens, err := macaroon.Parse(text); err == nil {
			var list []string
			for _, token := range tokens {
				list = append(list, toHex(token))
			}
			entry["go"] = list
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
	for _, text := range []string{"", " ", "FlyV1", "Bearer ", "FlyV1 Bearer", "fm2_", "FlyV1 fm2_,", a + ",", "," + a, a + ",," + b, "fo1_", a + ", ," + b, ","} {
		add(text, "empty")
	}
	for _, text := range []string{
		"x", "fm3_AAAA", "FM2_AAAA", "fm2AAAA", "Basic dXNlcjpwYXNz", "Token " + a, "FlyV1" + a, "Bearer," + a, a + ",FlyV1 " + b, "fm2", "_AAAA", "v2.public.x",
		"Bearer\t" + a, "\u00a0" + a, a + ",\u00a0" + b, a + ";" + b + ",x_y",
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
	for _, text := range []string{"fm2_A", "fm2_AA", "fm2_AAA", a[:len(a)-1], a[:len(a)-2] + "," + b, "fm2_AAAAA"} {
		add(text, "truncated")
	}
	for _, text := range []string{a + b, a + " " + b, "fm2_AAAA" + user, "fm1r_AAAAfm1a_AAAA", "fo1_a=fm2_AAAA", a + "\n" + b} {
		add(text, "missing-comma")
	}
	add(strings.Repeat(a+",", 32)+a, "too-many")
	return out
}
