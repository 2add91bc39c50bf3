package identity

import (
	"context"
	"strconv"
	"sync"
)

// Memory returns an empty Store that lives as long as the process. It is for
// tests: after a restart it is empty, and a second certificate is applied for.
func Memory() Store { return &memory{} }

type memory struct {
	mu     sync.Mutex
	record Record
	swaps  int
}

func (m *memory) Load(ctx context.Context) (Record, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Record{}, "", err
	}
	r := m.record
	r.Bundle = cloneBundle(r.Bundle)
	return r, m.version(), nil
}

func (m *memory) version() string {
	if m.swaps == 0 {
		return ""
	}
	return strconv.Itoa(m.swaps)
}

func (m *memory) Swap(ctx context.Context, r Record, version string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if version != m.version() {
		return "", ErrConflict
	}
	r.Bundle = cloneBundle(r.Bundle)
	m.record = r
	m.swaps++
	return m.version(), nil
}
