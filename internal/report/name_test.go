package report

import (
	"errors"
	"testing"
)

func TestNamesOnWindows(t *testing.T) {
	for name, good := range map[string]bool{
		"report.zip": true, "отчёт.zip": true, "console.zip": true, "com10.zip": true, "com.zip": true, "nul-1.zip": true,
		"con.zip": false, "CON.tar.zip": false, "nul.json": false, "Com1.html": false, "lpt².txt": false, "aux .zip": false, "conin$.zip": false,
		".": true, "ab:c.zip": false, "what?.zip": false, "a|b.zip": false, "tab\t.zip": false, "report.zip.": false, "report.zip ": false,
	} {
		var save *SaveError
		err := checkName(name, "windows")
		if errors.As(err, &save) && save.Reason == SaveFormat {
			err = nil
		}
		if (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
		if good != (checkName(name, "linux") == nil) && good {
			t.Errorf("%q is no name on Linux", name)
		}
	}
}
