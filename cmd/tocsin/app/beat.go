package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/api/beat"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/integrations/heartbeat"
)

func (o *outside) addWatchdog(c Config) error {
	if c.WatchdogURL == "" {
		return nil
	}
	channel, err := heartbeat.New(heartbeat.Config{URL: c.WatchdogURL})
	if err != nil {
		return fmt.Errorf("set up the watchdog: %w", err)
	}
	o.watchdog, o.channels[catalog.KindHeartbeat] = channel, channel
	return nil
}

// makeBeats makes what beats, where a watchdog is configured. A process
// without an intake does not beat, and knows whether others do.
func (a *App) makeBeats() {
	if a.outside.watchdog == nil {
		return
	}
	config := beat.Config{Fed: a.fed, Forget: a.engine.Forget, Every: a.options.Beat, Log: a.log}
	if a.options.Intake {
		config.Intake, config.Metrics = a.intake, a.Metrics
	}
	a.beats = beat.New(config)
}

// fed returns when the watchdog was last fed: as the database has it and, when
// that is away, as this process does.
func (a *App) fed(ctx context.Context) (time.Time, error) {
	here := a.outside.watchdog.Last()
	anywhere, err := a.Store.LastBeat(ctx)
	if anywhere.After(here) {
		return anywhere, nil
	}
	return here, err
}

func (a *App) startBeating(ctx context.Context) {
	if a.beats == nil || !a.options.Intake {
		return
	}
	life, hush := context.WithCancel(context.WithoutCancel(ctx))
	a.hush = hush
	a.beating.Go(func() { a.beats.Run(life, a.Addr()) })
}

func (a *App) stopBeating() {
	if a.hush != nil {
		a.hush()
		a.beating.Wait()
	}
}
