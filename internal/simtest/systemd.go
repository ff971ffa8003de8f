package simtest

import (
	"fmt"
	"strings"
)

// SplitExecStart returns the command of an ExecStart= line by the rules of systemd.service(5), as far as every word is in double quotes:
// escapes, then specifiers, then, but for the program, variables. It shares nothing with what writes such lines.
func SplitExecStart(line string) (words []string, err error) {
	for line != "" {
		if line[0] != '"' {
			return nil, fmt.Errorf("no quoted word begins at %s", line)
		}
		var word strings.Builder
		end := 1
		for ; end < len(line) && line[end] != '"'; end++ {
			if line[end] == '\\' {
				if end++; end == len(line) || line[end] != '"' && line[end] != '\\' {
					return nil, fmt.Errorf("an escape with another meaning in %s", line)
				}
			}
			word.WriteByte(line[end])
		}
		if end == len(line) {
			return nil, fmt.Errorf("a word without an end: %s", line)
		}
		text, doubled := word.String(), []string{"%"}
		if words != nil {
			doubled = append(doubled, "$")
		}
		for _, sign := range doubled {
			if strings.Contains(strings.ReplaceAll(text, sign+sign, ""), sign) {
				return nil, fmt.Errorf("%s has a meaning in %s", sign, text)
			}
			text = strings.ReplaceAll(text, sign+sign, sign)
		}
		words = append(words, text)
		line = strings.TrimPrefix(line[end+1:], " ")
	}
	return words, nil
}
