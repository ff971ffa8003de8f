package receiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"boxready/internal/secret"
)

// Errors of a receiver, beside network errors.
var (
	ErrNoReceiver = errors.New("what answers is no receiver")
	ErrBusy       = errors.New("the receiver has no room or was asked too often")
	ErrForgotten  = errors.New("the receiver doesn't know the mailbox any more")
)

const (
	requestTimeout = 10 * time.Second
	maxAnswer      = 8 << 10
)

// Client waits for an event at a receiver.
type Client struct {
	HTTP   *http.Client // must not follow redirects
	Public string       // as ParseAddress returns it
}

// Opened is a mailbox that a client opened.
type Opened struct {
	ID  string
	Key secret.String

	Address string // of the handler
}

// Open opens a mailbox for the event with that nonce. The receiver gets a hash of the nonce only. Errors match ErrBusy,
// ErrNoReceiver or those of the network.
func (c *Client) Open(ctx context.Context, nonce string) (*Opened, error) {
	var m Mailbox
	if err := c.ask(ctx, http.MethodPost, MailboxesPath, secret.String{}, url.Values{"expect": {expectation(nonce)}}, http.StatusCreated, &m); err != nil {
		return nil, fmt.Errorf("open a mailbox: %w", err)
	}
	// The answer must not redirect events.
	if address := MailboxAddress(c.Public, m.ID); m.Address != address || !IsMailboxID(m.ID) || m.Key == "" {
		return nil, fmt.Errorf("open a mailbox: %w: it names another address than its own", ErrNoReceiver)
	}
	return &Opened{m.ID, secret.New(m.Key), m.Address}, nil
}

// Read returns what has arrived so far. Errors match those of Open, and ErrForgotten.
func (c *Client) Read(ctx context.Context, m *Opened) (mail Mail, err error) {
	if err := c.ask(ctx, http.MethodGet, MailboxesPath+"/"+m.ID, m.Key, nil, http.StatusOK, &mail); err != nil {
		return Mail{}, fmt.Errorf("read the mailbox: %w", err)
	}
	return mail, nil
}

// Close deletes the mailbox.
func (c *Client) Close(ctx context.Context, m *Opened) error {
	if err := c.ask(ctx, http.MethodDelete, MailboxesPath+"/"+m.ID, m.Key, nil, http.StatusNoContent, nil); err != nil {
		return fmt.Errorf("close the mailbox: %w", err)
	}
	return nil
}

func (c *Client) ask(ctx context.Context, method, path string, key secret.String, form url.Values, want int, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.Public+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if !key.IsZero() {
		request.Header.Set("Authorization", "Bearer "+key.Reveal())
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case want:
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return ErrBusy
	case http.StatusNotFound:
		if key.IsZero() {
			return badAnswer(response.StatusCode)
		}
		return ErrForgotten
	default:
		return badAnswer(response.StatusCode)
	}
	if answer == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if json.Unmarshal(body, answer) != nil {
		return badAnswer(response.StatusCode)
	}
	return nil
}
