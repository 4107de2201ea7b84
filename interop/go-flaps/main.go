// Command flaps plays the life of a machine against the Machines API that FLY_FLAPS_BASE_URL names, with the client that flyctl
// has, and prints what came of each step as a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	fly "github.com/superfly/fly-go"
	"github.com/superfly/fly-go/flaps"
	"github.com/superfly/fly-go/tokens"
)

type watched struct{ hosts map[string]bool }

func (w *watched) RoundTrip(request *http.Request) (*http.Response, error) {
	w.hosts[request.URL.Hostname()] = true
	return http.DefaultTransport.RoundTrip(request)
}

func tell(step string, value any, err error) {
	line := map[string]any{"step": step, "value": value}
	if err != nil {
		line["error"] = err.Error()
		line["not_found"] = errors.Is(err, flaps.ErrFlapsNotFound)
	}
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

func main() {
	if os.Getenv("FLY_FLAPS_BASE_URL") == "" || len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: FLY_FLAPS_BASE_URL=http://127.0.0.1:4280 FLY_API_TOKEN=… flaps APP IMAGE REGION")
		os.Exit(2)
	}
	app, image, region := os.Args[1], os.Args[2], os.Args[3]
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	watch := &watched{hosts: map[string]bool{}}
	client, err := flaps.NewWithOptions(ctx, flaps.NewClientOpts{Tokens: tokens.Parse(os.Getenv("FLY_API_TOKEN")), Transport: watch})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	value := "from Go"
	secrets, err := client.UpdateAppSecrets(ctx, app, map[string]*string{"GO_SECRET": &value})
	tell("secrets", secrets, err)
	config := &fly.MachineConfig{
		Image: image,
		Init:  fly.MachineInit{Exec: []string{"sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"}},
		Guest: &fly.MachineGuest{CPUKind: "shared", CPUs: 1, MemoryMB: 256},
		Env:   map[string]string{"A": "b"},
	}
	made, err := client.Launch(ctx, app, fly.LaunchMachineInput{Config: config, Name: "go", LeaseTTL: 0})
	tell("launch", made, err)
	if err != nil {
		os.Exit(1)
	}
	wait := func(state string) {
		tell("wait "+state, nil, client.Wait(ctx, app, made.ID, flaps.WithWaitStates(state), flaps.WithWaitTimeout(30*time.Second)))
	}
	wait("started")
	ttl := 60
	lease, err := client.AcquireLease(ctx, app, made.ID, &ttl)
	tell("lease", lease, err)
	nonce := ""
	if lease != nil && lease.Data != nil {
		nonce = lease.Data.Nonce
	}
	tell("stop without the nonce", nil, client.Stop(ctx, app, fly.StopMachineInput{ID: made.ID}, ""))
	lease, err = client.RefreshLease(ctx, app, made.ID, &ttl, nonce)
	tell("refresh", lease, err)
	result, err := client.Exec(ctx, app, made.ID, &fly.MachineExecRequest{Cmd: "sh -c 'echo $A $GO_SECRET; exit 3'"})
	tell("exec", result, err)
	tell("metadata", nil, client.SetMetadata(ctx, app, made.ID, "role", "worker"))
	metadata, err := client.GetMetadata(ctx, app, made.ID)
	tell("metadata", metadata, err)
	tell("delete metadata", nil, client.DeleteMetadata(ctx, app, made.ID, "role"))
	tell("cordon", nil, client.Cordon(ctx, app, made.ID, nonce))
	tell("uncordon", nil, client.Uncordon(ctx, app, made.ID, nonce))
	config.Env["A"] = "c"
	updated, err := client.Update(ctx, app, fly.LaunchMachineInput{ID: made.ID, Config: config}, nonce)
	tell("update", updated, err)
	wait("settled")
	tell("restart", nil, client.Restart(ctx, app, fly.RestartMachineInput{ID: made.ID, Timeout: 5 * time.Second}, nonce))
	wait("started")
	tell("stop", nil, client.Stop(ctx, app, fly.StopMachineInput{ID: made.ID, Signal: "SIGTERM", Timeout: fly.Duration{Duration: 5 * time.Second}}, nonce))
	wait("stopped")
	started, err := client.Start(ctx, app, made.ID, nonce)
	tell("start", started, err)
	wait("started")
	// It has no nonce to send.
	tell("kill", nil, client.Kill(ctx, app, made.ID))
	tell("release", nil, client.ReleaseLease(ctx, app, made.ID, nonce))
	list, err := client.List(ctx, app, "")
	tell("list", list, err)
	got, err := client.Get(ctx, app, made.ID)
	tell("get", got, err)
	tell("destroy", nil, client.Destroy(ctx, app, fly.RemoveMachineInput{ID: made.ID, Kill: true}, nonce))
	wait("destroyed")
	size := 1
	volume, err := client.CreateVolume(ctx, app, fly.CreateVolumeRequest{Name: "go", Region: region, SizeGb: &size})
	tell("create volume", volume, err)
	if err != nil {
		os.Exit(1)
	}
	config.Mounts = []fly.MachineMount{{Volume: volume.ID, Path: "/data"}}
	with, err := client.Launch(ctx, app, fly.LaunchMachineInput{Config: config, Name: "with-volume"})
	tell("launch with volume", with, err)
	_, err = client.DeleteVolume(ctx, app, volume.ID)
	tell("delete bound volume", nil, err)
	extended, _, err := client.ExtendVolume(ctx, app, volume.ID, 2)
	tell("extend volume", extended, err)
	volumes, err := client.GetVolumes(ctx, app)
	tell("volumes", volumes, err)
	tell("destroy with volume", nil, client.Destroy(ctx, app, fly.RemoveMachineInput{ID: with.ID, Kill: true}, ""))
	tell("wait destroyed", nil, client.Wait(ctx, app, with.ID, flaps.WithWaitStates("destroyed"), flaps.WithWaitTimeout(30*time.Second)))
	free, err := client.GetVolume(ctx, app, volume.ID)
	tell("free volume", free, err)
	deleted, err := client.DeleteVolume(ctx, app, volume.ID)
	tell("delete volume", deleted, err)
	_, err = client.GetVolumeSnapshots(ctx, app, volume.ID)
	tell("snapshots", nil, err)
	_, err = client.Get(ctx, app, "00000000000000")
	tell("get nothing", nil, err)
	tell("hosts", watch.hosts, nil)
}
