// The parts of a Kubernetes in one program: the first word says which part it is.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	router "github.com/cloudnativelabs/kube-router/v2/pkg/cmd"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var parts = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-proxy":              proxy.NewProxyCommand,
	"kube-router":             newRouterCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
}

// kube-router brings no command of its own that could be asked for, only a program.
func newRouterCommand() *cobra.Command {
	config := options.NewKubeRouterConfig()
	command := &cobra.Command{
		Use: "kube-router",
		RunE: func(*cobra.Command, []string) error {
			router, err := router.NewKubeRouterDefault(config)
			if err != nil {
				return err
			}
			return router.Run()
		},
	}
	config.AddFlags(command.Flags())
	return command
}

func main() {
	if len(os.Args) > 1 {
		// The part sees the words that follow its name, as if it were a program of its own.
		os.Args = os.Args[1:]
		name := filepath.Base(os.Args[0])
		if name == "etcd" {
			etcdmain.Main(os.Args)
			return
		}
		if part, ok := parts[name]; ok {
			os.Exit(cli.Run(part()))
		}
	}
	fmt.Fprintln(os.Stderr, "the first word names a part: etcd, kube-apiserver, …")
	os.Exit(2)
}
