package serverprobe

import (
	"encoding/json"
	"reflect"
	"strings"

	"boxready/internal/secret"
	"boxready/internal/untrusted"
)

// Limits of texts and lists in an answer.
const (
	maxText = 2000 // bytes
	maxList = 1000 // elements

	maxChain = 6 // certificates
)

// normalize shortens an answer to its limits, counts what is left out of its lists, and masks what looks like a credential: a script prints none, but a message may
// quote the answer of some other server.
func (a *Answer) normalize() {
	// Certificates are no texts: their number is limited here.
	for i := range a.Hosts {
		h := &a.Hosts[i]
		kept := min(len(h.Chain), maxChain)
		a.LeftOut += len(h.Chain) - kept
		h.Chain = h.Chain[:kept]
		// The scripts for a shell don't parse the authorization server's answer.
		var response struct {
			Error string `json:"error"`
		}
		if h.HTTP != nil && h.HTTP.Error == "" && json.Unmarshal([]byte(h.HTTP.Body), &response) == nil && response.Error != "" {
			h.HTTP.Error, h.HTTP.Body = response.Error, ""
		}
	}
	a.LeftOut += normalize(reflect.ValueOf(a).Elem())
}

func normalize(v reflect.Value) (leftOut int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(clip(secret.Mask(v.String())))
	case reflect.Pointer:
		if !v.IsNil() {
			return normalize(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return 0
		}
		if v.Len() > maxList {
			leftOut = v.Len() - maxList
			v.SetLen(maxList)
		}
		for i := range v.Len() {
			leftOut += normalize(v.Index(i))
		}
	case reflect.Map:
		kept := reflect.MakeMap(v.Type())
		for rows := v.MapRange(); rows.Next() && kept.Len() < maxList; {
			kept.SetMapIndex(reflect.ValueOf(clip(rows.Key().String())), reflect.ValueOf(clip(secret.Mask(rows.Value().String()))))
		}
		leftOut = max(0, v.Len()-maxList)
		if !v.IsNil() {
			v.Set(kept)
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return 0
		}
		for i := range v.NumField() {
			leftOut += normalize(v.Field(i))
		}
	}
	return leftOut
}

func clip(s string) string { return untrusted.Prefix(strings.ToValidUTF8(s, "?"), maxText) }
