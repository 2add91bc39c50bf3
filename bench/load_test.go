package bench

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// BenchmarkGoroutines shares one client among goroutines. An operation is one
// call by one of them.
func BenchmarkGoroutines(b *testing.B) {
	server := newServer(b, false)
	for _, c := range callers(b, server)[1:3] {
		for _, goroutines := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("%s/%d", c.name, goroutines), func(b *testing.B) {
				b.ReportAllocs()
				callTogether(b, c.call, goroutines, b.N)
			})
		}
	}
}

// callTogether makes n calls, shared out among goroutines.
func callTogether(b *testing.B, call caller, goroutines, n int) {
	ctx := b.Context()
	work := make(chan struct{}, goroutines)
	var workers sync.WaitGroup
	for range goroutines {
		workers.Go(func() {
			for range work {
				if err := call(ctx); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range n {
		work <- struct{}{}
	}
	close(work)
	workers.Wait()
}

// BenchmarkHeap measures what 100,000 calls on one client leave on the heap
// beyond what 1,000 did.
func BenchmarkHeap(b *testing.B) {
	server := newServer(b, false)
	call := thisClient(b, server, nil)
	for b.Loop() {
		callTogether(b, call, 4, 1_000)
		before := heap()
		callTogether(b, call, 4, 100_000)
		growth := int64(heap()) - int64(before)
		b.ReportMetric(float64(growth), "B-growth")
		if growth > 1<<20 {
			b.Errorf("the heap has grown by %d bytes", growth)
		}
	}
}

// heap is what is in use after everything that can be freed has been.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
