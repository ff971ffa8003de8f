package scan

import (
	"context"
	"fmt"
	"os"
	"testing"
)

func TestZZ(t *testing.T) {
	d := os.Getenv("ZZ")
	if d == "" {
		t.Skip()
	}
	r, err := Dir(context.Background(), os.DirFS(d), nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(r.Files, r.Bytes, r.Unreadable)
	for k, l := range map[string][]Name{"M": r.Methods, "E": r.Events, "S": r.Scopes, "unknown": r.Unknown, "built": r.Built, "sdk": r.SDKCalls, "handlers": r.Handlers} {
		for _, n := range l {
			fmt.Println(k, n.Name, n.Where, n.Times)
		}
	}
}
