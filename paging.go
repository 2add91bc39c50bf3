package baas

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"iter"
	"reflect"
)

// Pagination says which page a reply is, and how many items there are in all.
type Pagination struct {
	PageNumber int // of this page; the first is 1
	PageSize   int // items a page at most
	TotalCount int // items on all pages; 0 also if the reply did not say
}

// defaultPageSize is what the iterators ask for. The reference pages ask for 10
// or 20; the largest size is not documented.
const defaultPageSize = 20

const (
	paramPageNumber = "PageNumber"
	paramPageSize   = "PageSize"
)

// all calls a paged action until there is nothing more, and asks for a page only
// once its first item is wanted. items are those of a page.
func all[Req, Res, T any](
	ctx context.Context, c *Client, a *action[Req, Res], req *Req, opts []CallOption, items func(*Res) ([]T, Pagination),
) iter.Seq2[T, error] {
	first := cloned(req)
	return func(yield func(T, error) bool) {
		p := newPager(a, first)
		for {
			r, err := invoke(ctx, c, a, p.req, opts)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			list, pagination := items(&r.Result)
			if p.isRepeated(list) {
				return
			}
			for _, item := range list {
				if !yield(item, nil) {
					return
				}
			}
			if p.isLast(len(list), pagination) {
				return
			}
			*p.number++
		}
	}
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// A pager knows the way through the pages of one iteration.
type pager[Req any] struct {
	req          *Req
	number, size *int // fields of req
	first        int  // number of the first page
	items        int  // so far
	most         int  // of a page so far
	seen         map[[sha256.Size]byte]bool
}

func newPager[Req, Res any](a *action[Req, Res], first *Req) *pager[Req] {
	p := &pager[Req]{seen: make(map[[sha256.Size]byte]bool)}
	if p.req = cloned(first); p.req == nil {
		return p // invoke says so
	}
	fields := reflect.ValueOf(p.req).Elem()
	p.number = a.params.Field(fields, paramPageNumber).Addr().Interface().(*int)
	p.size = a.params.Field(fields, paramPageSize).Addr().Interface().(*int)
	if *p.number == 0 {
		*p.number = 1
	}
	if *p.size == 0 {
		*p.size = defaultPageSize
	}
	p.first = *p.number
	return p
}

// isRepeated reports whether a page has come before, as it does from a service
// that ignores the number or answers with the last page for ever.
func (p *pager[Req]) isRepeated(list any) bool {
	text, _ := json.Marshal(list) // cannot fail
	sum := sha256.Sum256(text)
	repeated := p.seen[sum]
	p.seen[sum] = true
	return repeated
}

// isLast reports whether no page follows one of n items. The service may allow
// fewer items a page than it was asked for, and name the size that it was asked
// for or none. So a page that is not full is not the last one, and only what has
// come tells how many items the pages before the first one have at least.
func (p *pager[Req]) isLast(n int, told Pagination) bool {
	p.items += n
	p.most = max(p.most, n)
	reached := max(p.first-1, 0)*p.most + p.items
	return n == 0 || told.TotalCount > 0 && reached >= told.TotalCount
}
