package main

import (
	"encoding/json"
	"math"
	"math/big"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/auth"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

type ids = resset.ResourceSet[uint64, resset.Action]
type names = resset.ResourceSet[string, resset.Action]
type action = resset.Action

const every = action(0xffff)

func organization(id uint64, mask action) macaroon.Caveat {
	return &flyio.Organization{ID: id, Mask: mask}
}

func window(from, until int64) macaroon.Caveat {
	return &macaroon.ValidityWindow{NotBefore: from, NotAfter: until}
}

func ifPresent(otherwise action, ifs ...macaroon.Caveat) macaroon.Caveat {
	return &resset.IfPresent{Ifs: macaroon.NewCaveatSet(ifs...), Else: otherwise}
}

func prefixes(set map[string]action) macaroon.Caveat {
	objects := &flyio.StorageObjects{Prefixes: resset.ResourceSet[resset.Prefix, action]{}}
	for prefix, mask := range set {
		objects.Prefixes[resset.Prefix(prefix)] = mask
	}
	return objects
}

func commands(list ...flyio.Command) macaroon.Caveat { return ptr(flyio.Commands(list)) }

func unknown(number uint64, body string) macaroon.Caveat {
	return &macaroon.UnregisteredCaveat{Type: macaroon.CaveatType(number), RawMsgpack: fromHex(body)}
}

func nested(depth int, inner macaroon.Caveat) macaroon.Caveat {
	for ; depth > 0; depth-- {
		inner = ifPresent(resset.ActionRead, inner)
	}
	return inner
}

type variant struct {
	name    string
	caveats []macaroon.Caveat
}

func one(name string, caveats ...macaroon.Caveat) variant { return variant{name, caveats} }

func google(decimal string) macaroon.Caveat {
	n, ok := new(big.Int).SetString(decimal, 10)
	if !ok {
		panic(decimal)
	}
	return (*auth.GoogleUserID)(n)
}

// variants is every type of caveat in many shapes.
func variants() []variant {
	many := ids{}
	for i := uint64(1); i <= 40; i++ {
		many[i*i*i*97] = action(i % 32)
	}
	long := string(bytesAsText(300))
	return []variant{
		one("no caveats"),
		one("organization", organization(123, resset.ActionAll)),
		one("organization, every action", organization(1, every)),
		one("organization 0", organization(0, resset.ActionRead)),
		one("organization, no action", organization(127, 0)),
		one("organization 128", organization(128, 0x80)),
		one("organization 255", organization(255, 0xff)),
		one("organization 256", organization(256, 0x100)),
		one("organization 65536", organization(65536, 0x20)),
		one("organization 2^32", organization(1<<32, 1)),
		one("organization 2^53+1", organization(1<<53+1, 1)),
		one("organization 2^64-1", organization(math.MaxUint64, 1)),
		one("apps", &flyio.Apps{Apps: ids{7: resset.ActionRead, 9: resset.ActionAll}}),
		one("apps, nil", &flyio.Apps{}),
		one("apps, empty", &flyio.Apps{Apps: ids{}}),
		one("apps, every", &flyio.Apps{Apps: ids{0: every}}),
		one("apps, zero with others", &flyio.Apps{Apps: ids{0: every, 5: 1}}),
		one("apps, 40 of them", &flyio.Apps{Apps: many}),
		one("apps, big ids", &flyio.Apps{Apps: ids{math.MaxUint64: 1, 1 << 32: 2, 1<<32 - 1: 4, 255: 8, 256: 16}}),
		one("volumes", &flyio.Volumes{Volumes: names{"vol_1": 3, "vol_2": 31}}),
		one("volumes, nil", &flyio.Volumes{}),
		one("volumes, empty", &flyio.Volumes{Volumes: names{}}),
		one("machines", &flyio.Machines{Machines: names{"148e21": 16}}),
		one("machines, every", &flyio.Machines{Machines: names{"": 17}}),
		one("machines, nil", &flyio.Machines{}),
		one("machines, long names", &flyio.Machines{Machines: names{long[:31]: 1, long[:32]: 2, long[:255]: 4, long[:256]: 8}}),
		one("machines, unicode order", &flyio.Machines{Machines: names{
			"a": 1, "b": 1, "ab": 1, "é": 1, "\uffff": 1, "\ue000": 1, "😀": 1, "𐀀": 1, "日本": 1, "\ufeffbom": 1, "\x00": 1, "\u2028<>&": 1,
		}}),
		one("features", &flyio.FeatureSet{Features: names{"wg": every, "builder": every}}),
		one("features, nil", &flyio.FeatureSet{}),
		one("features, empty", &flyio.FeatureSet{Features: names{}}),
		one("clusters", &flyio.Clusters{Clusters: names{"c1": every}}),
		one("clusters, nil", &flyio.Clusters{}),
		one("window", window(1700000000, 1800000000)),
		one("window, zero", window(0, 0)),
		one("window, negative", window(-1, -32)),
		one("window, -33 and -128", window(-33, -128)),
		one("window, -129 and -32768", window(-129, -32768)),
		one("window, -32769 and -2^31", window(-32769, math.MinInt32)),
		one("window, below -2^31", window(math.MinInt32-1, -1<<40)),
		one("window, extremes", window(math.MinInt64, math.MaxInt64)),
		one("window, turned", window(math.MaxInt64, math.MinInt64)),
		one("window, 127 to 2^32", window(127, 1<<32)),
		one("action", ptr(resset.ActionRead|resset.ActionControl)),
		one("action, none", ptr(resset.ActionNone)),
		one("action, every", ptr(every)),
		one("mutations", &flyio.Mutations{Mutations: []string{"issueCertificate", "addWireGuardPeer"}}),
		one("mutations, nil", &flyio.Mutations{}),
		one("mutations, empty", &flyio.Mutations{Mutations: []string{}}),
		one("mutations, repeated and empty text", &flyio.Mutations{Mutations: []string{"", "x", "x"}}),
		one("commands", commands(flyio.Command{Args: []string{"ls", "-l"}}, flyio.Command{Args: []string{"id"}, Exact: true})),
		one("commands, nil", ptr(flyio.Commands(nil))),
		one("commands, empty", commands()),
		one("commands, any", commands(flyio.Command{})),
		one("commands, any, empty args", commands(flyio.Command{Args: []string{}})),
		one("commands, exactly none", commands(flyio.Command{Args: []string{}, Exact: true})),
		one("commands, 20 of them", commands(make([]flyio.Command, 20)...)),
		one("member", &flyio.IsMember{}),
		one("roles, none", ptr(flyio.AllowedRoles(0))),
		one("roles, member", ptr(flyio.AllowedRoles(flyio.RoleMember))),
		one("roles, billing manager", ptr(flyio.AllowedRoles(flyio.RoleBillingManager))),
		one("roles, odd", ptr(flyio.AllowedRoles(0x80000001))),
		one("roles, admin", ptr(flyio.AllowedRoles(flyio.RoleAdmin))),
		one("if present, as in a deploy token", ifPresent(resset.ActionRead,
			&flyio.Apps{Apps: ids{7: every}}, &flyio.FeatureSet{Features: names{"wg": every, "builder": every}})),
		one("if present, empty", ifPresent(resset.ActionAll)),
		one("if present, nil", &resset.IfPresent{Else: resset.ActionRead}),
		one("if present, 8 deep", nested(8, organization(5, 1))),
		one("if present, unknown inside", ifPresent(0, unknown(1<<48, "a178"))),
		one("third party", &macaroon.Caveat3P{Location: "https://auth.fly.io", VerifierKey: bytesOf("vk", 60), Ticket: bytesOf("ticket", 140)}),
		one("third party, nil", &macaroon.Caveat3P{}),
		one("bind to parent", ptr(macaroon.BindToParentToken(bytesOf("bind", 16)))),
		one("bind to parent, nil", ptr(macaroon.BindToParentToken(nil))),
		one("bind to parent, empty", ptr(macaroon.BindToParentToken{})),
		one("attestations", ptr(auth.FlyioUserID(7)), ptr(auth.GitHubUserID(math.MaxUint64)), google("115792089237316195423570985008687907853269984665640564039457584007913129639935")),
		one("attestation, google 0", google("0")),
		one("attestation, google 128", google("128")),
		one("confine user", auth.RequireUser(7)),
		one("confine user, greatest", auth.RequireUser(math.MaxUint64)),
		one("confine organization", auth.RequireOrganization(128)),
		one("confine google domain", auth.RequireGoogleHD("example.com")),
		one("confine google domain, empty", auth.RequireGoogleHD("")),
		one("confine github organization", auth.RequireGitHubOrg(1<<40)),
		one("max validity", ptr(auth.MaxValidity(3600))),
		one("max validity, greatest", ptr(auth.MaxValidity(math.MaxUint64))),
		one("is user", &flyio.IsUser{ID: 9}),
		one("machine features", &flyio.MachineFeatureSet{Features: names{"metadata": 3, "oidc": every}}),
		one("machine features, nil", &flyio.MachineFeatureSet{}),
		one("app features", &flyio.AppFeatureSet{Features: names{"images": 1}}),
		one("app features, empty", &flyio.AppFeatureSet{Features: names{}}),
		one("storage objects", prefixes(names{"https://storage.fly/a": 1, "https://storage.fly/a/b": 31, "\u00fc": 2})),
		one("storage objects, every", prefixes(names{"": every})),
		one("storage objects, nil", &flyio.StorageObjects{}),
		one("from machine", &flyio.FromMachine{ID: "148e21"}),
		one("from machine, empty", &flyio.FromMachine{}),
		one("fly src", &flyio.FlySrc{Organization: "acme", App: "web", Instance: "148e21"}),
		one("fly src, app only", &flyio.FlySrc{App: "web"}),
		one("fly src, nothing", &flyio.FlySrc{}),
		// Hallpass's RunLabel and Networks.
		one("run label", unknown(1<<48+0x68616c6c, "93 a26369 a0 af616461406578616d706c652e636f6d")),
		one("networks", unknown(1<<48+0x68616c6d, "91 93 c4050a00000008 c405cb00710720 c41120010db800000000000000000000000020")),
		one("networks, none", unknown(1<<48+0x68616c6d, "91 90")),
		one("unknown", unknown(1<<48, "93 01 a3666f6f c0")),
		one("unknown, map", unknown(4242, "82 a161 01 a162 9101")),
		one("unknown, not minimal", unknown(math.MaxUint64-1, "cd0001")),
		one("unknown, float", unknown(1<<32, "cb3ff0000000000000")),
		one("all together", organization(12, every), &flyio.IsMember{}, window(1, 1795428000), ptr(resset.ActionAll),
			ifPresent(1, &flyio.Apps{Apps: ids{7: every}}), unknown(99, "c3")),
		one("20 caveats", manyActions(20)...),
	}
}

func manyActions(n int) []macaroon.Caveat {
	list := make([]macaroon.Caveat, n)
	for i := range list {
		list[i] = ptr(action(i))
	}
	return list
}

func bytesAsText(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = 'a' + byte(i%26)
	}
	return out
}

func caveatVectors() []any {
	var out []any
	for _, v := range variants() {
		set := macaroon.NewCaveatSet(v.caveats...)
		wire, err := set.MarshalMsgpack()
		must(err)
		decoded, err := macaroon.DecodeCaveats(wire)
		must(err)
		again, err := decoded.MarshalMsgpack()
		must(err)
		if toHex(again) != toHex(wire) {
			panic("not stable: " + v.name)
		}
		entry := map[string]any{"name": v.name, "wire": toHex(wire)}
		// Go has no JSON for caveats that it does not know.
		if text, err := json.Marshal(decoded); err == nil {
			entry["json"] = string(text)
		}
		out = append(out, entry)
	}
	return out
}
