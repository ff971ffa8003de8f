package vault

import "boxready/internal/secret"

// Memory returns a Store in memory, which is lost when the program ends. It
// stores what a keyring would, in the same form.
func Memory() Store {
	return &store{backend: memory{}, place: InMemory, guard: guard{deadline: DefaultDeadline}}
}

// memory needs no lock: the guard runs one call at a time.
type memory map[string]secret.String

func (m memory) Get(key string) (string, error) {
	value, ok := m[key]
	if !ok {
		return "", ErrNotFound
	}
	return value.Reveal(), nil
}

func (m memory) Set(key, value string) error {
	m[key] = secret.New(value)
	return nil
}

func (m memory) Delete(key string) error {
	if _, ok := m[key]; !ok {
		return ErrNotFound
	}
	delete(m, key)
	return nil
}
