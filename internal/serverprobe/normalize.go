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

// normalize shortens an answer to its limits and masks what looks like a credential: a script prints none, but a message may
// quote the answer of some other server.
func (a *Answer) normalize() {
	// Certificates are no texts: their number is limited here.
	for i := range a.Hosts {
		h := &a.Hosts[i]
		h.Chain = h.Chain[:min(len(h.Chain), maxChain)]
		// The scripts for a shell don't parse the authorization server's answer.
		var response struct {
			Error string `json:"error"`
		}
		if h.HTTP != nil && h.HTTP.Error == "" && json.Unmarshal([]byte(h.HTTP.Body), &response) == nil && response.Error != "" {
			h.HTTP.Error, h.HTTP.Body = response.Error, ""
		}
	}
	normalize(reflect.ValueOf(a).Elem())
}

func normalize(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(clip(secret.Mask(v.String())))
	case reflect.Pointer:
		if !v.IsNil() {
			normalize(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		if v.Len() > maxList {
			v.SetLen(maxList)
		}
		for i := range v.Len() {
			normalize(v.Index(i))
		}
	case reflect.Map:
		kept := reflect.MakeMap(v.Type())
		for rows := v.MapRange(); rows.Next() && kept.Len() < maxList; {
			kept.SetMapIndex(reflect.ValueOf(clip(rows.Key().String())), reflect.ValueOf(clip(secret.Mask(rows.Value().String()))))
		}
		if !v.IsNil() {
			v.Set(kept)
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return
		}
		for i := range v.NumField() {
			normalize(v.Field(i))
		}
	}
}

func clip(s string) string { return untrusted.Prefix(strings.ToValidUTF8(s, "?"), maxText) }
