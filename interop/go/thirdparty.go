package main

import (
	"encoding/base64"
	"slices"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/auth"
	msgpack "github.com/vmihailenco/msgpack/v5"
)

// ticketVectors are tickets, the key to open them with, and what is in them.
func ticketVectors() []any {
	var out []any
	add := func(name, expected string, key, ticket []byte) {
		entry := map[string]any{"name": name, "key": toHex(key), "ticket": toHex(ticket), "expected": expected}
		caveats, _, err := macaroon.DischargeTicket(key, authLocation, ticket)
		if err == nil {
			entry["go"] = toHex(wireOf(caveats...))
		}
		out = append(out, entry)
	}
	key := sharedKey(authLocation)
	rn := bytesOf("rn", 32)
	whole := func(name string, caveats ...macaroon.Caveat) {
		add(name, toHex(rn), key, ticketOf(name, authLocation, packed(rn, msgpack.RawMessage(wireOf(caveats...)))))
	}
	whole("no caveats")
	whole("confined", auth.RequireUser(7), auth.RequireOrganization(12), auth.RequireGoogleHD("example.com"), auth.RequireGitHubOrg(5), ptr(auth.MaxValidity(3600)))
	whole("unknown", unknown(1<<50, "93 01 a3666f6f c0"))
	good := ticketOf("good", authLocation, packed(rn, msgpack.RawMessage{0x90}))
	add("wrong key", "bad-ticket", sharedKey("stranger"), good)
	for _, at := range []int{0, 11, 12, len(good) - 17, len(good) - 16, len(good) - 1} {
		flipped := slices.Clone(good)
		flipped[at] ^= 1
		add("changed", "bad-ticket", key, flipped)
	}
	for _, length := range []int{0, 11, 12, 13, 27, 28, len(good) - 1} {
		add("cut", "bad-ticket", key, good[:length])
	}
	add("longer", "bad-ticket", key, append(slices.Clone(good), 0))
	for name, c := range map[string]struct{ code, plaintext string }{
		"nothing inside":          {"malformed", ""},
		"nil inside":              {"malformed", "c0"},
		"only a key inside":       {"malformed", "91 c420" + toHex(rn)},
		"three things inside":     {"malformed", "93 c420" + toHex(rn) + "90 c0"},
		"key nil":                 {"malformed", "92 c0 90"},
		"key as text":             {"malformed", "92 d920" + toHex(rn) + "90"},
		"key of 31 bytes":         {"malformed", "92 c41f" + toHex(rn[:31]) + "90"},
		"key of 33 bytes":         {"malformed", "92 c421" + toHex(rn) + "00 90"},
		"key spelt long":          {"not-canonical", "92 c50020" + toHex(rn) + "90"},
		"caveats nil":             {"malformed", "92 c420" + toHex(rn) + "c0"},
		"caveats odd":             {"malformed", "92 c420" + toHex(rn) + "91 16"},
		"caveats that lie":        {"malformed", "92 c420" + toHex(rn) + "dc 1000"},
		"a byte behind the end":   {"malformed", "92 c420" + toHex(rn) + "90 00"},
		"caveat spelt long":       {"not-canonical", "92 c420" + toHex(rn) + "92 cc15 05"},
		"if present, nine deep":   {"too-deep", "92 c420" + toHex(rn) + "92" + nestedHex(9)},
		"map instead of an array": {"malformed", "82 ac 4469736368617267654b6579 c420" + toHex(rn) + "a7 43617665617473 90"},
	} {
		add(name, c.code, key, ticketOf(name, authLocation, fromHex(c.plaintext)))
	}
	slices.SortStableFunc(out, func(a, b any) int {
		name := func(v any) string { return v.(map[string]any)["name"].(string) }
		return slices.Compare([]byte(name(a)), []byte(name(b)))
	})
	return out
}

// thirdPartyVectors are whole stories: a token is minted, asks a third party, is discharged and bound, every byte of
// randomness being known.
func thirdPartyVectors() []any {
	var out []any
	add := func(name string, inTicket, before, after, answer []macaroon.Caveat) {
		signing, shared := keyOf(name), sharedKey(name)
		kid, rnd, random := bytesOf("kid/"+name, 8), bytesOf("rnd/"+name, 16), bytesOf("random/"+name, 56)
		answerRnd := bytesOf("answer/"+name, 16)
		var m, proof *macaroon.Macaroon
		drawing(slices.Concat(rnd, random), func() {
			var err error
			m, err = macaroon.New(kid, permission, signing)
			must(err)
			must(m.Add(before...))
			must(m.Add3P(shared, authLocation, inTicket...))
			must(m.Add(after...))
		})
		tickets := m.TicketsForThirdParty(authLocation)
		if len(tickets) != 1 {
			panic("another number of tickets")
		}
		drawing(answerRnd, func() {
			_, dm, err := macaroon.DischargeTicket(shared, authLocation, tickets[0])
			must(err)
			must(dm.Add(answer...))
			must(dm.BindToParentMacaroon(m))
			proof = dm
		})
		wire := encode(proof)
		set, err := m.Verify(signing, [][]byte{wire}, keys{authLocation: {shared}})
		must(err)
		if len(m.TicketsForThirdParty(authLocation, wire)) != 0 {
			panic("it is discharged")
		}
		out = append(out, map[string]any{
			"name": name, "key": toHex(signing), "kid": toHex(kid), "rnd": toHex(rnd), "location": permission,
			"before": toHex(wireOf(before...)), "after": toHex(wireOf(after...)),
			"shared": toHex(shared), "thirdParty": authLocation, "random": toHex(random), "inTicket": toHex(wireOf(inTicket...)),
			"token": base64.StdEncoding.EncodeToString(encode(m)), "ticket": toHex(tickets[0]),
			"dischargeRnd": toHex(answerRnd), "answer": toHex(wireOf(answer...)), "discharge": base64.StdEncoding.EncodeToString(wire),
			"verified": toHex(wireOf(set.Caveats...)),
		})
	}
	type list = []macaroon.Caveat
	add("bare", nil, orgTokenCaveats(), nil, nil)
	add("in the middle", nil, orgTokenCaveats(), list{ptr(action(1)), window(0, 5)}, list{window(0, 9)})
	add("first of all", nil, nil, orgTokenCaveats(), list{ptr(auth.FlyioUserID(7))})
	add("with demands", list{auth.RequireUser(7), ptr(auth.MaxValidity(3600))}, orgTokenCaveats(), nil, list{ptr(auth.GitHubUserID(9)), google("12345678901234567890123"), window(0, 1)})
	return out
}
