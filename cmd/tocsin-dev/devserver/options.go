package devserver

import (
	"net"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName = "active"
	storeName   = "sqlite"
	disabled    = "disabled"

	// pollRate is how often a second a queue of the history service may look
	// for tasks. At the stock 20 a single step waits up to 50 ms for its turn.
	pollRate = 2000
)

// options describes the whole server to itself.
func options(cfg Config, addrs addresses, store *config.SQL) []temporal.ServerOption {
	frontend := dialable(addrs.frontend).String()
	front := service(addrs.frontend)
	front.RPC.HTTPPort = addrs.http.Port
	services := map[string]config.Service{string(primitives.FrontendService): front}
	hosts := map[primitives.ServiceName]static.Hosts{primitives.FrontendService: static.SingleLocalHost(frontend)}
	for name, addr := range addrs.inner {
		services[string(name)] = service(addr)
		hosts[name] = static.SingleLocalHost(addr.String())
	}
	server := &config.Config{
		Services:            services,
		PublicClient:        config.PublicClient{HostPort: frontend},
		ClusterMetadata:     oneCluster(frontend),
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: store}},
		},
	}
	disableArchival(server)
	return []temporal.ServerOption{
		temporal.WithConfig(server),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger{cfg.Logger}),
		temporal.WithDynamicConfigClient(settings(cfg)),
	}
}

// settings are the server's dynamic configuration.
func settings(cfg Config) dynamicconfig.StaticClient {
	out := dynamicconfig.StaticClient{}
	if cfg.LongRun > 0 {
		out[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = cfg.LongRun
	}
	if cfg.Untuned {
		return out
	}
	out[dynamicconfig.TransferProcessorMaxPollRPS.Key()] = pollRate
	out[dynamicconfig.TimerProcessorMaxPollRPS.Key()] = pollRate
	out[dynamicconfig.VisibilityProcessorMaxPollRPS.Key()] = pollRate
	out[dynamicconfig.OutboundProcessorMaxPollRPS.Key()] = pollRate
	return out
}

func service(addr *net.TCPAddr) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: addr.Port, BindOnIP: addr.IP.String()}}
}

func oneCluster(frontend string) *cluster.Config {
	return &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
		},
	}
}

func disableArchival(server *config.Config) {
	server.Archival.History.State = disabled
	server.Archival.Visibility.State = disabled
	server.NamespaceDefaults.Archival.History.State = disabled
	server.NamespaceDefaults.Archival.Visibility.State = disabled
}
