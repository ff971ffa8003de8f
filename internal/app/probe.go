package app

import (
	"context"
	"os"

	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/internal/transport"
)

// SSH configures the connection to a portal's server.
type SSH struct {
	Server     serverprobe.Server
	KnownHosts string                                       // file; "" for ssh's own
	PHP        string                                       // command that runs PHP there; "" for php
	Password   func(context.Context) (secret.String, error) // asks for it; nil: no prompt
}

// RunProbe runs a script for PHP on a portal's server, without the system's proxy, which is for HTTP. The errors are
// serverprobe.RunPHP's.
func (a *App) RunProbe(ctx context.Context, s SSH, script string) ([]byte, error) {
	direct := a.transport
	direct.Proxy = nil
	access := serverprobe.Access{Dial: transport.New(direct).Dial, KnownHosts: serverprobe.KnownHosts(), Agent: os.Getenv("SSH_AUTH_SOCK"), Password: s.Password, Command: s.PHP}
	if s.KnownHosts != "" {
		access.KnownHosts = []string{s.KnownHosts}
	}
	return serverprobe.RunPHP(ctx, s.Server, access, script)
}
