package main

import (
	"crypto/hmac"
	"strings"

	"github.com/superfly/macaroon"
)

type keys = map[string][]macaroon.EncryptionKey

// verifyKind is what the library verifies, or in our words why it does not: the first thing that it finds wrong, but
// forged wherever the tail is.
func verifyKind(wire, key []byte, discharges [][]byte, trusted keys) (set *macaroon.CaveatSet, kind string) {
	defer func() {
		if recover() != nil {
			set, kind = nil, "panics"
		}
	}()
	m, err := macaroon.Decode(wire)
	if err != nil {
		return nil, "malformed"
	}
	set, err = m.Verify(key, discharges, trusted)
	if err == nil {
		return set, "verifies"
	}
	if !hmac.Equal(tailOf(m, key), m.Tail) {
		return nil, "forged"
	}
	for _, known := range []struct{ start, kind string }{
		{"no matching discharge token", "undischarged"},
		{"discharge bound to different parent token", "bound-elsewhere"},
		{"attestation in non-proof macaroon", "attestation"},
		{"macaroon verify: unseal VerifierKey", "bad-discharge"},
		{"macaroon verify: verify discharge", "bad-discharge"},
		{"bad ticket in discharge", "bad-discharge"},
		{"discharge key from ticket/VerifierKey mismatch", "bad-discharge"},
	} {
		if strings.HasPrefix(err.Error(), known.start) {
			return nil, known.kind
		}
	}
	panic("an error of no known kind: " + err.Error())
}

// tailOf is the tail that a macaroon ought to have.
func tailOf(m *macaroon.Macaroon, key []byte) []byte {
	tail := sign(key, m.Nonce.MustEncode())
	for _, caveat := range m.UnsafeCaveats.Caveats {
		tail = sign(tail, wireOf(caveat))
	}
	if m.Nonce.Proof {
		tail = sign([]byte("proof-signature-finalization"), tail)
	}
	return tail
}

func hexKeys(trusted keys) map[string][]string {
	out := map[string][]string{}
	for location, list := range trusted {
		for _, key := range list {
			out[location] = append(out[location], toHex(key))
		}
	}
	return out
}
