package checks

import (
	"context"
	"time"

	"boxready/internal/serverprobe"
)

// Causes of server-agents.
const (
	AgentsStopped Cause = "agents-stopped"
	UsageBacklog  Cause = "usage-backlog"
)

// AgentsFacts are when the product's jobs last ran, and the usage data still to be reported.
type AgentsFacts struct {
	At     time.Time           `json:"at"`
	Agents *serverprobe.Agents `json:"agents,omitempty"`
	Usage  *serverprobe.Usage  `json:"usage,omitempty"`
}

func hasAgents(p *serverprobe.Probe) bool { return p.Agents != nil || p.Usage != nil }

func observeAgents(_ context.Context, env *Env) (*AgentsFacts, error) {
	p := env.probe()
	return &AgentsFacts{At: p.Time, Agents: p.Agents, Usage: p.Usage}, nil
}

const (
	// Some of the product's jobs are hourly and daily, so a day without any means that they don't run.
	agentsStoppedAfter = 25 * time.Hour
	// The job that reports usage runs every hour and reports one day at a time.
	backlogAfter = 3 * 24 * time.Hour
)

func judgeAgents(f *AgentsFacts, _ FactsByCheck) []Result {
	var newest *time.Duration
	if f.Agents != nil {
		for _, age := range []*int64{f.Agents.AgeS, f.Agents.PeriodicAgeS} {
			if age != nil && *age >= 0 && (newest == nil || time.Duration(*age)*time.Second < *newest) {
				d := time.Duration(min(*age, int64(10*365*24*time.Hour/time.Second))) * time.Second
				newest = &d
			}
		}
	}
	if newest != nil && *newest > agentsStoppedAfter {
		// Then the unreported data proves nothing about the network.
		return one(notice(AgentsStopped, ServerAdmin).with(Args{"age": *newest, "crontab": f.Agents.CrontabSupport || f.Agents.UseCrontab == "Y"}))
	}
	if f.Usage != nil && f.Usage.UnsentDays > 0 {
		if day, err := time.Parse(time.DateOnly, f.Usage.Oldest); err == nil && f.At.Sub(day) > backlogAfter {
			return one(notice(UsageBacklog, NetworkAdmin).with(Args{"unsent": time.Duration(min(f.Usage.UnsentDays, 3650)) * 24 * time.Hour, "oldest": day}))
		}
	}
	if newest == nil && f.Usage == nil {
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	by := ""
	if a := f.Agents; a != nil {
		by = "visits"
		if a.CrontabSupport || a.UseCrontab == "Y" || a.CheckAgents == "N" {
			by = "cron"
		}
	}
	return about(ok(), Args{"by": by})
}
