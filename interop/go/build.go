package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/superfly/macaroon"
	msgpack "github.com/vmihailenco/msgpack/v5"
)

const permission = "https://api.fly.io/v1"

// bytesOf makes n bytes that depend on a name and on nothing else.
func bytesOf(name string, n int) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%s/%d", name, i)))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

func keyOf(name string) []byte { return bytesOf("key/"+name, 32) }

func sign(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

func sum(message []byte) []byte {
	digest := sha256.Sum256(message)
	return digest[:]
}

// nonceOf crafts a nonce of two or three fields; the library itself would draw the random part. A nil slice becomes nil on
// the wire.
func nonceOf(kid, rnd []byte, fields int, proof bool) macaroon.Nonce {
	wire := []byte{0x90 | byte(fields)}
	for _, part := range [][]byte{kid, rnd} {
		packed, err := msgpack.Marshal(part)
		must(err)
		wire = append(wire, packed...)
	}
	if fields == 3 {
		packed, err := msgpack.Marshal(proof)
		must(err)
		wire = append(wire, packed...)
	}
	var nonce macaroon.Nonce
	must(msgpack.Unmarshal(wire, &nonce))
	return nonce
}

func newNonce(name string) macaroon.Nonce {
	return nonceOf(bytesOf("kid/"+name, 8), bytesOf("rnd/"+name, 16), 3, false)
}

// mint signs caveats of any kind in order, also those that the library's Add would refuse or seal.
func mint(key []byte, nonce macaroon.Nonce, location string, caveats ...macaroon.Caveat) *macaroon.Macaroon {
	m := &macaroon.Macaroon{
		Nonce:         nonce,
		Location:      location,
		UnsafeCaveats: *macaroon.NewCaveatSet(caveats...),
		Tail:          sign(key, nonce.MustEncode()),
	}
	for _, caveat := range caveats {
		m.Tail = sign(m.Tail, wireOf(caveat))
	}
	if nonce.Proof {
		m.Tail = sign([]byte("proof-signature-finalization"), m.Tail)
	}
	return m
}

func encode(m *macaroon.Macaroon) []byte {
	wire, err := m.Encode()
	must(err)
	return wire
}

func wireOf(caveats ...macaroon.Caveat) []byte {
	wire, err := macaroon.NewCaveatSet(caveats...).MarshalMsgpack()
	must(err)
	return wire
}

func toHex(b []byte) string { return hex.EncodeToString(b) }

func fromHex(text string) []byte {
	text = strings.ReplaceAll(text, " ", "")
	b, err := hex.DecodeString(text)
	must(err)
	return b
}

func ptr[T any](value T) *T { return &value }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
