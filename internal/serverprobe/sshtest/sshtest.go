// Package sshtest is an SSH server for tests, on loopback, with one key and one password. It runs commands by sh.
package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"boxready/internal/simtest/testenv"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Server accepts the key or the password and runs commands.
type Server struct {
	Port     int
	Known    string // file of known hosts with its key, for 127.0.0.1
	Key      ed25519.PrivateKey
	Password string
	Silent   bool // accepts commands and never answers
}

// Start starts a server that ends with the test.
func Start(t *testing.T) *Server { return start(t, &Server{Password: rand.Text()}) }

// StartSilent starts a server that never answers.
func StartSilent(t *testing.T) *Server { return start(t, &Server{Password: rand.Text(), Silent: true}) }

func start(t *testing.T, s *Server) *Server {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		testenv.Missing(t, "over SSH: %v", err)
	}
	_, hostKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.Key = private
	allowed, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) == string(allowed.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("another key")
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) == s.Password {
				return nil, nil
			}
			return nil, errors.New("another password")
		},
	}
	signer, err := ssh.NewSignerFromKey(hostKey)
	if err != nil {
		t.Fatal(err)
	}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(conn, config) })
		}
	})
	s.Port = listener.Addr().(*net.TCPAddr).Port
	s.Known = filepath.Join(t.TempDir(), "known_hosts")
	line := knownhosts.Line([]string{net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))}, signer.PublicKey())
	if err := os.WriteFile(s.Known, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Server) serve(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		for request := range requests {
			if request.Type != "exec" {
				request.Reply(false, nil)
				continue
			}
			request.Reply(true, nil)
			if s.Silent {
				continue
			}
			var payload struct{ Command string }
			_ = ssh.Unmarshal(request.Payload, &payload)         // an empty command fails in the shell
			command := exec.Command("sh", "-c", payload.Command) // #nosec G204 -- a test's own server runs what the test asks for
			command.Stdin, command.Stdout, command.Stderr = channel, channel, channel.Stderr()
			status := uint32(0)
			if err := command.Run(); err != nil {
				status = 1
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					status = uint32(exit.ExitCode()) // #nosec G115 -- a process ends with a byte
				}
			}
			channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
			channel.Close()
		}
	}
}
