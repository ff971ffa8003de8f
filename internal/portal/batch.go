package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
)

// MaxBatch is how many commands a portal takes in one batch.
const MaxBatch = 50

var (
	// ErrBatchTooLong means more than MaxBatch commands.
	ErrBatchTooLong = errors.New("more than 50 commands in a batch")
	// ErrBatchKey means a key that is empty, not plain, or used twice.
	ErrBatchKey = errors.New("unusable key of a batch command")
	// ErrBatchMethod means that it isn't a method's name.
	ErrBatchMethod = errors.New("unusable method of a batch command")
	// ErrBatchReply means a reply without the results of a batch.
	ErrBatchReply = errors.New("not a reply to a batch")
)

// Command is one call in a batch.
type Command struct {
	Key    string // names the call in the reply: Latin letters, digits, "_", "." and "-"
	Method string
	Params url.Values
}

// Other characters have a meaning to PHP in a key, or to the portal in a method.
var (
	plainKey    = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	plainMethod = regexp.MustCompile(`^[A-Za-z0-9_.]+$`)
)

// EncodeBatch returns the parameters of the method batch. With halt, the portal
// stops at the first command that fails.
func EncodeBatch(cmds []Command, halt bool) (url.Values, error) {
	if len(cmds) > MaxBatch {
		return nil, fmt.Errorf("%w: %d", ErrBatchTooLong, len(cmds))
	}
	form := url.Values{"halt": {"0"}}
	if halt {
		form.Set("halt", "1")
	}
	for _, c := range cmds {
		name := "cmd[" + c.Key + "]"
		if !plainKey.MatchString(c.Key) || form.Has(name) {
			return nil, fmt.Errorf("%w: %q", ErrBatchKey, c.Key)
		}
		if !plainMethod.MatchString(c.Method) {
			return nil, fmt.Errorf("%w: %q", ErrBatchMethod, c.Method)
		}
		call := c.Method
		if len(c.Params) > 0 {
			call += "?" + c.Params.Encode()
		}
		form.Set(name, call)
	}
	return form, nil
}

// BatchItem is the result of one command.
type BatchItem struct {
	Result json.RawMessage // nil when there is none
	Error  *Error
	Next   *int
	Total  *int
}

// Missing reports that the reply has neither a result nor an error of the command:
// it was not run, or not in the batch.
func (i BatchItem) Missing() bool { return i.Result == nil && i.Error == nil }

// ReadBatch returns the commands' results by key; an item for a missing key is
// Missing. The error is the reply's own, or ErrBatchReply.
func ReadBatch(r Reply) (map[string]BatchItem, error) {
	if r.Error != nil {
		return nil, r.Error
	}
	if r.Result == nil {
		return nil, ErrBatchReply
	}
	// Pointers distinguish an absent map from an empty one; a batch has both maps.
	var batch struct {
		Result *Map[json.RawMessage] `json:"result"`
		Error  *Map[json.RawMessage] `json:"result_error"`
		Next   json.RawMessage       `json:"result_next"`
		Total  json.RawMessage       `json:"result_total"`
	}
	if err := json.Unmarshal(r.Result, &batch); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatchReply, err)
	}
	if batch.Result == nil && batch.Error == nil {
		return nil, ErrBatchReply
	}
	items := map[string]BatchItem{}
	if batch.Result != nil {
		for key, result := range *batch.Result {
			items[key] = BatchItem{Result: result}
		}
	}
	if batch.Error != nil {
		for key, raw := range *batch.Error {
			item := items[key]
			if item.Error = readItemError(raw, r.Status, item.Result); item.Error != nil {
				items[key] = item
			}
		}
	}
	// Counts are optional: one that cannot be read is ignored.
	for raw, set := range map[*json.RawMessage]func(*BatchItem, *int){
		&batch.Next:  func(i *BatchItem, n *int) { i.Next = n },
		&batch.Total: func(i *BatchItem, n *int) { i.Total = n },
	} {
		var counts Map[json.RawMessage]
		if *raw == nil || counts.UnmarshalJSON(*raw) != nil {
			continue
		}
		for key, n := range counts {
			if item, ok := items[key]; ok {
				set(&item, readInt(n))
				items[key] = item
			}
		}
	}
	return items, nil
}

// readItemError reads the error of one command: an object of the same form as a
// reply, or a bare code.
func readItemError(raw json.RawMessage, status int, result json.RawMessage) *Error {
	members, _, err := scanJSON(raw)
	if err == nil && members != nil && (members["error"] != nil || members["error_description"] != nil) {
		return readError(members["error"], members["error_description"], status, result)
	}
	return readError(raw, nil, status, result)
}
