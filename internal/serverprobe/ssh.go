package serverprobe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"boxready/internal/secret"
	"boxready/internal/untrusted"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Server is the address of a portal's server for SSH.
type Server struct {
	User, Host string
	Port       int
}

// ParseServer reads USER@HOST or USER@HOST:PORT.
func ParseServer(s string) (Server, error) {
	user, hostPort, ok := strings.Cut(s, "@")
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		host, port = strings.Trim(hostPort, "[]"), "22"
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if !ok || user == "" || host == "" || err != nil || number == 0 || strings.ContainsAny(s, " \t\n/\\") || strings.Contains(host, "@") {
		return Server{}, fmt.Errorf("%q isn't a server like bitrix@server.example.com", s)
	}
	return Server{User: user, Host: host, Port: int(number)}, nil
}

func (s Server) String() string { return s.User + "@" + s.Host }

// Access is how to connect to a server and which credentials to offer.
type Access struct {
	Dial       func(ctx context.Context, host string, port int) (net.Conn, error)
	KnownHosts []string // files of known hosts' keys; a host that isn't in them is refused
	Agent      string   // socket of an SSH agent; "" for none
	// Password asks for the password when no key was accepted; nil if nobody can be asked.
	Password func(context.Context) (secret.String, error)
	Command  string // that runs PHP; "" for php
}

// KnownHosts are the files of known hosts that ssh reads on this computer, as far as they exist.
func KnownHosts() (files []string) {
	candidates := []string{"/etc/ssh/ssh_known_hosts"}
	if runtime.GOOS == "windows" {
		candidates = []string{filepath.Join(os.Getenv("ProgramData"), "ssh", "ssh_known_hosts")}
	}
	if home, err := os.UserHomeDir(); err == nil {
		candidates = append(candidates, filepath.Join(home, ".ssh", "known_hosts"))
	}
	return slices.DeleteFunc(candidates, func(file string) bool {
		_, err := os.Stat(file)
		return err != nil
	})
}

// SSHReason is a stable code of why a script could not be run over SSH.
type SSHReason string

// The reasons.
const (
	SSHUnreachable SSHReason = "unreachable"
	SSHUnknownHost SSHReason = "host-key-unknown"
	SSHChangedHost SSHReason = "host-key-changed"
	SSHRefused     SSHReason = "refused" // neither key nor password was accepted
	SSHFailed      SSHReason = "failed"  // the connection broke off
	SSHNoPHP       SSHReason = "no-php"  // the command doesn't exist or fails
)

// SSHError is the error of RunPHP.
type SSHError struct {
	Reason SSHReason
	Key    string // fingerprint of the host's key, as ssh writes it: SHA256:…
	Output string // beginning of the command's output
	Err    error
}

func (e *SSHError) Error() string {
	return fmt.Sprintf("run the probe over SSH: %s: %v", e.Reason, e.Err)
}

func (e *SSHError) Unwrap() error { return e.Err }

// maxOutput is more than any script prints, even if the product prints too.
const maxOutput = 16 << 20

// RunPHP runs a script for PHP on a server, on the standard input of its php, and returns the output. The script is
// stored nowhere there. The error is an *SSHError, ctx's, or that of asking for the password.
func RunPHP(ctx context.Context, s Server, a Access, script string) ([]byte, error) {
	conn, err := a.Dial(ctx, s.Host, s.Port)
	if err != nil {
		return nil, contextError(ctx, &SSHError{Reason: SSHUnreachable, Err: err})
	}
	// Closing the connection ends any pending read.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	client, err := a.open(ctx, conn, s)
	if err != nil {
		return nil, contextError(ctx, err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return nil, contextError(ctx, &SSHError{Reason: SSHFailed, Err: err})
	}
	defer session.Close()
	var out, problems limitedBuffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(script), &out, &problems
	command := a.Command
	if command == "" {
		command = "php"
	}
	err = session.Run(command)
	var exit *ssh.ExitError
	switch {
	case begin.Match(out.Bytes()) || notLoaded.Match(out.Bytes()):
		return out.Bytes(), nil // whatever the exit status
	case errors.As(err, &exit), err == nil:
		response := strings.TrimSpace(problems.String() + " " + out.String())
		return nil, &SSHError{Reason: SSHNoPHP, Output: clip(secret.Mask(untrusted.Prefix(response, 300))), Err: err}
	}
	return nil, contextError(ctx, &SSHError{Reason: SSHFailed, Err: err})
}

// contextError returns ctx's error if ctx is done, because that caused err.
func contextError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// limitedBuffer keeps the first maxOutput bytes written to it.
type limitedBuffer struct{ bytes.Buffer }

func (l *limitedBuffer) Write(b []byte) (int, error) {
	l.Buffer.Write(b[:min(len(b), maxOutput-l.Len())])
	return len(b), nil
}

const handshakeTimeout = 90 * time.Second // a person may have to type a password

// open makes an SSH connection over conn.
func (a Access) open(ctx context.Context, conn net.Conn, s Server) (*ssh.Client, error) {
	known, err := knownhosts.New(a.KnownHosts...)
	if err != nil {
		return nil, &SSHError{Reason: SSHUnknownHost, Err: err}
	}
	var offered string
	var hostError, askError error
	hostPort := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	config := &ssh.ClientConfig{
		User: s.User, Timeout: handshakeTimeout, HostKeyAlgorithms: knownAlgorithms(known, hostPort),
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
			offered = ssh.FingerprintSHA256(key)
			hostError = known(host, remote, key)
			return hostError
		},
	}
	if a.Agent != "" {
		// Without a running agent there are no keys.
		if socket, err := (&net.Dialer{}).DialContext(ctx, "unix", a.Agent); err == nil {
			defer socket.Close()
			config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(socket).Signers))
		}
	}
	if a.Password != nil {
		config.Auth = append(config.Auth, ssh.PasswordCallback(func() (string, error) {
			var password secret.String
			password, askError = a.Password(ctx)
			return password.Reveal(), askError
		}))
	}
	conn.SetDeadline(time.Now().Add(handshakeTimeout))
	secure, channels, requests, err := ssh.NewClientConn(conn, hostPort, config)
	if err == nil {
		conn.SetDeadline(time.Time{})
		return ssh.NewClient(secure, channels, requests), nil
	}
	var key *knownhosts.KeyError
	switch {
	case errors.As(hostError, &key) && len(key.Want) == 0:
		return nil, &SSHError{Reason: SSHUnknownHost, Key: offered, Err: err}
	case askError != nil:
		return nil, askError
	case hostError != nil:
		return nil, &SSHError{Reason: SSHChangedHost, Key: offered, Err: err}
	case strings.Contains(err.Error(), "unable to authenticate"): // x/crypto has no type for it
		return nil, &SSHError{Reason: SSHRefused, Err: err}
	}
	return nil, &SSHError{Reason: SSHFailed, Err: err}
}

// knownAlgorithms are the algorithms of a host's known keys, so that the host offers one of these and not another key
// that it has; nil for any.
func knownAlgorithms(known ssh.HostKeyCallback, hostPort string) (algorithms []string) {
	var key *knownhosts.KeyError
	if !errors.As(known(hostPort, &net.TCPAddr{}, noKey{}), &key) {
		return nil
	}
	for _, k := range key.Want {
		if k.Key.Type() == ssh.KeyAlgoRSA {
			algorithms = append(algorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		algorithms = append(algorithms, k.Key.Type())
	}
	return algorithms
}

// noKey is a key that matches no known host.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return io.EOF }

// Block returns the first answer in a script's output, from its first to its last line; nil if there is none.
func Block(printed []byte) []byte {
	from := begin.FindIndex(printed)
	if from == nil {
		return nil
	}
	to := end.FindIndex(printed[from[1]:])
	if to == nil {
		return nil
	}
	var block []byte
	for line := range bytes.Lines(printed[from[0] : from[1]+to[1]]) {
		block = append(append(block, untrusted.Line(string(bytes.TrimRight(line, "\r\n")))...), '\n')
	}
	return bytes.TrimSuffix(block, []byte("\n"))
}
