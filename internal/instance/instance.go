// Package instance limits BoxReady to one window per user and display: a second start hands its files to the first one, over a
// socket in the user's runtime folder, or a named pipe on Windows.
//
// Both sides check that the other end is the same user. Only names of files are handed over, and the first one parses those
// files as untrusted input.
package instance

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// ReportEndings are how the names of report files end.
func ReportEndings() []string { return []string{".zip", ".json", ".html"} }

// IsReport tells whether a file is opened as a report; others are opened as requirements.
func IsReport(file string) bool {
	return slices.Contains(ReportEndings(), strings.ToLower(filepath.Ext(file)))
}

// IsFile tells whether an argument of the command line names a file that the window opens: one whose name ends as those of
// requirements (.boxready.yaml) or of reports (.boxready.zip, or the JSON or HTML of one) do.
func IsFile(argument string) bool {
	return !strings.HasPrefix(argument, "-") && (IsReport(argument) || slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(argument))))
}

// Files are the arguments of a command line that consists of files and nothing else, as absolute names; nil for any other.
func Files(arguments []string) (files []string) {
	for _, a := range arguments {
		if !IsFile(a) {
			return nil
		}
		absolute, err := filepath.Abs(a)
		if err != nil {
			return nil
		}
		files = append(files, absolute)
	}
	return files
}

const (
	protocol = 1
	maxBytes = 64 << 10
	maxFiles = 32
	// handoverTimeout is how long a second start waits for the first one.
	handoverTimeout = 15 * time.Second
	// A silent connection must not block others for longer.
	readTimeout = 2 * time.Second
)

type request struct {
	Protocol int      `json:"boxready"`
	Open     []string `json:"open"` // absolute names; none just shows the window
}

type answer struct {
	Protocol int  `json:"boxready"`
	Taken    bool `json:"taken"`
}

// First is the start that others hand their files to.
type First struct {
	listener net.Listener
	release  func()
	served   chan struct{} // closed when Serve has returned; nil before
}

var errNotTaken = errors.New("the window didn't accept them")

// Start makes this start the first one, or hands files to the first one: then handed is true, and the program can end. After an
// error this start is neither, and opens a window of its own.
func Start(ctx context.Context, files []string) (first *First, handed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, handoverTimeout)
	defer cancel()
	if first, err = claim(); err != nil {
		return nil, false, fmt.Errorf("be the only window: %w", err)
	}
	if first != nil {
		return first, false, nil
	}
	if err := handOver(ctx, files); err != nil {
		return nil, false, fmt.Errorf("hand files to the window that is open: %w", err)
	}
	return nil, true, nil
}

// handOver waits until the first start listens: its window may be opening.
func handOver(ctx context.Context, files []string) error {
	for {
		conn, err := dial(ctx)
		if err == nil {
			defer conn.Close()
			return ask(conn, files)
		}
		if ctx.Err() != nil || !retryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func retryable(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, io.EOF) || isTimeout(err)
}

// dial connects to the first start and waits for its greeting, so that nothing is sent before it serves. (In Wine a pipe's
// first connection is never accepted.)
func dial(ctx context.Context) (net.Conn, error) {
	conn, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	var a answer
	if err = conn.SetDeadline(time.Now().Add(readTimeout)); err == nil {
		err = receive(conn, &a)
	}
	if err == nil && a.Protocol != protocol {
		err = errNotTaken // another version
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func ask(conn net.Conn, files []string) error {
	if err := conn.SetDeadline(time.Now().Add(handoverTimeout)); err != nil {
		return err
	}
	if err := json.NewEncoder(conn).Encode(request{protocol, files}); err != nil {
		return err
	}
	var a answer
	if err := receive(conn, &a); err != nil {
		return err
	}
	if !a.Taken {
		return errNotTaken
	}
	return nil
}

// Serve calls open with what other starts hand over, from other goroutines, one at a time, until Close. No files means that the
// window shall be shown. Starts before Serve wait for it.
func (f *First) Serve(open func(files []string)) {
	f.served = make(chan struct{})
	go func() {
		defer close(f.served)
		for {
			conn, err := f.listener.Accept()
			if errors.Is(err, net.ErrClosed) || err != nil && !isTimeout(err) {
				return
			}
			if err == nil {
				handle(conn, open)
			}
		}
	}()
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Close stops serving; the next start is the first then.
func (f *First) Close() {
	if f == nil {
		return
	}
	_ = f.listener.Close()
	if f.served != nil {
		<-f.served
	}
	f.release()
}

func handle(conn net.Conn, open func([]string)) {
	defer conn.Close()
	if conn.SetDeadline(time.Now().Add(readTimeout)) != nil || allowed(conn) != nil {
		return
	}
	var r request
	if json.NewEncoder(conn).Encode(answer{Protocol: protocol}) != nil || receive(conn, &r) != nil {
		return
	}
	taken := r.Protocol == protocol && len(r.Open) <= maxFiles && !slices.ContainsFunc(r.Open, func(name string) bool { return !acceptable(name) })
	if taken {
		open(r.Open)
	}
	_ = json.NewEncoder(conn).Encode(answer{protocol, taken}) // an error means that the client is gone
}

// receive reads a line of JSON.
func receive(r io.Reader, into any) error {
	line, err := bufio.NewReader(io.LimitReader(r, maxBytes)).ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, into)
}

// acceptable tells whether a name is one that Files returns.
func acceptable(name string) bool {
	return IsFile(name) && filepath.IsAbs(name) && filepath.Clean(name) == name && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}
