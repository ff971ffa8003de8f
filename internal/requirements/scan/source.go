package scan

import (
	"bytes"
	"io"
	"strings"
)

// source is a file as a stream of bytes. Only the current window is in memory.
type source struct {
	in     io.Reader
	window []byte // read and not yet returned
	buffer []byte // holds the window
	line   int
	ended  bool
	err    error // why it ended, if not at its end
}

const windowSize = 64 << 10

func newSource(r io.Reader, buffer []byte) *source { return &source{in: r, buffer: buffer, line: 1} }

// wholeSource is a file that is in memory.
func wholeSource(text []byte) *source { return &source{window: text, ended: true, line: 1} }

// fill tries to have n bytes in the window.
func (s *source) fill(n int) {
	for len(s.window) < n && !s.ended {
		kept := copy(s.buffer, s.window)
		read, err := s.in.Read(s.buffer[kept:])
		s.window = s.buffer[:kept+read]
		if err != nil {
			s.ended = true
			if err != io.EOF {
				s.err = err
			}
		}
	}
}

// next returns the next byte, or false at the end.
func (s *source) next() (byte, bool) {
	if len(s.window) == 0 {
		if s.fill(1); len(s.window) == 0 {
			return 0, false
		}
	}
	c := s.window[0]
	s.window = s.window[1:]
	if c == '\n' {
		s.line++
	}
	return c, true
}

// ahead returns the next byte without reading it, 0 at the end.
func (s *source) ahead() byte {
	if len(s.window) == 0 {
		if s.fill(1); len(s.window) == 0 {
			return 0
		}
	}
	return s.window[0]
}

// peek returns up to n bytes ahead, until the next read.
func (s *source) peek(n int) []byte {
	if len(s.window) < n {
		s.fill(n)
	}
	return s.window[:min(n, len(s.window))]
}

func (s *source) follows(text string) bool { return string(s.peek(len(text))) == text }

func (s *source) followsFold(text string) bool {
	return strings.EqualFold(string(s.peek(len(text))), text)
}

// skip reads text if it comes next.
func (s *source) skip(text string) bool {
	if !s.follows(text) {
		return false
	}
	for range len(text) {
		s.next()
	}
	return true
}

// skipTo reads past the next text, without regard to letter case.
func (s *source) skipTo(text string) {
	for !s.followsFold(text) {
		if _, more := s.next(); !more {
			return
		}
		i := bytes.IndexByte(s.window, text[0]) // no letter
		if i < 0 {
			i = len(s.window)
		}
		s.line += bytes.Count(s.window[:i], []byte{'\n'})
		s.window = s.window[i:]
	}
	for range len(text) {
		s.next()
	}
}

// restOfLine reads up to, not including, the end of the line; of a very long one only the beginning is returned.
func (s *source) restOfLine() string {
	var line []byte
	for {
		if len(s.window) == 0 {
			if s.fill(1); len(s.window) == 0 {
				return string(line)
			}
		}
		end := bytes.IndexByte(s.window, '\n')
		part := s.window
		if end >= 0 {
			part = s.window[:end]
		}
		line = append(line, part[:min(len(part), maxLiteral-len(line))]...)
		s.window = s.window[len(part):]
		if end >= 0 {
			return string(line)
		}
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}
