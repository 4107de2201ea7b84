package main

import (
	"encoding/base64"
	"fmt"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/auth"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

// goVerdict tells how far Go comes with these bytes.
func goVerdict(wire, key []byte) (verdict string) {
	defer func() {
		if recover() != nil {
			verdict = "panics"
		}
	}()
	m, err := macaroon.Decode(wire)
	if err != nil {
		return "does not decode"
	}
	if _, err := m.Verify(key, nil, nil); err != nil {
		return "does not verify"
	}
	return "verifies"
}

func orgTokenCaveats() []macaroon.Caveat {
	return []macaroon.Caveat{organization(12, every), &flyio.IsMember{}, window(1763900000, 2393900000)}
}

func deployTokenCaveats() []macaroon.Caveat {
	return []macaroon.Caveat{
		organization(12, every),
		ifPresent(resset.ActionRead, &flyio.Apps{Apps: ids{345: every}}, &flyio.FeatureSet{Features: names{"wg": every, "builder": every}}),
		&flyio.IsMember{},
		window(1763900000, 2393900000),
	}
}

func tokenVectors() []any {
	var out []any
	add := func(name, expected string, key []byte, m *macaroon.Macaroon) {
		wire := encode(m)
		out = append(out, map[string]any{
			"name":     name,
			"key":      toHex(key),
			"token":    base64.StdEncoding.EncodeToString(wire),
			"location": m.Location,
			"kid":      toHex(m.Nonce.KID),
			"rnd":      toHex(m.Nonce.Rnd),
			"proof":    m.Nonce.Proof,
			"uuid":     m.Nonce.UUID().String(),
			"caveats":  toHex(wireOf(m.UnsafeCaveats.Caveats...)),
			"go":       goVerdict(wire, key),
			"expected": expected,
		})
	}
	plain := func(name, expected string, caveats ...macaroon.Caveat) {
		key := keyOf(name)
		add(name, expected, key, mint(key, newNonce(name), permission, caveats...))
	}
	withNonce := func(name string, nonce macaroon.Nonce) {
		key := keyOf(name)
		add(name, "verifies", key, mint(key, nonce, permission, orgTokenCaveats()...))
	}

	plain("org token", "verifies", orgTokenCaveats()...)
	plain("deploy token", "verifies", deployTokenCaveats()...)
	plain("litefs cloud token", "verifies", organization(12, every),
		&flyio.FeatureSet{Features: names{"litefs-cloud": every}}, &flyio.Clusters{Clusters: names{"db": every}}, &flyio.IsMember{}, window(0, 1<<33))
	plain("read-only token", "verifies", append(orgTokenCaveats(), organization(12, resset.ActionRead))...)
	plain("ssh token", "verifies", append(orgTokenCaveats(), &flyio.Mutations{Mutations: []string{"issueCertificate", "addWireGuardPeer"}})...)
	plain("machine-exec token", "verifies", append(orgTokenCaveats(), ifPresent(resset.ActionRead, commands(flyio.Command{Args: []string{"ls"}})))...)
	plain("unknown caveat", "verifies", organization(1, 1), unknown(4242, "82a16101a1629101"))
	plain("fifteen and more caveats", "verifies", append(orgTokenCaveats(), manyActions(20)...)...)
	plain("256 caveats", "verifies", manyDistinct(256)...)
	for _, length := range []int{0, 31, 33, 64} {
		key := bytesOf("key of another length", length)
		add(fmt.Sprintf("key of %d bytes", length), "bad-argument", key, mint(key, newNonce("key"), permission, orgTokenCaveats()...))
	}
	plain("no caveats", "no-caveats")
	plain("third party", "undischarged", organization(1, 1), &macaroon.Caveat3P{Location: "https://auth.fly.io", VerifierKey: bytesOf("vk", 60), Ticket: bytesOf("ticket", 140)})
	plain("third party inside if present", "verifies", organization(1, 1), ifPresent(1, &macaroon.Caveat3P{Location: "x", VerifierKey: bytesOf("vk", 60), Ticket: bytesOf("t", 40)}))
	plain("bound to a parent", "bound-elsewhere", organization(1, 1), ptr(macaroon.BindToParentToken(bytesOf("b", 16))))
	plain("attestation without proof", "attestation", organization(1, 1), ptr(auth.FlyioUserID(7)))

	withNonce("nonce of two fields", nonceOf([]byte("kid"), bytesOf("r", 16), 2, false))
	withNonce("nonce without kid (nil)", nonceOf(nil, bytesOf("r", 16), 3, false))
	withNonce("nonce without kid (empty)", nonceOf([]byte{}, bytesOf("r", 16), 3, false))
	withNonce("nonce without anything", nonceOf(nil, nil, 2, false))
	withNonce("nonce with long kid", nonceOf(bytesOf("long", 300), bytesOf("r", 16), 3, false))
	withNonce("nonce with long rnd", nonceOf([]byte("k"), bytesOf("r", 256), 2, false))
	withNonce("finished proof", nonceOf([]byte("k"), bytesOf("r", 16), 3, true))

	key := keyOf("proof")
	add("finished proof with attestation", "verifies", key,
		mint(key, nonceOf([]byte("k"), bytesOf("r", 16), 3, true), "https://auth.fly.io", ptr(auth.FlyioUserID(7)), google("1234567890123456789012"), window(0, 99)))

	for _, location := range []string{"", "https://tokens.example/\u00fc/\U0001f511", string(bytesAsText(40)), string(bytesAsText(300))} {
		key := keyOf("location")
		add("location "+location[:min(len(location), 20)], "verifies", key, mint(key, newNonce("location"), location, organization(1, 1)))
	}

	m := mint(keyOf("right"), newNonce("right"), permission, orgTokenCaveats()...)
	add("wrong key", "forged", keyOf("wrong"), m)
	swapped := mint(keyOf("right"), newNonce("right"), permission, orgTokenCaveats()...)
	swapped.UnsafeCaveats.Caveats[0], swapped.UnsafeCaveats.Caveats[1] = swapped.UnsafeCaveats.Caveats[1], swapped.UnsafeCaveats.Caveats[0]
	add("caveats swapped", "forged", keyOf("right"), swapped)
	dropped := mint(keyOf("right"), newNonce("right"), permission, orgTokenCaveats()...)
	dropped.UnsafeCaveats.Caveats = dropped.UnsafeCaveats.Caveats[:2]
	add("last caveat dropped", "forged", keyOf("right"), dropped)
	widened := mint(keyOf("right"), newNonce("right"), permission, organization(12, 1))
	widened.UnsafeCaveats.Caveats[0] = organization(12, 31)
	add("caveat widened", "forged", keyOf("right"), widened)
	unfinished := mint(keyOf("right"), nonceOf([]byte("k"), bytesOf("r", 16), 3, false), permission, organization(12, 1))
	unfinished.Nonce = nonceOf([]byte("k"), bytesOf("r", 16), 3, true)
	add("proof flag set afterwards", "forged", keyOf("right"), unfinished)
	return out
}

func manyDistinct(n int) []macaroon.Caveat {
	list := make([]macaroon.Caveat, n)
	for i := range list {
		list[i] = ptr(action(i))
	}
	return list
}

func nonceVectors() []any {
	var out []any
	for _, kid := range [][]byte{nil, {}, []byte("a"), bytesOf("k", 16), bytesOf("k", 255), bytesOf("k", 256)} {
		for _, rnd := range [][]byte{nil, bytesOf("r", 16)} {
			for _, fields := range []int{2, 3} {
				nonce := nonceOf(kid, rnd, fields, fields == 3 && len(kid) == 1)
				out = append(out, map[string]any{
					"wire": toHex(nonce.MustEncode()), "kid": toHex(nonce.KID), "rnd": toHex(nonce.Rnd),
					"proof": nonce.Proof, "fields": fields, "uuid": nonce.UUID().String(),
				})
			}
		}
	}
	return out
}

func attenuationVectors() []any {
	var out []any
	add := func(name string, nonce macaroon.Nonce, present, added []macaroon.Caveat, expected string) {
		key := keyOf(name)
		m := mint(key, nonce, permission, present...)
		entry := map[string]any{
			"name": name, "key": toHex(key), "expected": expected,
			"from": base64.StdEncoding.EncodeToString(encode(m)), "add": toHex(wireOf(added...)),
		}
		// Added to the decoded macaroon, as a holder would.
		decoded, err := macaroon.Decode(encode(m))
		must(err)
		if err := decoded.Add(added...); err == nil {
			entry["to"] = base64.StdEncoding.EncodeToString(encode(decoded))
		}
		out = append(out, entry)
	}
	fresh := newNonce("attenuation")
	type list = []macaroon.Caveat
	add("one more", fresh, orgTokenCaveats(), list{ptr(resset.ActionRead)}, "ok")
	add("none more", fresh, orgTokenCaveats(), list{}, "ok")
	add("there already", fresh, orgTokenCaveats(), list{&flyio.IsMember{}, organization(12, every)}, "ok")
	add("repeated", fresh, orgTokenCaveats(), list{ptr(resset.ActionRead), ptr(resset.ActionRead), ptr(resset.ActionWrite), ptr(resset.ActionRead)}, "ok")
	add("nearly there already", fresh, list{organization(1, 1), &flyio.Apps{}}, list{organization(1, 3), &flyio.Apps{Apps: ids{}}, &flyio.Apps{}}, "ok")
	add("onto nothing", fresh, nil, list{organization(1, 1)}, "ok")
	add("over fifteen", fresh, manyActions(7), list{organization(1, 1), &flyio.IsMember{}}, "ok")
	add("old nonce", nonceOf([]byte("k"), bytesOf("r", 16), 2, false), orgTokenCaveats(), list{ptr(resset.ActionRead)}, "ok")
	add("nil kid", nonceOf(nil, nil, 2, false), orgTokenCaveats(), list{ptr(resset.ActionRead)}, "ok")
	add("unknown", fresh, orgTokenCaveats(), list{unknown(4242, "cd0001"), unknown(4242, "cd0001"), unknown(4242, "01")}, "ok")
	add("bind to parent", fresh, orgTokenCaveats(), list{ptr(macaroon.BindToParentToken(bytesOf("b", 16)))}, "ok")
	add("wireguard", fresh, orgTokenCaveats(), list{ifPresent(1, &flyio.Apps{Apps: ids{}}, &flyio.FeatureSet{Features: names{"wg": every}})}, "ok")
	add("finished proof", nonceOf([]byte("k"), bytesOf("r", 16), 3, true), orgTokenCaveats(), list{ptr(resset.ActionRead)}, "finished-proof")
	add("attestation", fresh, orgTokenCaveats(), list{ptr(auth.FlyioUserID(1))}, "attestation")
	return out
}
