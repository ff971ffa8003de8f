package checks

import (
	"context"
	"strconv"
	"strings"

	"boxready/internal/serverprobe"
)

// PHPLimitsLow is the cause of server-php.
const PHPLimitsLow Cause = "php-limits-low"

// ServerPHPFacts are PHP's limits as php.ini writes them, the space that is left, and the clocks.
type ServerPHPFacts struct {
	Web              bool                `json:"web"` // the PHP that serves the portal; the command line's may be another one
	MaxInputVars     string              `json:"max_input_vars,omitempty"`
	SocketTimeout    string              `json:"default_socket_timeout,omitempty"` // seconds
	PostMaxSize      string              `json:"post_max_size,omitempty"`
	MemoryLimit      string              `json:"memory_limit,omitempty"`
	MaxExecutionTime string              `json:"max_execution_time,omitempty"` // seconds
	Disk             *serverprobe.Disk   `json:"disk,omitempty"`
	Clocks           *serverprobe.Clocks `json:"clocks,omitempty"`
}

func hasLimits(p *serverprobe.Probe) bool {
	return p.Settings != nil && (p.Settings.Settings["max_input_vars"] != "" || p.Settings.Settings["default_socket_timeout"] != "")
}

func observeServerPHP(_ context.Context, env *Env) (*ServerPHPFacts, error) {
	p := env.probe()
	s := p.Settings.Settings
	return &ServerPHPFacts{Web: p.Web(), MaxInputVars: s["max_input_vars"], SocketTimeout: s["default_socket_timeout"], PostMaxSize: s["post_max_size"],
		MemoryLimit: s["memory_limit"], MaxExecutionTime: s["max_execution_time"], Disk: p.Disk, Clocks: p.Clocks}, nil
}

// What the product's own check asks of php.ini (site_checker.php of main 25). It asks for no number of post_max_size and memory_limit,
// so these are facts only.
const (
	leastInputVars     = 10000
	leastSocketTimeout = 60
)

func judgeServerPHP(f *ServerPHPFacts, _ FactsByCheck) []Result {
	var low, least []string
	known := false
	for _, limit := range []struct {
		name, value string
		least       int
	}{
		{"max_input_vars", f.MaxInputVars, leastInputVars},
		{"default_socket_timeout", f.SocketTimeout, leastSocketTimeout}, // negative: without end
	} {
		n, err := strconv.Atoi(strings.TrimSpace(limit.value))
		if err != nil {
			continue
		}
		known = true
		if n >= 0 && n < limit.least {
			low = append(low, limit.name+" = "+strconv.Itoa(n))
			least = append(least, limit.name+" = "+strconv.Itoa(limit.least))
		}
	}
	switch {
	case !known:
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	case low == nil:
		return ok()
	}
	return one(notice(PHPLimitsLow, ServerAdmin).with(Args{"low": low, "least": least, "cli": !f.Web}))
}
