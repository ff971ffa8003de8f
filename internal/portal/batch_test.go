package portal

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
)

func TestEncodeBatch(t *testing.T) {
	form, err := EncodeBatch([]Command{
		{Key: "me", Method: "profile"},
		{Key: "m1", Method: "method.get", Params: url.Values{"name": {"crm.item.list"}, "x": {"a&b=c d"}}},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"halt": {"1"}, "cmd[me]": {"profile"}, "cmd[m1]": {"method.get?name=crm.item.list&x=a%26b%3Dc+d"}}
	if form.Encode() != want.Encode() {
		t.Errorf("got %v, want %v", form, want)
	}
	if form, err := EncodeBatch(nil, false); err != nil || form.Get("halt") != "0" {
		t.Errorf("%v, %v", form, err)
	}

	many := make([]Command, MaxBatch+1)
	for i := range many {
		many[i] = Command{Key: fmt.Sprint(i), Method: "profile"}
	}
	if _, err := EncodeBatch(many[:MaxBatch], false); err != nil {
		t.Errorf("%d commands: %v", MaxBatch, err)
	}
	for name, c := range map[string]struct {
		commands []Command
		want     error
	}{
		"too long":  {many, ErrBatchTooLong},
		"empty key": {[]Command{{Method: "profile"}}, ErrBatchKey},
		"odd key":   {[]Command{{Key: "a]b", Method: "profile"}}, ErrBatchKey},
		"same keys": {[]Command{{Key: "a", Method: "profile"}, {Key: "a", Method: "scope"}}, ErrBatchKey},
		"no method": {[]Command{{Key: "a"}}, ErrBatchMethod},
		"query":     {[]Command{{Key: "a", Method: "scope?FULL=1"}}, ErrBatchMethod},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := EncodeBatch(c.commands, false); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestReadBatch(t *testing.T) {
	type item struct {
		result, code string
		next, total  int
	}
	for name, c := range map[string]struct {
		body string
		want map[string]item
	}{
		"results":           {`{"result":{"a":{"x":1},"b":null},"result_error":[],"result_total":[],"result_next":[],"result_time":[]}`, map[string]item{"a": {result: `{"x":1}`}, "b": {result: "null"}}},
		"errors":            {`{"result":[],"result_error":{"a":{"error":"insufficient_scope","error_description":""}}}`, map[string]item{"a": {code: "insufficient_scope"}}},
		"both":              {`{"result":{"a":1},"result_error":{"b":{"error":"X"}}}`, map[string]item{"a": {result: "1"}, "b": {code: "X"}}},
		"a list":            {`{"result":[7,8],"result_error":[]}`, map[string]item{"0": {result: "7"}, "1": {result: "8"}}},
		"bare codes":        {`{"result":[],"result_error":{"a":"X","b":5}}`, map[string]item{"a": {code: "X"}, "b": {code: "5"}}},
		"error of REST 3":   {`{"result":[],"result_error":{"a":{"code":"X","message":"m"},"b":{"error":{"code":"Y"}}}}`, map[string]item{"a": {code: "X"}, "b": {code: "Y"}}},
		"empty error":       {`{"result":{"a":1},"result_error":{"a":[]}}`, map[string]item{"a": {result: "1"}}},
		"counts":            {`{"result":{"a":[]},"result_error":[],"result_next":{"a":"50"},"result_total":{"a":120,"b":1}}`, map[string]item{"a": {result: "[]", next: 50, total: 120}}},
		"counts unusable":   {`{"result":{"a":[]},"result_error":[],"result_next":5,"result_total":{"a":[]}}`, map[string]item{"a": {result: "[]"}}},
		"nothing":           {`{"result":[],"result_error":[]}`, map[string]item{}},
		"result_error null": {`{"result":{"a":1},"result_error":null}`, map[string]item{"a": {result: "1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := ReadBatch(read(t, `{"result":`+c.body+`}`))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]item{}
			for key, i := range items {
				one := item{result: string(i.Result)}
				if i.Error != nil {
					one.code = i.Error.Code
				}
				if i.Next != nil {
					one.next = *i.Next
				}
				if i.Total != nil {
					one.total = *i.Total
				}
				if i.Missing() {
					t.Errorf("%s is missing", key)
				}
				got[key] = one
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if !items["not asked"].Missing() {
				t.Error("a key in neither map isn't missing")
			}
		})
	}
}

func TestReadBatchFails(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"error":        {`{"error":"ERROR_METHOD_NOT_FOUND"}`, ErrMethodNotFound},
		"no result":    {`{"x":1}`, ErrBatchReply},
		"page":         {`<html></html>`, ErrBatchReply},
		"other result": {`{"result":{"x":1}}`, ErrBatchReply},
		"list":         {`{"result":[]}`, ErrBatchReply},
		"text":         {`{"result":{"result":"x"}}`, ErrBatchReply},
		"null":         {`{"result":null}`, ErrBatchReply},
	} {
		t.Run(name, func(t *testing.T) {
			if items, err := ReadBatch(read(t, c.body)); !errors.Is(err, c.want) {
				t.Errorf("%v, %v; want %v", items, err, c.want)
			}
		})
	}
}
