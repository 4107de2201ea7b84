package main

import (
	"math"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/auth"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

func clearingSets() []variant {
	deploy := deployTokenCaveats()
	return []variant{
		one("org token", orgTokenCaveats()...),
		one("deploy token", deploy...),
		one("organization 12", organization(12, every)),
		one("organization 12, read", organization(12, 1)),
		one("organization 0", organization(0, 3)),
		one("organization, nothing", organization(12, 0)),
		one("two organizations", organization(12, every), organization(13, every)),
		one("apps", &flyio.Apps{Apps: ids{345: 31, 346: 1}}),
		one("apps, nil", &flyio.Apps{}),
		one("apps, empty", &flyio.Apps{Apps: ids{}}),
		one("apps, every", &flyio.Apps{Apps: ids{0: 5}}),
		one("apps, zero with others", &flyio.Apps{Apps: ids{0: every, 345: every}}),
		one("apps, big", &flyio.Apps{Apps: ids{math.MaxUint64: every}}),
		one("volumes", &flyio.Volumes{Volumes: names{"v1": 31, "v2": 1}}),
		one("machines", &flyio.Machines{Machines: names{"m1": 31, "m2": 1}}),
		one("machines, every", &flyio.Machines{Machines: names{"": 17}}),
		one("machines, zero with others", &flyio.Machines{Machines: names{"": 17, "m1": 31}}),
		one("features", &flyio.FeatureSet{Features: names{"wg": 31, "membership": 1, "litefs-cloud": 31}}),
		one("features, every", &flyio.FeatureSet{Features: names{"": every}}),
		one("clusters", &flyio.Clusters{Clusters: names{"c1": 3}}),
		one("window", window(1000, 2000)),
		one("window, turned", window(2000, 1000)),
		one("window, one second", window(1500, 1500)),
		one("window, ends beyond Go's clock", window(0, math.MaxInt64)),
		one("window, ends at the end of Go's clock", window(0, math.MaxInt64-62135596800)),
		one("window, ends just beyond", window(0, math.MaxInt64-62135596800+1)),
		one("window, begins beyond Go's clock", window(math.MaxInt64-62135596800+1, 1<<62)),
		one("window, both ends beyond the same", window(math.MaxInt64, math.MaxInt64)),
		one("window, from the beginning", window(math.MinInt64, 1<<40)),
		one("action, read", ptr(resset.ActionRead)),
		one("action, none", ptr(resset.ActionNone)),
		one("action, every", ptr(every)),
		one("mutations", &flyio.Mutations{Mutations: []string{"issueCertificate", "addWireGuardPeer"}}),
		one("mutations, nil", &flyio.Mutations{}),
		one("commands", commands(flyio.Command{Args: []string{"ls", "-l"}}, flyio.Command{Args: []string{"id"}, Exact: true})),
		one("commands, nil", ptr(flyio.Commands(nil))),
		one("commands, any", commands(flyio.Command{})),
		one("commands, exactly none", commands(flyio.Command{Exact: true})),
		one("member", &flyio.IsMember{}),
		one("roles, none", ptr(flyio.AllowedRoles(0))),
		one("roles, member", ptr(flyio.AllowedRoles(1))),
		one("roles, billing manager", ptr(flyio.AllowedRoles(2))),
		one("roles, nearly admin", ptr(flyio.AllowedRoles(0xfffffffe))),
		one("roles, admin", ptr(flyio.AllowedRoles(flyio.RoleAdmin))),
		one("if present, empty", ifPresent(3)),
		one("if present, nil", &resset.IfPresent{Else: every}),
		one("if present, action inside", ifPresent(0, ptr(resset.ActionRead))),
		one("if present, window inside", ifPresent(0, window(1000, 2000))),
		one("if present, member inside", ifPresent(0, &flyio.IsMember{})),
		one("if present, organization inside", ifPresent(1, organization(12, 3))),
		one("if present, nothing allowed inside", ifPresent(every, &flyio.Machines{})),
		one("if present, senseless set inside", ifPresent(every, &flyio.Machines{Machines: names{"": 1, "m1": 1}})),
		one("if present, two resources", ifPresent(1, &flyio.Apps{Apps: ids{345: 3}}, &flyio.Machines{Machines: names{"m1": 17}})),
		one("if present, nested", ifPresent(1, ifPresent(2, &flyio.Machines{Machines: names{"m1": 31}}))),
		one("if present, nested with apps", ifPresent(1, &flyio.Apps{Apps: ids{345: 31}}, ifPresent(3, &flyio.Volumes{Volumes: names{"v1": 31}}))),
		one("if present, unknown inside", ifPresent(every, unknown(4242, "c3"))),
		one("if present, commands inside", ifPresent(resset.ActionRead, commands(flyio.Command{Args: []string{"ls"}}))),
		one("if present, mutations inside", ifPresent(1, &flyio.Mutations{Mutations: []string{"x"}})),
		one("if present, clusters inside", ifPresent(1, &flyio.Clusters{Clusters: names{"c1": 31}})),
		one("if present, third party inside", ifPresent(1, &macaroon.Caveat3P{Location: "x"})),
		one("if present, attestation inside", ifPresent(1, ptr(auth.FlyioUserID(1)))),
		one("machine features", &flyio.MachineFeatureSet{Features: names{"metadata": 3}}),
		one("app features", &flyio.AppFeatureSet{Features: names{"f": 1}}),
		one("app features, every", &flyio.AppFeatureSet{Features: names{"": 16}}),
		one("storage objects", prefixes(names{"https://s/a": 3, "https://s/a/b": 5, "https://s/c": 31})),
		one("storage objects, every", prefixes(names{"": 1})),
		one("storage objects, zero with others", prefixes(names{"": 1, "https://s/a": 3})),
		one("storage objects, nil", &flyio.StorageObjects{}),
		one("from machine", &flyio.FromMachine{ID: "s"}),
		one("from machine, empty", &flyio.FromMachine{}),
		one("fly src", &flyio.FlySrc{Organization: "o", App: "a", Instance: "s"}),
		one("fly src, app", &flyio.FlySrc{App: "a"}),
		one("fly src, nothing", &flyio.FlySrc{}),
		one("is user", &flyio.IsUser{ID: 9}),
		one("confine user", auth.RequireUser(7)),
		one("confine organization", auth.RequireOrganization(12)),
		one("confine google domain", auth.RequireGoogleHD("example.com")),
		one("confine google domain, empty", auth.RequireGoogleHD("")),
		one("confine github organization", auth.RequireGitHubOrg(5)),
		one("max validity", ptr(auth.MaxValidity(100))),
		one("max validity, none", ptr(auth.MaxValidity(0))),
		one("max validity, nearly 292 years", ptr(auth.MaxValidity(9223372036))),
		one("max validity, over 292 years", ptr(auth.MaxValidity(9223372037))),
		one("max validity, wraps to a minute", ptr(auth.MaxValidity(18446744073+60))),
		one("max validity, greatest", ptr(auth.MaxValidity(math.MaxUint64))),
		one("if present, storage inside", ifPresent(1, prefixes(names{"https://s/": 31}))),
		one("if present, features inside", ifPresent(1, &flyio.AppFeatureSet{Features: names{"f": 31}}, &flyio.MachineFeatureSet{Features: names{"g": 31}})),
		one("if present, source inside", ifPresent(0, &flyio.FlySrc{App: "a"})),
		one("if present, from machine inside", ifPresent(every, &flyio.FromMachine{ID: "s"})),
		one("if present, confined inside", ifPresent(every, auth.RequireUser(7))),
		one("if present, max validity inside", ifPresent(every, ptr(auth.MaxValidity(5)))),
		one("if present, is user inside", ifPresent(0, &flyio.IsUser{})),
		one("attestation beside", organization(12, every), ptr(auth.FlyioUserID(1)), google("5")),
		one("bound", organization(12, every), ptr(macaroon.BindToParentToken("x"))),
		one("unknown", organization(12, every), unknown(4242, "c3")),
		one("many refusals", organization(1, 0), &flyio.Apps{}, window(0, 1), ptr(resset.ActionNone), ptr(flyio.AllowedRoles(0))),
	}
}

func attempts() []attempt {
	org, app := ptr(uint64(12)), ptr(uint64(345))
	text := func(value string) *string { return &value }
	list := func(values ...string) *[]string {
		if values == nil {
			values = []string{}
		}
		return &values
	}
	at := func(change func(*attempt)) attempt {
		a := attempt{Action: 1, Now: 1500, OrgID: org}
		change(&a)
		return a
	}
	var out []attempt
	add := func(change func(*attempt)) { out = append(out, at(change)) }

	add(func(a *attempt) {})
	for _, mask := range []uint16{0, 2, 4, 31, 0x20, 0xffff} {
		add(func(a *attempt) { a.Action = mask })
		add(func(a *attempt) { a.Action = mask; a.AppID = app })
	}
	for _, now := range []float64{0, 999.5, 1000, 1999, 2000, 2000.5, 1763899999, 1763900000, 2393900000, 2393900000.5, 1 << 41, -5} {
		add(func(a *attempt) { a.Now = now })
	}
	add(func(a *attempt) { a.OrgID = nil })
	add(func(a *attempt) { a.OrgID = ptr(uint64(13)) })
	add(func(a *attempt) { a.OrgID = ptr(uint64(0)) })
	add(func(a *attempt) { a.OrgID = nil; a.AppID = app })
	for _, id := range []uint64{0, 346, 347, math.MaxUint64} {
		add(func(a *attempt) { a.AppID = ptr(id) })
	}
	for _, machine := range []string{"m1", "m2", "m3", ""} {
		for _, mask := range []uint16{1, 16, 18} {
			add(func(a *attempt) { a.AppID = app; a.Machine = text(machine); a.Action = mask })
		}
	}
	add(func(a *attempt) { a.AppID = app; a.Volume = text("v1"); a.Action = 2 })
	add(func(a *attempt) { a.AppID = app; a.Volume = text("v2"); a.Action = 2 })
	add(func(a *attempt) { a.AppID = ptr(uint64(346)); a.Volume = text("v9") })
	for _, feature := range []string{"wg", "builder", "membership", "billing", "deletion", "litefs-cloud", "authentication", "nonsense", ""} {
		for _, mask := range []uint16{0, 1, 2} {
			add(func(a *attempt) { a.Feature = text(feature); a.Action = mask })
		}
	}
	add(func(a *attempt) { a.Feature = text("litefs-cloud"); a.Cluster = text("c1") })
	add(func(a *attempt) { a.Feature = text("litefs-cloud"); a.Cluster = text("c2"); a.Action = 2 })
	add(func(a *attempt) { a.Feature = text("wg"); a.Cluster = text("c1") })
	add(func(a *attempt) { a.Cluster = text("c1") })
	add(func(a *attempt) { a.Mutation = text("issueCertificate") })
	add(func(a *attempt) { a.Mutation = text("x"); a.Action = 31 })
	add(func(a *attempt) { a.Mutation = text("") })
	for _, command := range []*[]string{list(), list("ls"), list("ls", "-l"), list("ls", "-l", "/"), list("id"), list("id", "-u")} {
		add(func(a *attempt) { a.AppID = app; a.Machine = text("m1"); a.Command = command; a.Action = 16 })
	}
	// Accesses that make no sense.
	add(func(a *attempt) { a.AppID = app; a.Feature = text("wg") })
	add(func(a *attempt) { a.AppID = app; a.StorageObject = text("s") })
	add(func(a *attempt) { a.Feature = text("wg"); a.StorageObject = text("s") })
	add(func(a *attempt) { a.Machine = text("m1") })
	add(func(a *attempt) { a.Volume = text("v1") })
	add(func(a *attempt) { a.AppFeature = text("f") })
	add(func(a *attempt) { a.AppID = app; a.Machine = text("m1"); a.Volume = text("v1") })
	add(func(a *attempt) { a.AppID = app; a.Machine = text("m1"); a.AppFeature = text("f") })
	add(func(a *attempt) { a.AppID = app; a.Command = list("ls") })
	add(func(a *attempt) { a.AppID = app; a.MachineFeature = text("f") })
	add(func(a *attempt) {
		a.AppID = app
		a.Machine = text("m1")
		a.MachineFeature = text("f")
		a.Command = list()
	})
	// And some that do.
	add(func(a *attempt) { a.StorageObject = text("https://storage/b") })
	for _, object := range []string{"", "https://s/", "https://s/a", "https://s/a/b/c", "https://s/ab", "https://s/c", "https://t/"} {
		for _, mask := range []uint16{1, 4, 6} {
			add(func(a *attempt) { a.StorageObject = text(object); a.Action = mask })
		}
	}
	add(func(a *attempt) { a.AppID = app; a.AppFeature = text("f") })
	add(func(a *attempt) { a.AppID = app; a.Machine = text("m1"); a.MachineFeature = text("f") })
	add(func(a *attempt) { a.AppID = app; a.AppFeature = text("g"); a.Action = 16 })
	add(func(a *attempt) {
		a.AppID = app
		a.Machine = text("m1")
		a.MachineFeature = text("metadata")
		a.Action = 2
	})
	add(func(a *attempt) {
		a.SourceMachine = text("s")
		a.SourceApp = text("a")
		a.SourceOrganization = text("o")
	})
	add(func(a *attempt) { a.SourceMachine = text("") })
	add(func(a *attempt) { a.SourceMachine = text("t"); a.SourceApp = text("b") })
	add(func(a *attempt) { a.SourceMachine = text("s"); a.SourceApp = text("a") })
	add(func(a *attempt) { a.SourceApp = text("a"); a.SourceOrganization = text("p") })
	// Those who ask for a discharge.
	ask := func(q asked) { out = append(out, attempt{Now: 1500, Discharge: &q}) }
	for _, expiry := range []float64{0, 1500, 1559, 1560.5, 1599, 1600, 1600.5, 1e9, 9.3e9} {
		ask(asked{Expiry: expiry})
	}
	ask(asked{Expiry: 1501, Flyio: []flyioAccount{{UserID: 8, OrganizationIDs: []uint64{13, 12}}}})
	ask(asked{Expiry: 1501, Flyio: []flyioAccount{{UserID: 8, OrganizationIDs: []uint64{}}, {UserID: 7, OrganizationIDs: []uint64{}}}})
	ask(asked{Expiry: 1501, Google: []googleAccount{{HD: "example.org"}}})
	ask(asked{Expiry: 1501, Google: []googleAccount{{HD: ""}, {HD: "example.com"}}})
	ask(asked{Expiry: 1501, GitHub: []gitHubAccount{{OrgIDs: []uint64{4}}, {OrgIDs: []uint64{6, 5}}}})
	ask(asked{Expiry: 1501, GitHub: []gitHubAccount{{OrgIDs: []uint64{}}}})
	return out
}

// stricter is what we answer to every access that makes sense, whatever Go does.
var stricter = map[string]string{
	"if present, nil":                   "0:bad-caveat",
	"window, begins beyond Go's clock":  "0:time",
	"window, both ends beyond the same": "0:time",
}

// clearingVectors is a table: every set against every attempt, one column of verdicts per set.
func clearingVectors() any {
	list := attempts()
	var sets []any
	for _, v := range clearingSets() {
		set, err := macaroon.DecodeCaveats(wireOf(v.caveats...))
		must(err)
		verdicts := make([]string, len(list))
		for i, a := range list {
			verdicts[i] = verdict(set, a)
		}
		entry := map[string]any{"name": v.name, "caveats": toHex(wireOf(v.caveats...)), "verdicts": verdicts}
		if kind, ok := stricter[v.name]; ok {
			entry["ours"] = kind
		}
		sets = append(sets, entry)
	}
	return map[string]any{"accesses": list, "sets": sets}
}
