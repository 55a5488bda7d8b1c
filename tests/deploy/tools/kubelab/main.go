// kubelab: a real etcd, kube-apiserver, kube-controller-manager and kube-scheduler in one binary, to judge manifests.
// usage: kubelab etcd DIR CLIENT_URL PEER_URL | kubelab {kube-apiserver|kube-controller-manager|kube-scheduler} FLAGS...
package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// etcd keeps everything below a folder that is gone afterwards, so it does not wait for the disk.
func etcd(arguments []string) int {
	config := embed.NewConfig()
	client, _ := url.Parse(arguments[1])
	peer, _ := url.Parse(arguments[2])
	config.Dir = arguments[0]
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	config.InitialCluster = config.Name + "=" + peer.String()
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	server, err := embed.StartEtcd(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	<-server.Server.ReadyNotify()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-asked:
		server.Close()
		return 0
	case err := <-server.Err():
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
}

func main() {
	usage := "usage: kubelab etcd|kube-apiserver|kube-controller-manager|kube-scheduler ..."
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	what := os.Args[1]
	os.Args = append([]string{what}, os.Args[2:]...)
	switch what {
	case "etcd":
		os.Exit(etcd(os.Args[1:]))
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	}
	fmt.Fprintln(os.Stderr, usage)
	os.Exit(2)
}
