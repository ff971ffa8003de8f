package transport

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"time"

	"boxready/internal/filelock"
)

// sharedPace is the pace that all processes of one user keep to towards a portal: a file with the requests of the last 10 seconds,
// when each was sent or, once it is, answered. Where the file can't be used, each process keeps to its own pace.
type sharedPace struct {
	folder filelock.Folder
	name   string
	window time.Duration

	alone time.Time // until when the file isn't tried again; guarded by the pacer's lock, as are all calls
}

const (
	// A process holds the lock for less than a millisecond; a stopped one must not stop others.
	paceLockTimeout = time.Second
	maxPaceFile     = 16 << 10
)

// reserve takes a place in the window; otherwise it returns how long to wait for one.
func (s *sharedPace) reserve() (id string, wait time.Duration) {
	s.change(func(now int64, sent map[string]int64) {
		if len(sent) < paceRequests {
			id = rand.Text()
			sent[id] = now
			return
		}
		oldest := now
		for _, at := range sent {
			oldest = min(oldest, at)
		}
		wait = s.window - time.Duration(now-oldest)*time.Millisecond
	})
	return id, wait
}

// mark records that a request is sent or answered now.
func (s *sharedPace) mark(id string) {
	s.change(func(now int64, sent map[string]int64) { sent[id] = now })
}

// release takes back a place of which no use was made.
func (s *sharedPace) release(id string) {
	s.change(func(_ int64, sent map[string]int64) { delete(sent, id) })
}

// change edits the file: Unix times in milliseconds, by random names.
func (s *sharedPace) change(edit func(now int64, sent map[string]int64)) {
	if s == nil || time.Now().Before(s.alone) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), paceLockTimeout)
	defer cancel()
	file, _ := s.folder.Lock(ctx, s.name)
	if file == nil {
		s.alone = time.Now().Add(s.window)
		return
	}
	defer file.Close()
	sent, now := readPace(file), time.Now().UnixMilli()
	for id, at := range sent {
		if now-at >= s.window.Milliseconds() {
			delete(sent, id)
			continue
		}
		// The clock may have been set back: what seems to be to come must not delay requests for longer than the window.
		sent[id] = min(at, now)
	}
	edit(now, sent)
	if data, err := json.Marshal(sent); err == nil {
		if n, err := file.WriteAt(data, 0); err == nil {
			_ = file.Truncate(int64(n))
		}
	}
}

// readPace takes a file that is damaged, by a loss of power for instance, for an empty one.
func readPace(file *os.File) map[string]int64 {
	var sent map[string]int64
	data, err := io.ReadAll(io.LimitReader(file, maxPaceFile))
	if err != nil || json.Unmarshal(data, &sent) != nil || sent == nil || len(sent) > 2*paceRequests {
		return map[string]int64{}
	}
	return sent
}
