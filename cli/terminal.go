package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/view"

	"github.com/fatih/color"
	"github.com/mattn/go-colorable"
	"golang.org/x/term"
)

// A check that takes longer is shown as slow.
const slow = 10 * time.Second

const maxWidth = 100

// width returns the columns of the terminal behind w, and whether there is one.
func width(w io.Writer) (int, bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil || columns <= 0 {
		return 80, true
	}
	return min(columns, maxWidth), true
}

// style returns the result's style and writer: with colour only on a terminal, and not if NO_COLOR is set (no-color.org).
func (cl *commandLine) style(verbose bool) (report.Style, io.Writer) {
	style := report.Style{Verbose: verbose}
	columns, terminal := width(cl.Out)
	style.Width = columns
	if !terminal || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return style, cl.Out
	}
	paint := func(attributes ...color.Attribute) func(string) string {
		c := color.New(attributes...)
		c.EnableColor()
		return func(s string) string { return c.Sprint(s) }
	}
	states := map[checks.State]func(string) string{checks.OK: paint(color.FgGreen), checks.Notice: paint(color.FgYellow),
		checks.Problem: paint(color.FgRed), checks.Unknown: paint(color.FgMagenta), checks.Skipped: func(s string) string { return s }}
	style.Paint = func(state checks.State, s string) string { return states[state](s) }
	style.Bold = paint(color.Bold)
	return style, colorable.NewColorable(cl.Out.(*os.File)) // consoles of old Windows don't support the codes
}

// progress shows on standard error what is being checked: on a terminal in one line that is overwritten, elsewhere only slow
// checks.
type progress struct {
	cl       *commandLine
	terminal bool
	total    int
	pause    func() time.Duration // current pause by BoxReady itself
	stop     chan struct{}
	stopped  sync.WaitGroup

	mu         sync.Mutex
	early      *view.EarlyVerdict // nil: none is shown, or it was
	done       int
	requests   [2]int // answered and all, of a check that asks many
	running    []started
	travels    bool // a test event
	pausedSaid bool
	drawn      int // columns
}

type started struct {
	id     checks.ID
	waited time.Duration // for answers; BoxReady's own pauses don't count
	said   bool          // as slow
}

func (cl *commandLine) newProgress(total int, early *view.EarlyVerdict, pause func() time.Duration) *progress {
	p := &progress{cl: cl, total: total, early: early, pause: pause, stop: make(chan struct{})}
	_, p.terminal = width(cl.Err)
	p.stopped.Go(p.tick)
	return p
}

func (p *progress) tick() {
	const every = 250 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.mu.Lock()
			pause := p.pause()
			for i := range p.running {
				if pause == 0 {
					p.running[i].waited += every
				}
			}
			p.sayVerdict()
			p.draw(pause)
			p.mu.Unlock()
		}
	}
}

func (p *progress) Started(id checks.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = append(p.running, started{id: id})
	p.draw(p.pause())
}

func (p *progress) Finished(id checks.ID, results []checks.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.early.Finished(id, results, time.Now())
	p.running = slices.DeleteFunc(p.running, func(s started) bool { return s.id == id })
	p.draw(p.pause())
}

func (p *progress) Progress(_ checks.ID, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = [2]int{done, total}
	p.draw(p.pause())
}

// Leg shows the wait for the event, the slowest part of a run.
func (p *progress) Leg(_ checks.ID, leg checks.Leg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.travels = leg.Name == checks.LegTravel && leg.State == checks.LegUnderWay
	if p.travels && !p.terminal {
		fmt.Fprintln(p.cl.Err, p.cl.words.Say("progress.leg", checks.Args{"seconds": leg.LimitMS / 1000}))
	}
}

// sayVerdict says once which verdict a run will have, if nothing that it still waits for can change that.
func (p *progress) sayVerdict() {
	verdict := p.early.At(time.Now())
	if verdict == "" || len(p.running) == 0 {
		return
	}
	var waiting []checks.ID
	for _, s := range p.running {
		waiting = append(waiting, s.id)
	}
	p.clear()
	fmt.Fprintln(p.cl.Err, p.cl.words.Say("progress.settled", checks.Args{"verdict": view.Of(p.early.Results).Verdict(p.cl.words, verdict).Title,
		"checks": p.cl.words.CheckNames(waiting)}))
	p.early = nil
}

// sharedTerminal forwards results to an observer that writes to the same terminal as the line of progress.
type sharedTerminal struct {
	progress *progress
	checks.Observer
}

func (b sharedTerminal) Finished(id checks.ID, results []checks.Result) {
	b.progress.mu.Lock()
	defer b.progress.mu.Unlock()
	b.progress.clear()
	b.Observer.Finished(id, results)
}

// draw shows the check that has waited longest for answers, or BoxReady's own pause.
func (p *progress) draw(pause time.Duration) {
	if len(p.running) == 0 {
		return
	}
	oldest := &p.running[0]
	args := checks.Args{"check": p.cl.words.Name(oldest.id), "done": p.done, "total": p.total, "seconds": int(oldest.waited.Seconds()),
		"pause": max(int(pause.Round(time.Second).Seconds()), 1), "request": p.requests[0], "requests": 0}
	if p.requests[0] < p.requests[1] {
		args["requests"] = p.requests[1]
	}
	if !p.terminal {
		switch {
		case pause > 0 && !p.pausedSaid:
			p.pausedSaid = true
			fmt.Fprintln(p.cl.Err, p.cl.words.Say("progress.pause", args))
		case pause == 0 && oldest.waited >= slow && !oldest.said && !(p.travels && oldest.id == checks.EventDelivery):
			oldest.said = true
			fmt.Fprintln(p.cl.Err, p.cl.words.Say("progress.slow", args))
		}
		return
	}
	key := "progress.line"
	switch {
	case pause > 0:
		key = "progress.pause-line"
	case p.travels && oldest.id == checks.EventDelivery:
		key = "progress.leg-line"
	case oldest.waited >= slow:
		key = "progress.slow-line"
	}
	columns, _ := width(p.cl.Err)
	line := []rune(p.cl.words.Say(key, args))
	line = line[:min(len(line), max(columns-1, 1))]
	fmt.Fprint(p.cl.Err, "\r", string(line), strings.Repeat(" ", max(p.drawn-len(line), 0)))
	p.drawn = len(line)
}

// end stops showing progress.
func (p *progress) end() {
	close(p.stop)
	p.stopped.Wait()
	p.clear()
}

// clear removes the line.
func (p *progress) clear() {
	if p.terminal && p.drawn > 0 {
		fmt.Fprint(p.cl.Err, "\r", strings.Repeat(" ", p.drawn), "\r")
	}
	p.drawn = 0
}
