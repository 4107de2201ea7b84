package main

import (
	"encoding/base64"
	"slices"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/auth"
	msgpack "github.com/vmihailenco/msgpack/v5"
	"golang.org/x/crypto/chacha20poly1305"
)

const (
	authLocation  = "https://auth.example"
	otherLocation = "https://other.example"
)

func sharedKey(name string) []byte { return bytesOf("shared/"+name, 32) }

// demand is a third-party caveat in the making, and what only its maker and the third party know.
type demand struct {
	name         string
	location     string
	shared       []byte
	dischargeKey []byte
	caveat       *macaroon.Caveat3P
}

func newDemand(name, location string, caveats ...macaroon.Caveat) *demand {
	d := &demand{name: name, location: location, shared: sharedKey(location), dischargeKey: bytesOf("discharge/"+name, 32)}
	drawing(slices.Concat(d.dischargeKey, bytesOf("ticket/"+name, 12)), func() {
		caveat, err := macaroon.NewCaveat3P(d.shared, location, caveats...)
		must(err)
		d.caveat = caveat
	})
	return d
}

// addTo adds caveats, a demand among them, as the library does.
func addTo(m *macaroon.Macaroon, name string, caveats ...macaroon.Caveat) {
	var random []byte
	for _, caveat := range caveats {
		if _, ok := caveat.(*macaroon.Caveat3P); ok {
			random = append(random, bytesOf("verifier/"+name, 12)...)
		}
	}
	drawing(random, func() { must(m.Add(caveats...)) })
}

// answer is a proof of the library's own making.
func (d *demand) answer(caveats ...macaroon.Caveat) *macaroon.Macaroon {
	return d.answerAs(d.location, caveats...)
}

func (d *demand) answerAs(location string, caveats ...macaroon.Caveat) *macaroon.Macaroon {
	var m *macaroon.Macaroon
	drawing(bytesOf("answer/"+d.name, 16), func() {
		_, discharge, err := macaroon.DischargeTicket(d.shared, location, d.caveat.Ticket)
		must(err)
		m = discharge
	})
	addTo(m, d.name, caveats...)
	encode(m)
	return m
}

// open is a discharge that its holder can add to, as they all were once.
func (d *demand) open(caveats ...macaroon.Caveat) *macaroon.Macaroon {
	return mint(d.dischargeKey, d.nonce(false), d.location, caveats...)
}

func (d *demand) nonce(proof bool) macaroon.Nonce {
	return nonceOf(d.caveat.Ticket, bytesOf("answer/"+d.name, 16), 3, proof)
}

func asking(name string, demands ...*demand) *macaroon.Macaroon {
	m := mint(keyOf(name), newNonce(name), permission, orgTokenCaveats()...)
	for _, d := range demands {
		addTo(m, d.name, d.caveat)
	}
	return m
}

// sealed is a box as the library makes them, with anything inside.
func sealed(key, nonce, plaintext []byte) []byte {
	aead, err := chacha20poly1305.New(key)
	must(err)
	return aead.Seal(slices.Clone(nonce), nonce, plaintext, nil)
}

// crafted is a third-party caveat with anything in its ticket and anything sealed under the tail that it is added to.
func crafted(m *macaroon.Macaroon, name, location string, ticket, dischargeKey []byte) {
	caveat := &macaroon.Caveat3P{Location: location, Ticket: ticket, VerifierKey: sealed(m.Tail, bytesOf("verifier/"+name, 12), dischargeKey)}
	m.UnsafeCaveats.Caveats = append(m.UnsafeCaveats.Caveats, caveat)
	m.Tail = sign(m.Tail, wireOf(caveat))
}

func ticketOf(name, shared string, plaintext []byte) []byte {
	return sealed(sharedKey(shared), bytesOf("ticket/"+name, 12), plaintext)
}

func binding(length int, tail []byte) macaroon.Caveat {
	return ptr(macaroon.BindToParentToken(append(sum(tail), 0)[:length]))
}

func packed(values ...any) []byte {
	out := []byte{0x90 | byte(len(values))}
	for _, value := range values {
		if raw, ok := value.(msgpack.RawMessage); ok {
			out = append(out, raw...)
			continue
		}
		wire, err := msgpack.Marshal(value)
		must(err)
		out = append(out, wire...)
	}
	return out
}

// dischargeVectors are tokens with what came along, and whether both verify together.
func dischargeVectors() []any {
	var out []any
	trustedAuth := keys{authLocation: {sharedKey(authLocation)}}
	add := func(name, expected string, m *macaroon.Macaroon, trusted keys, discharges ...*macaroon.Macaroon) {
		key := keyOf(name)
		var wires [][]byte
		list := []string{}
		for _, discharge := range discharges {
			wires = append(wires, encode(discharge))
			list = append(list, base64.StdEncoding.EncodeToString(encode(discharge)))
		}
		entry := map[string]any{
			"name": name, "key": toHex(key), "token": base64.StdEncoding.EncodeToString(encode(m)),
			"discharges": list, "trusted": hexKeys(trusted), "expected": expected,
		}
		set, kind := verifyKind(encode(m), key, wires, trusted)
		entry["go"] = kind
		if set != nil {
			entry["caveats"] = toHex(wireOf(set.Caveats...))
		}
		out = append(out, entry)
	}
	user := func() macaroon.Caveat { return ptr(auth.FlyioUserID(7)) }

	// simple is a token with one demand.
	simple := func(name, expected string, trusted keys, answers func(d *demand, m *macaroon.Macaroon) []*macaroon.Macaroon) {
		d := newDemand(name, authLocation)
		m := asking(name, d)
		add(name, expected, m, trusted, answers(d, m)...)
	}
	one := func(answer func(d *demand, m *macaroon.Macaroon) *macaroon.Macaroon) func(*demand, *macaroon.Macaroon) []*macaroon.Macaroon {
		return func(d *demand, m *macaroon.Macaroon) []*macaroon.Macaroon { return []*macaroon.Macaroon{answer(d, m)} }
	}
	type M = *macaroon.Macaroon

	simple("discharged", "verifies", nil, one(func(d *demand, m M) M { return d.answer() }))
	simple("not discharged", "undischarged", nil, func(d *demand, m M) []M { return nil })
	simple("discharged for another ticket", "undischarged", nil, one(func(d *demand, m M) M { return newDemand("stranger", authLocation).answer() }))
	simple("discharged with caveats", "verifies", nil, one(func(d *demand, m M) M { return d.answer(window(0, 1<<33), ptr(action(1))) }))
	simple("others come along", "verifies", nil, func(d *demand, m M) []M {
		return []M{newDemand("stranger", authLocation).answer(), d.answer(), asking("stranger")}
	})
	simple("discharge that is no proof", "verifies", nil, one(func(d *demand, m M) M { return d.open(window(0, 1<<33)) }))
	simple("discharge with a nonce of two fields", "verifies", nil, one(func(d *demand, m M) M {
		return mint(d.dischargeKey, nonceOf(d.caveat.Ticket, bytesOf("r", 16), 2, false), authLocation)
	}))
	simple("discharge from elsewhere", "verifies", nil, one(func(d *demand, m M) M { return d.answerAs("https://nobody.example") }))
	simple("discharge signed with another key", "bad-discharge", nil, one(func(d *demand, m M) M {
		return mint(keyOf("stranger"), d.nonce(false), authLocation)
	}))
	simple("discharge with a caveat dropped", "bad-discharge", nil, one(func(d *demand, m M) M {
		answer := d.answer(window(0, 1), ptr(action(1)))
		answer.UnsafeCaveats.Caveats = answer.UnsafeCaveats.Caveats[1:]
		return answer
	}))
	simple("finished proof with a caveat added", "bad-discharge", nil, one(func(d *demand, m M) M {
		answer := d.answer()
		answer.UnsafeCaveats.Caveats = append(answer.UnsafeCaveats.Caveats, user())
		answer.Tail = sign(answer.Tail, wireOf(user()))
		return answer
	}))
	simple("proof that was never finished", "bad-discharge", nil, one(func(d *demand, m M) M {
		answer := mint(d.dischargeKey, d.nonce(false), authLocation)
		answer.Nonce = d.nonce(true)
		return answer
	}))
	simple("the second discharge is right", "verifies", nil, func(d *demand, m M) []M {
		return []M{mint(keyOf("stranger"), d.nonce(false), authLocation), d.answer(window(0, 9)), d.answer(window(0, 5))}
	})
	simple("no discharge is right", "bad-discharge", nil, func(d *demand, m M) []M {
		return []M{mint(keyOf("stranger"), d.nonce(false), authLocation), mint(keyOf("other"), d.nonce(true), authLocation)}
	})
	simple("the 64th discharge is right", "verifies", nil, func(d *demand, m M) []M { return manyWrong(d, 63) })
	simple("the 65th discharge is right", "too-many", nil, func(d *demand, m M) []M { return manyWrong(d, 64) })

	simple("attestation, trusted", "verifies", trustedAuth, one(func(d *demand, m M) M { return d.answer(user(), google("99"), window(0, 1<<33)) }))
	simple("attestation, trusting nobody", "verifies", nil, one(func(d *demand, m M) M { return d.answer(user(), window(0, 1<<33)) }))
	simple("attestation, trusting another", "verifies", keys{otherLocation: {sharedKey(otherLocation)}}, one(func(d *demand, m M) M { return d.answer(user()) }))
	simple("attestation, trusting another's key", "verifies", keys{authLocation: {sharedKey(otherLocation)}}, one(func(d *demand, m M) M { return d.answer(user()) }))
	simple("attestation, trusted by the second key", "verifies", keys{authLocation: {sharedKey("old"), sharedKey(authLocation)}}, one(func(d *demand, m M) M { return d.answer(user()) }))
	simple("attestation, its location changed to a trusted one", "verifies", keys{otherLocation: {sharedKey(otherLocation)}}, one(func(d *demand, m M) M { return d.answerAs(otherLocation, user()) }))
	simple("attestation, trusted, in what is no proof", "bad-discharge", trustedAuth, one(func(d *demand, m M) M { return d.open(user()) }))
	simple("attestation, untrusted, in what is no proof", "bad-discharge", nil, one(func(d *demand, m M) M { return d.open(user()) }))

	// What a holder can do who knows a ticket of a trusted third party and makes up the discharge key.
	for _, trusted := range []keys{trustedAuth, nil} {
		name, expected := "made up discharge key, trusted", "bad-discharge"
		if trusted == nil {
			name, expected = "made up discharge key, trusting nobody", "verifies"
		}
		d := newDemand(name, authLocation)
		m := asking(name)
		crafted(m, name, authLocation, d.caveat.Ticket, keyOf("made up"))
		add(name, expected, m, trusted, mint(keyOf("made up"), d.nonce(true), authLocation, user()))
	}

	bound := func(name, expected string, caveats func(before, after []byte) []macaroon.Caveat) {
		d := newDemand(name, authLocation)
		m := asking(name, d)
		before := slices.Clone(m.Tail)
		addTo(m, name, ptr(action(1)))
		add(name, expected, m, nil, d.open(caveats(before, m.Tail)...))
	}
	type list = []macaroon.Caveat
	bound("bound to the macaroon", "verifies", func(_, after []byte) list { return list{binding(16, after)} })
	bound("bound to what it was attenuated from", "verifies", func(before, _ []byte) list { return list{binding(16, before)} })
	bound("bound twice", "verifies", func(before, after []byte) list { return list{binding(16, before), binding(16, after), window(0, 1)} })
	bound("bound to another", "bad-discharge", func(_, _ []byte) list { return list{binding(16, keyOf("stranger"))} })
	bound("bound to it and to another", "bad-discharge", func(_, after []byte) list { return list{binding(16, after), binding(16, keyOf("stranger"))} })
	bound("bound by one byte", "verifies", func(_, after []byte) list { return list{binding(1, after)} })
	bound("bound by the whole digest", "verifies", func(_, after []byte) list { return list{binding(32, after)} })
	bound("bound by more than the digest", "bad-discharge", func(_, after []byte) list { return list{binding(33, after)} })
	bound("bound to the tail itself", "bad-discharge", func(_, after []byte) list { return list{ptr(macaroon.BindToParentToken(after[:16]))} })
	bound("bound by nothing", "verifies", func(_, _ []byte) list { return list{ptr(macaroon.BindToParentToken{})} })
	bound("bound by nil", "verifies", func(_, _ []byte) list { return list{ptr(macaroon.BindToParentToken(nil))} })
	simple("bound to the first tail", "verifies", nil, one(func(d *demand, m M) M {
		return d.open(binding(16, sign(keyOf("bound to the first tail"), m.Nonce.MustEncode())))
	}))
	simple("proof bound by its maker", "verifies", nil, one(func(d *demand, m M) M { return d.answer(binding(16, m.Tail), user()) }))
	simple("bound to what was attenuated further", "bad-discharge", nil, one(func(d *demand, m M) M {
		return d.open(binding(16, sign(m.Tail, wireOf(ptr(action(1))))))
	}))

	two := func(name, expected string, answers func(a, b *demand) []M) {
		a, b := newDemand(name+"/a", authLocation), newDemand(name+"/b", otherLocation)
		add(name, expected, asking(name, a, b), trustedAuth, answers(a, b)...)
	}
	two("two third parties", "verifies", func(a, b *demand) []M { return []M{b.answer(user(), window(0, 2)), a.answer(user(), window(0, 1))} })
	two("two third parties, the first is missing", "undischarged", func(a, b *demand) []M { return []M{b.answer()} })
	two("two third parties, the second is missing", "undischarged", func(a, b *demand) []M { return []M{a.answer()} })
	two("two third parties, the first is wrong", "bad-discharge", func(a, b *demand) []M { return []M{mint(keyOf("x"), a.nonce(true), authLocation), b.answer()} })
	two("two third parties, one discharge with the key of the other", "bad-discharge", func(a, b *demand) []M {
		return []M{a.answer(), mint(a.dischargeKey, b.nonce(true), otherLocation)}
	})

	inner := newDemand("nested/inner", otherLocation)
	simple("discharge that asks in turn", "bad-discharge", nil, func(d *demand, m M) []M {
		answer := mint(d.dischargeKey, d.nonce(false), authLocation)
		addTo(answer, "nested/inner", inner.caveat)
		return []M{answer, inner.answer()}
	})

	name := "wrong key"
	d := newDemand(name, authLocation)
	m := asking("right key", d)
	add(name, "forged", m, nil, d.answer())

	name = "the same ticket at two locations"
	d = newDemand(name, authLocation)
	m = asking(name, d)
	crafted(m, name, otherLocation, d.caveat.Ticket, d.dischargeKey)
	add(name, "verifies", m, nil, d.answer(window(0, 3)))

	name = "third party asked twice at one location"
	d, e := newDemand(name+"/1", authLocation), newDemand(name+"/2", authLocation)
	m = asking(name, d)
	crafted(m, name, authLocation, e.caveat.Ticket, e.dischargeKey)
	add(name, "verifies", m, nil, d.answer(window(0, 3)), e.answer(window(0, 4)))

	for _, c := range []struct {
		name, expected string
		verifierKey    []byte
	}{
		{"verifier key nil", "bad-discharge", nil},
		{"verifier key too short", "bad-discharge", bytesOf("short", 27)},
		{"verifier key of nonsense", "bad-discharge", bytesOf("nonsense", 60)},
		{"verifier key sealed under another tail", "bad-discharge", sealed(keyOf("stranger"), bytesOf("n", 12), bytesOf("discharge/"+"verifier key sealed under another tail", 32))},
	} {
		d := newDemand(c.name, authLocation)
		m := mint(keyOf(c.name), newNonce(c.name), permission, append(orgTokenCaveats(), &macaroon.Caveat3P{Location: authLocation, Ticket: d.caveat.Ticket, VerifierKey: c.verifierKey})...)
		add(c.name, c.expected, m, nil, d.answer())
	}
	for _, length := range []int{0, 31, 33} {
		name := "discharge key of " + map[int]string{0: "no bytes", 31: "31 bytes", 33: "33 bytes"}[length]
		key := bytesOf("odd", length)
		ticket := ticketOf(name, authLocation, packed(key, msgpack.RawMessage{0x90}))
		m := asking(name)
		crafted(m, name, authLocation, ticket, key)
		add(name, "bad-discharge", m, trustedAuth, mint(key, nonceOf(ticket, bytesOf("r", 16), 3, true), authLocation))
	}

	odd := func(name, expected string, ticket []byte) {
		key := bytesOf("discharge/"+name, 32)
		m := asking(name)
		crafted(m, name, authLocation, ticket, key)
		add(name, expected, m, trustedAuth, mint(key, nonceOf(ticket, bytesOf("r", 16), 3, true), authLocation, user()))
	}
	inTicket := func(name string) []byte { return bytesOf("discharge/"+name, 32) }
	odd("ticket nil", "verifies", nil)
	odd("ticket that nobody sealed", "verifies", bytesOf("nobody", 90))
	odd("ticket sealed by a trusted party around nonsense", "bad-discharge", ticketOf("t1", authLocation, []byte{0xc0}))
	odd("ticket with a byte behind the end", "bad-discharge", ticketOf("t2", authLocation, append(packed(inTicket("ticket with a byte behind the end"), msgpack.RawMessage{0x90}), 0)))
	odd("ticket spelt long", "bad-discharge", ticketOf("t3", authLocation, packed(msgpack.RawMessage(append([]byte{0xc5, 0, 32}, inTicket("ticket spelt long")...)), msgpack.RawMessage{0x90})))
	odd("ticket with unknown caveats", "verifies", ticketOf("t4", authLocation, packed(inTicket("ticket with unknown caveats"), msgpack.RawMessage(wireOf(unknown(4242, "c3"))))))

	name = "only a third party, and nothing from it"
	d = newDemand(name, authLocation)
	m = mint(keyOf(name), newNonce(name), permission)
	addTo(m, d.name, d.caveat)
	add(name, "no-caveats", m, nil, d.answer())
	name = "only a third party, and only an attestation from it"
	d = newDemand(name, authLocation)
	m = mint(keyOf(name), newNonce(name), permission)
	addTo(m, d.name, d.caveat)
	add(name, "no-caveats", m, trustedAuth, d.answer(user()))
	name = "only a third party, and a caveat from it"
	d = newDemand(name, authLocation)
	m = mint(keyOf(name), newNonce(name), permission)
	addTo(m, d.name, d.caveat)
	add(name, "verifies", m, trustedAuth, d.answer(user(), window(0, 9)))
	return out
}

// manyWrong is so many wrong discharges and a right one behind them.
func manyWrong(d *demand, n int) []*macaroon.Macaroon {
	var out []*macaroon.Macaroon
	for i := 0; i < n; i++ {
		out = append(out, mint(keyOf("stranger"), d.nonce(false), "x"))
	}
	return append(out, d.answer())
}
