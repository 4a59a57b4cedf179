package devserver

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// ui is a running web UI.
type ui struct {
	server *uiserver.Server
	done   chan struct{} // closed when the server has ended
}

// startUI serves the web UI and returns when it answers.
func startUI(ctx context.Context, cfg Config, addrs addresses) (*ui, error) {
	addr := addrs.ui
	u := &ui{done: make(chan struct{})}
	u.server = uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host:                strings.TrimSuffix(addr.String(), fmt.Sprintf(":%d", addr.Port)), // with the brackets of IPv6
		Port:                addr.Port,
		TemporalGRPCAddress: dialable(addrs.frontend).String(),
		DefaultNamespace:    cfg.Namespace,
		EnableUI:            true,
		DisableNewsFetch:    true,
		HideLogs:            true,
		// Browsers do not send a secure cookie over plain HTTP.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}))
	go func() {
		defer close(u.done)
		_ = u.server.Start() // it reports nothing but the end we asked for
	}()
	health := "http://" + dialable(addr).String() + "/healthz"
	if err := poll(ctx, func() error { return answers(ctx, health) }); err != nil {
		u.stop()
		return nil, err
	}
	return u, nil
}

func (u *ui) stop() {
	u.server.Stop()
	<-u.done
}

// answers reports an error unless url gives 200.
func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}
